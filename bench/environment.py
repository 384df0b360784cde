"""The environment that all contestants run in, and the machine."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import postgres

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / "bench" / ".venv"
PYTHON = VENV / "bin" / "python"
#: MLflow 3.18 is left out: not every index has all of its parts.
PEERS = ["mlflow>=3,<3.18", "trackio>=0.40", "psycopg[binary]>=3.2"]
QUIET = {
    "GIT_PYTHON_REFRESH": "quiet", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true",
    "HF_HUB_OFFLINE": "1", "TRACKIO_DIR": "trackio",
}  # fmt: skip


def prepare() -> None:
    """Install the peers and this checkout, the first time only."""
    ready = VENV / "ready"
    wanted = json.dumps(PEERS)
    if ready.exists() and ready.read_text() == wanted:
        return
    print("Installing the peers into bench/.venv (the first time only)", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, *PEERS, "--editable", f"{ROOT}[postgres]"], check=True)
    ready.write_text(wanted)


def scratch() -> Path:
    """A new folder, which servers may walk to; TMPDIR chooses the disk."""
    path = Path(tempfile.mkdtemp(prefix="runbase-bench-"))
    path.chmod(0o711)
    return path


def call(
    module: str, name: str, folder: Path, python: Path = PYTHON, /, **options: Any
) -> dict[str, Any]:
    """Run a contestant in ``folder``."""
    done = subprocess.run(
        [python, "-m", f"bench.{module}", name, json.dumps(options)],
        cwd=folder,
        env=os.environ | QUIET | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{name} {options} failed:\n{done.stderr[-4000:]}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def import_seconds(names: list[str], rounds: int, folder: Path) -> list[float]:
    """What importing each module adds to the start of the interpreter, medians.

    The bytecode is kept in ``folder``, so that the figures do not depend on who wrote it before.
    """
    codes = ["pass", *(f"import {name}" for name in names)]
    for code in codes:
        _seconds(code, folder)  # compiles
    taken = [[_seconds(code, folder) for code in codes] for _ in range(rounds)]
    bare, *found = [statistics.median(column) for column in zip(*taken, strict=True)]
    return [seconds - bare for seconds in found]


def _seconds(code: str, bytecode: Path) -> float:
    # -I also ignores PYTHONDONTWRITEBYTECODE, with which each process would compile anew.
    command = [str(PYTHON), "-I", "-X", f"pycache_prefix={bytecode}", "-c", code]
    before = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - before


def modules_after(code: str) -> list[str]:
    """The modules that are loaded after running ``code``."""
    script = f"{code}; import sys; print(*sys.modules)"
    done = subprocess.run([PYTHON, "-I", "-c", script], check=True, capture_output=True, text=True)
    return done.stdout.split()


def versions() -> str:
    names = [requirement.partition(">")[0].partition("[")[0] for requirement in PEERS]
    script = f"from importlib.metadata import version as v; print(*map(v, {names}))"
    done = subprocess.run([PYTHON, "-I", "-c", script], check=True, capture_output=True, text=True)
    return ", ".join(f"{n} {v}" for n, v in zip(names, done.stdout.split(), strict=True))


def machine(folder: Path) -> str:
    """One paragraph on where the figures were taken."""
    return f"{hardware(folder)}, {versions()}. Load at the start: {os.getloadavg()[0]:.1f}."


def hardware(folder: Path) -> str:
    """The machine, its system and databases."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{_cpu()}, {os.cpu_count()} cores, {memory:.0f} GiB; {platform.system()} "
        f"{platform.release()}; {_disk(folder)}, one write of 4 KiB synced in "
        f"{_sync_seconds(folder) * 1e3:.2f} ms. Python {platform.python_version()}, SQLite "
        f"{sqlite3.sqlite_version}, PostgreSQL {postgres.version() or 'not installed'}"
    )


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(": ")[2] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _disk(folder: Path) -> str:
    if shutil.which("findmnt") is None:
        return "files on the system's disk"
    command = ["findmnt", "--noheadings", "--output", "FSTYPE", "--target", str(folder)]
    kind = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    return f"files on {kind or 'an unknown file system'}"


def _sync_seconds(folder: Path, times: int = 50) -> float:
    """How long the disk takes to make one page safe: what a durable commit waits for."""
    found = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(times):
            file.write(b"x" * 4096)
            before = time.perf_counter()
            os.fdatasync(file.fileno())
            found.append(time.perf_counter() - before)
    return statistics.median(found)
