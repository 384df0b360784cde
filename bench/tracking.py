"""Measure tracking against its peers, each in the same run, and print one table.

The peers are installed into bench/.venv the first time. Everything else happens in a folder on
the machine's disk that is removed at the end.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import environment, postgres
from bench.lines import Bench, Line
from bench.publish import publish
from bench.rows import ROWS

HEAD = Line(
    "workload: 10 metrics a step", "Runbase", "peer", "its figure", "ratio", "target", "result"
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a rough look, in about two minutes")
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", choices=ROWS, default=list(ROWS), help=", ".join(ROWS)
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write the table between the marks of this file"
    )
    return parser.parse_args()


def measure(names: list[str], quick: bool) -> str:
    """The machine and the table."""
    environment.prepare()
    folder = environment.scratch()
    try:
        with postgres.running(folder) as server:
            machine = environment.machine(folder)
            bench = Bench(quick, folder, server)
            lines = [line for name in names for line in _row(name, bench)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    kind = "a quick run, only a rough look" if quick else "medians of several rounds"
    return f"{date.today()}, {kind}: {machine}\n\n{aligned([HEAD, *lines])}\n\n{summary(lines)}"


def _row(name: str, bench: Bench) -> list[Line]:
    before = time.monotonic()
    try:
        lines = list(ROWS[name](bench))
    except Exception as error:  # the other rows still count
        print(f"{name}: {error}", file=sys.stderr)
        lines = [Line(name, "not measured: an error", result="**missed**")]
    print(f"{name}: {time.monotonic() - before:.0f} s", file=sys.stderr)
    return lines


def summary(lines: list[Line]) -> str:
    """How many targets are met, and which are not."""
    missed, workload = [], ""
    for line in lines:
        workload = line.workload or workload
        if "missed" in line.result:
            peer = f" {line.peer}" if line.target.endswith(" x") else ""
            missed.append(f"- {workload}: {line.target}{peer}")
    targets = sum(bool(line.result) for line in lines)
    counts = f"{targets - len(missed)} of {targets} targets are met"
    return f"{counts}; missed:\n\n" + "\n".join(missed) if missed else f"{counts}."


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns stand below each other as plain text, too."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * width for width in widths]
    return "\n".join(
        "| " + " | ".join(map(str.ljust, line, widths)) + " |"
        for line in [lines[0], rule, *lines[1:]]
    )


def main() -> None:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server is stopped
    text = measure(options.only, options.quick)
    print(text)
    if options.output:
        publish(options.output, "figures", text)


if __name__ == "__main__":
    main()
