"""Ax's own tests, which its wheel brings along, against what a plugin of ours puts in place.

Ax has nowhere to hand over another store, and its tests import functions by name. So a plugin
replaces attributes of Ax's modules before pytest collects the tests, in a process of their own.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import ax
from ax.core.metric import Metric
from ax.core.runner import Runner

from runbase.ax import register_metric, register_runner

ROOT = Path(__file__).parents[2]
PACKAGE = Path(ax.__file__).parent


def failed(
    plugin: str, file: str, folder: Path, *options: str, only: Sequence[str] = ()
) -> tuple[int, dict[str, str]]:
    """Run tests of Ax's own: how many there are, and the first line of the error of each failure.

    Args:
        plugin: the module beside this one that is loaded first.
        file: where the tests are, in Ax.
        folder: an empty folder, for the report.
        options: more of pytest.
        only: the tests to run (``Class::name``), instead of all.
    """
    tests = PACKAGE / file
    settings, report = folder / "pytest.ini", folder / "report.xml"
    settings.write_text("[pytest]\n", encoding="utf-8")  # Instead of ours
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-W", "ignore", "-c", str(settings)),
        *("-p", f"tests.ax.{plugin}", "-p", "no:cacheprovider", f"--junit-xml={report}"),
        *(options + (tuple(f"{tests}::{name}" for name in only) or (str(tests),))),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    # Tests may fail, but none may be missing.
    assert done.returncode in (0, 1), done.stdout[-5000:] + done.stderr[-5000:]
    cases = list(ElementTree.parse(report).iter("testcase"))
    errors = {
        case.attrib["name"]: child.get("message", "").partition("\n")[0]
        for case in cases
        for child in case
        if child.tag in ("failure", "error")
    }
    return len(cases), errors


def listed(errors: Mapping[str, str]) -> str:
    """Failures, one a line."""
    return "\n".join(f"{name}: {error}" for name, error in errors.items())


def register(values: Iterable[Any]) -> None:
    """Make known those of some values that are classes of metrics or runners."""
    for value in values:
        if isinstance(value, type) and issubclass(value, Metric):
            register_metric(value)
        elif isinstance(value, type) and issubclass(value, Runner):
            register_runner(value)
