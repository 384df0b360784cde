"""A real browser, and dashboards for it to look at, in processes of their own."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import runbase

PAGES = Path(runbase.__file__).parent / "dashboard/static/index.html"
#: Chromium asks hosts of its maker's at every start, unless told not to.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def chromium() -> str | None:
    """The path of the browser, if there is one."""
    return next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )


@contextmanager
def dashboard(*arguments: str, cwd: Path | None = None, port: int = 0) -> Iterator[str]:
    """The URL of ``runbase dashboard`` in a process of its own, without a slash at its end."""
    options = ["--no-open", "--port", str(port)]
    command = [sys.executable, "-m", "runbase", "dashboard", *arguments, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=cwd)
    try:
        yield _address(process)
    finally:
        process.terminate()
        assert process.stdout is not None
        process.stdout.close()
        process.wait(20)


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if match := re.search(r"http://\S+[^/\s]", line):
            return match[0]
    raise AssertionError(f"the dashboard ended with {process.wait()}")


class Console:
    """What the console of a page said that it should not."""

    def __init__(self, page: Any) -> None:
        self.errors: list[str] = []
        #: Texts of errors that a test expects.
        self.expected: list[str] = []
        page.on("console", self._message)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _message(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def check(self) -> None:
        """Fail if there was anything but what was expected."""
        wrong = [e for e in self.errors if not any(text in e for text in self.expected)]
        assert wrong == [], "\n".join(wrong)
