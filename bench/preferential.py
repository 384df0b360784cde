"""Measure preferential optimisation beside Optuna Dashboard with torch, and print two tables.

Optuna Dashboard with its sampler, torch and botorch are installed into an environment of their own
in bench/.venv the first time: some minutes and 2 GB. The second table is about learning: simulated
people who compare two results 80 times, 20 of them for each sampler and function; the peer takes
about a minute and a half for each. FILE of --people keeps them, so that the next time goes on from
there.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import dashboard, environment, preferential_learning
from bench.dashboard_lab import Lab
from bench.lines import Bench
from bench.preferential_sections import SECTIONS, THEIRS
from bench.publish import publish

#: Another build of torch, such as one with CUDA, can be chosen.
TORCH = os.environ.get("TORCH", "torch==2.13.0")
PEER = "optuna-dashboard[preferential]==0.21.*"


def prepare() -> None:
    """Install what is needed, the first time only."""
    dashboard.prepare()
    ready, wanted = environment.VENV / "ready-preferential", f"{TORCH} {PEER}"
    if not ready.exists() or ready.read_text() != wanted:
        print("Installing torch and Optuna Dashboard into bench/.venv", file=sys.stderr)
        dashboard.install(environment.VENV, "--editable", f"{environment.ROOT}[preferential]")
        venv = THEIRS.parents[1]
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        dashboard.install(venv, TORCH)
        dashboard.install(venv, PEER, "optuna>=5")
        ready.write_text(wanted)


def versions() -> str:
    """The browser and the peer's packages."""
    names = ["optuna-dashboard", "optuna", "torch", "botorch"]
    script = f"from importlib.metadata import version as v; print(*map(v, {names}))"
    found = subprocess.check_output([str(THEIRS), "-I", "-c", script], text=True).split()
    pairs = zip(names, found, strict=True)
    return f"{dashboard.browser()}, {', '.join(' '.join(pair) for pair in pairs)}"


def learning(quick: bool, people: Path, figure: Path | None) -> str:
    """The table of how people get on, and a figure where one is wanted."""
    with tempfile.TemporaryDirectory(prefix="runbase-bench-") as folder:
        lab = Lab(Bench(quick, Path(folder), None), 1)
        found = preferential_learning.meet(lab, people)
    if figure:
        preferential_learning.draw(found, figure)
    return preferential_learning.table(found)


def main() -> None:
    kind = dashboard.Kind(__doc__ or "", SECTIONS, prepare, versions, "preferential")
    parser = dashboard.parser(kind)
    parser.add_argument("--no-learning", action="store_true", help="leave the second table out")
    parser.add_argument(
        "--people", type=Path, metavar="FILE", default=environment.VENV / "people.jsonl",
        help="where simulated people are kept; bench/.venv/people.jsonl",
    )  # fmt: skip
    parser.add_argument("--figure", type=Path, metavar="FILE", help="draw learning curves (SVG)")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped
    tables = {"preferential": dashboard.measure(kind, options)}
    if not options.no_learning:
        tables["preferential_learning"] = learning(options.quick, options.people, options.figure)
    for name, text in tables.items():
        print(text)
        if options.output:
            publish(options.output, name, text)


if __name__ == "__main__":
    main()
