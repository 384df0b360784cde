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
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import environment
from bench.dashboard_lab import Lab
from bench.dashboard_sections import SECTIONS
from bench.lines import Bench, Line
from bench.optuna_storage import _names
from bench.publish import publish
from bench.tracking import aligned, summary

HEAD = Line("workload", "Runbase", "peer", "its figure", "ratio", "target", "result")
NEEDED = ["optuna>=5", "sqlalchemy>=2", "playwright>=1.50"]
PEER = "optuna-dashboard==0.21.*"
THEIRS = environment.VENV / "optuna-dashboard"
PAGES = environment.ROOT / "src" / "runbase" / "dashboard" / "static" / "index.html"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a rough look, in a few minutes")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds; 3, or 1 if quick")
    parser.add_argument(
        "--sections", type=_names(list(SECTIONS)), metavar="NAME,...", default=list(SECTIONS),
        help=", ".join(SECTIONS),
    )  # fmt: skip
    parser.add_argument("--path", type=Path, metavar="FOLDER", help="a folder on the disk to use")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write the table into a section of this file"
    )
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 3)
    return options


def prepare() -> None:
    """Install what is needed, the first time only, and build the pages where they are missing."""
    environment.prepare()
    ready, wanted = environment.VENV / "ready-dashboard", json.dumps([NEEDED, PEER])
    if not ready.exists() or ready.read_text() != wanted:
        print("Installing the dashboards into bench/.venv", file=sys.stderr)
        _install(environment.VENV, *NEEDED, "--editable", f"{environment.ROOT}[dashboard]")
        subprocess.run([sys.executable, "-m", "venv", THEIRS], check=True)
        _install(THEIRS, PEER)
        ready.write_text(wanted)
    if not PAGES.is_file():
        _build_pages(environment.ROOT / "web")


def _build_pages(web: Path) -> None:
    steps = [] if (web / "node_modules").is_dir() else [["ci"]]
    for step in [*steps, ["run", "build"]]:
        subprocess.run(["npm", *step], cwd=web, check=True, stdout=sys.stderr)


def _install(venv: Path, *packages: str) -> None:
    command = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*command, "--disable-pip-version-check", *packages], check=True)


def measure(options: argparse.Namespace) -> str:
    """The machine and the table."""
    prepare()
    tempfile.tempdir = str(options.path.resolve()) if options.path else None
    folder = environment.scratch()
    try:
        machine = environment.machine(folder)
        lab = Lab(Bench(options.quick, folder, None), options.rounds)
        lines = [line for name in options.sections for line in _section(name, lab)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    is_quick = "a quick run, only a rough look, " if options.quick else ""
    head = f"{date.today()}, {is_quick}rounds: {options.rounds}: {machine} {versions()}."
    return f"{head}\n\n{aligned([HEAD, *lines])}\n\n{summary(lines)}"


def _section(name: str, lab: Lab) -> list[Line]:
    before = time.monotonic()
    try:
        lines = list(SECTIONS[name](lab))
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
    program = shutil.which("chromium") or shutil.which("chromium-browser") or "chromium"
    browser = subprocess.check_output(
        [program, "--version"], stderr=subprocess.DEVNULL, text=True
    ).strip()
    return f"{browser.partition(' built')[0]}, optuna-dashboard {theirs} with Optuna {optuna}"


def main() -> None:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped
    text = measure(options)
    print(text)
    if options.output:
        publish(options.output, "dashboard", text)


if __name__ == "__main__":
    main()
