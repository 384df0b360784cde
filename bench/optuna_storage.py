"""Measure the Optuna storage against its peers, each in the same run, and print tables.

A trial has P = 10 float parameters and R reports. The peers are installed into bench/.venv the
first time. Everything else happens in folders that are removed at the end.
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
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import environment, postgres
from bench.optuna_lab import PEERS, QUICK, SERVER, Lab
from bench.optuna_sections import SECTIONS
from bench.optuna_tables import Line, aligned, missed
from bench.publish import publish

NEEDED, WISHED = ["optuna>=5", "sqlalchemy>=2", "psycopg[binary]>=3.2"], ["rustuna>=0.2"]
RAM = Path("/dev/shm")
Section = Callable[[Any], list[Line]]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a rough look, in about two minutes")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds; 3, or 1 if quick")
    parser.add_argument(
        "--sections", type=_names(list(SECTIONS)), metavar="NAME,...", default=list(SECTIONS),
        help=", ".join(SECTIONS),
    )  # fmt: skip
    parser.add_argument(
        "--peers", type=_names(PEERS), metavar="NAME,...",
        help=f"{', '.join(PEERS)}; if quick, only {', '.join(QUICK)} unless named",
    )  # fmt: skip
    parser.add_argument("--path", type=Path, metavar="FOLDER", help="a folder on the disk to use")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write the tables into a section of this file"
    )
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 3)
    options.peers = options.peers or (QUICK if options.quick else PEERS)
    return options


def _names(known: list[str]) -> Callable[[str], list[str]]:
    def names(text: str) -> list[str]:
        if unknown := [name for name in text.split(",") if name not in known]:
            raise argparse.ArgumentTypeError(f"no {', '.join(unknown)}; there is {known}")
        return text.split(",")

    return names


def prepare() -> None:
    """Install the peers, the first time only; those wished for if they can be."""
    environment.prepare()
    ready, wanted = environment.VENV / "ready-optuna", json.dumps([NEEDED, WISHED])
    if ready.exists() and ready.read_text() == wanted:
        return
    print("Installing Optuna and its storages into bench/.venv", file=sys.stderr)
    python = str(environment.PYTHON)
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, *NEEDED], check=True)
    subprocess.run([*install, *WISHED], check=False)
    ready.write_text(wanted)


def measure(options: argparse.Namespace) -> str:
    """The machine and the tables."""
    prepare()
    tempfile.tempdir = str(options.path.resolve()) if options.path else None
    with ExitStack() as stack:
        folder = environment.scratch()
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        ram = Path(tempfile.mkdtemp(dir=RAM)) if RAM.is_dir() else None
        if ram:
            stack.callback(shutil.rmtree, ram, ignore_errors=True)
        server = stack.enter_context(postgres.running(folder))
        versions = environment.call("optuna_tasks", "versions", folder)
        machine = environment.machine(folder)
        peers, notes = taking_part(options.peers, server, versions)
        lab = Lab(folder, ram, server, peers, options.rounds, options.quick)
        found = sections(lab, options.sections)
    is_quick = "a quick run, only a rough look, " if options.quick else ""
    kind = f"{is_quick}rounds: {options.rounds}"
    also = ", ".join(f"{package} {version}" for package, version in versions.items())
    head = f"{date.today()}, {kind}: {machine} {also}."
    tables = [f"### {title}\n\n{aligned(lines)}" for title, lines in found.items()]
    return "\n\n".join([head, *notes, *tables, summary(found)])


def taking_part(
    peers: list[str], server: str | None, versions: dict[str, str]
) -> tuple[list[str], list[str]]:
    """Who can be measured here, and a line for each who cannot."""
    left_out, notes = set(), []
    if server is None:
        left_out |= set(SERVER)
        notes.append("Without PostgreSQL: it is not installed here.")
    if "rustuna" not in versions:
        left_out |= {"rustuna", "rustuna-journal"}
        notes.append("Without rustuna: it cannot be installed here.")
    return [peer for peer in peers if peer not in left_out], notes


def sections(
    lab: Any, names: list[str], known: Mapping[str, tuple[str, Section]] = SECTIONS
) -> dict[str, list[Line]]:
    """The lines of each section that has any, by its title."""
    found = {}
    for name in names:
        before = time.monotonic()
        title, section = known[name]
        if lines := section(lab):
            found[title] = lines
        print(f"{name}: {time.monotonic() - before:.0f} s", file=sys.stderr)
    return found


def summary(found: dict[str, list[Line]]) -> str:
    """How many targets are met, and which are not."""
    targets = sum(bool(line.target) for lines in found.values() for line in lines)
    texts = [f"- {title}: {text}" for title, lines in found.items() for text in missed(lines)]
    counts = f"{targets - len(texts)} of {targets} targets are met"
    return f"{counts}; missed:\n\n" + "\n".join(texts) if texts else f"{counts}."


def main() -> None:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server is stopped
    text = measure(options)
    print(text)
    if options.output:
        publish(options.output, "optuna", text)


if __name__ == "__main__":
    main()
