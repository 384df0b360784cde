"""The dashboards, each started by its own command, and what they cost the machine: Linux."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
LIMIT = 60.0  # seconds to start
TICKS = os.sysconf("SC_CLK_TCK")
VENV = Path(__file__).with_name(".venv")
THEIRS = VENV / "optuna-dashboard" / "bin" / "optuna-dashboard"
AIM = VENV / "aim" / "bin" / "aim"
#: What each one says when it listens.
READY = {
    "runbase": b"Listening on ", "stock": b"Listening on ", "mlflow": b"Uvicorn running on ",
    "aim": b"Open http",
}  # fmt: skip


@dataclass(frozen=True)
class Server:
    """One that runs: seconds from its command until it listened, its place, its processes."""

    started: float
    root: str
    pid: int

    def page(self, study: int) -> str:
        return f"{self.root}/dashboard/studies/{study}"

    def megabytes(self) -> float:
        """The most memory that it has had, all of its processes together."""
        found = (_peak(pid) for pid in [self.pid, *_children(self.pid)])
        return sum(found) / 1024

    def cpu_seconds(self) -> float:
        return sum(_cpu(pid) for pid in [self.pid, *_children(self.pid)])


@contextmanager
def running(name: str, file: str, *options: str) -> Iterator[Server]:
    """One of the dashboards on a file (of Aim: a folder); it is stopped at the end."""
    port = _free_port()
    cache = Path("cache").resolve()  # where Runbase keeps mirrors; of this task alone
    url = f"sqlite:///{Path(file).resolve()}"
    commands = {
        "runbase": [sys.executable, "-m", "runbase", "dashboard", url, "--no-open"],
        "stock": [str(THEIRS), url],
        "mlflow": [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", url],
        "aim": [str(AIM), "up", "--host", "127.0.0.1", "--repo", file],
    }
    begun = time.perf_counter()
    with Path("server.log").open("wb") as log:
        process = subprocess.Popen(
            [*commands[name], "--port", str(port), *options],
            env=os.environ | {"XDG_CACHE_HOME": str(cache)},
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
    try:
        _wait(process, port, READY[name])
        yield Server(time.perf_counter() - begun, f"http://127.0.0.1:{port}", process.pid)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _end_with_parent() -> None:
    # However the task ends; its own parent kills it without a word.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


def _wait(process: subprocess.Popen[bytes], port: int, ready: bytes) -> None:
    """Until it says that it listens, and does: one says so too early, the other too late."""
    ending = time.monotonic() + LIMIT
    while time.monotonic() < ending and process.poll() is None:
        if ready in Path("server.log").read_bytes():
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
        time.sleep(0.005)
    raise RuntimeError(f"the server does not start: {Path('server.log').read_text()[-2000:]}")


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *_children(child)]
    return found


def _peak(pid: int) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+)", text)
    return int(found[1]) if found else 0


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
