"""Measure the dashboard beside Optuna Dashboard, each in the same run, and print one table.

Both are seen by headless Chromium, both with the same trials of 10 parameters. Optuna Dashboard is
installed into an environment of its own in bench/.venv the first time. Everything else happens in
a folder that is removed at the end.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import environment
from bench.dashboard_lab import Lab
from bench.dashboard_sections import SECTIONS
from bench.lines import Bench, Line, Lines
from bench.optuna_storage import _names
from bench.publish import publish
from bench.tracking import aligned, summary

HEAD = Line("workload", "Runbase", "peer", "its figure", "ratio", "target", "result")
NEEDED = ["optuna>=5", "sqlalchemy>=2", "playwright>=1.50"]
PEER = "optuna-dashboard==0.21.*"
THEIRS = environment.VENV / "optuna-dashboard"
PAGES = environment.ROOT / "src" / "runbase" / "dashboard" / "static" / "index.html"


@dataclass(frozen=True)
class Kind:
    """A bench of dashboards: what it is for, its parts, and the section of the page of figures."""

    about: str
    sections: Mapping[str, Callable[[Lab], Lines]]
    prepare: Callable[[], None]
    versions: Callable[[], str]
    page: str


def parser(kind: Kind) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=kind.about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a rough look, in a few minutes")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds; 3, or 1 if quick")
    parser.add_argument(
        "--sections", type=_names(list(kind.sections)), metavar="NAME,...",
        default=list(kind.sections), help=", ".join(kind.sections),
    )  # fmt: skip
    parser.add_argument("--path", type=Path, metavar="FOLDER", help="a folder on the disk to use")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write the table into a section of this file"
    )
    return parser


def prepare() -> None:
    """Install what is needed, the first time only, and build the pages where they are missing."""
    environment.prepare()
    ready, wanted = environment.VENV / "ready-dashboard", json.dumps([NEEDED, PEER])
    if not ready.exists() or ready.read_text() != wanted:
        print("Installing the dashboards into bench/.venv", file=sys.stderr)
        install(environment.VENV, *NEEDED, "--editable", f"{environment.ROOT}[dashboard]")
        subprocess.run([sys.executable, "-m", "venv", THEIRS], check=True)
        install(THEIRS, PEER)
        ready.write_text(wanted)
    if not PAGES.is_file():
        _build_pages(environment.ROOT / "web")


def _build_pages(web: Path) -> None:
    steps = [] if (web / "node_modules").is_dir() else [["ci"]]
    for step in [*steps, ["run", "build"]]:
        subprocess.run(["npm", *step], cwd=web, check=True, stdout=sys.stderr)


def install(venv: Path, *packages: str) -> None:
    command = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*command, "--disable-pip-version-check", *packages], check=True)


def measure(kind: Kind, options: argparse.Namespace) -> str:
    """The machine and the table."""
    options.rounds = options.rounds or (1 if options.quick else 3)
    kind.prepare()
    tempfile.tempdir = str(options.path.resolve()) if options.path else None
    folder = environment.scratch()
    try:
        machine = environment.machine(folder)
        lab = Lab(Bench(options.quick, folder, None), options.rounds)
        lines = [line for name in options.sections for line in _section(kind, name, lab)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    is_quick = "a quick run, only a rough look, " if options.quick else ""
    head = f"{date.today()}, {is_quick}rounds: {options.rounds}: {machine} {kind.versions()}."
    return f"{head}\n\n{aligned([HEAD, *lines])}\n\n{summary(lines)}"


def _section(kind: Kind, name: str, lab: Lab) -> list[Line]:
    before = time.monotonic()
    try:
        lines = list(kind.sections[name](lab))
    except RuntimeError as error:  # the other sections still count
        print(f"{name}: {error}", file=sys.stderr)
        lines = [Line(name, "not measured: an error", result="**missed**")]
    print(f"{name}: {time.monotonic() - before:.0f} s", file=sys.stderr)
    return lines


def versions() -> str:
    """The browser and the peer."""
    script = (
        "from importlib.metadata import version as v; print(v('optuna-dashboard'), v('optuna'))"
    )
    command = [str(THEIRS / "bin" / "python"), "-I", "-c", script.format("optuna-dashboard")]
    theirs, optuna = subprocess.check_output(command, text=True).split()
    return f"{browser()}, optuna-dashboard {theirs} with Optuna {optuna}"


def browser() -> str:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or "chromium"
    command = [program, "--version"]
    text = subprocess.check_output(command, stderr=subprocess.DEVNULL, text=True).strip()
    return text.partition(" built")[0]


def main(kind: Kind) -> None:
    options = parser(kind).parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped
    text = measure(kind, options)
    print(text)
    if options.output:
        publish(options.output, kind.page, text)


if __name__ == "__main__":
    main(Kind(__doc__ or "", SECTIONS, prepare, versions, "dashboard"))
