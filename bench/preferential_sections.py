"""The rows of the table: what is measured of preferential optimisation, and the targets."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from bench import environment
from bench.dashboard_figures import Figure, megabytes
from bench.dashboard_lab import Lab, medians
from bench.lines import Figures, Lines, duration

THEIRS = environment.VENV / "preferential" / "bin" / "python"
PYTHONS = {"runbase": environment.PYTHON, "stock": THEIRS}
PEER = "optuna-dashboard"
#: How many comparisons, the most seconds, and how often the peer is asked: 640 take it minutes.
ASKS = {160: (0.15, 5), 640: (0.5, 1), 2000: (3.0, 0)}
#: One core for each, as in the figures of the papers.
ONE_CORE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

TAPS = 12


def called(lab: Lab, name: str, task: str, /, **options: Any) -> Figures:
    os.environ.update(ONE_CORE)
    with lab.bench.new_folder() as folder:
        return environment.call("preferential_tasks", task, folder, PYTHONS[name], **options)


def imports(lab: Lab) -> Lines:
    rounds = {name: [called(lab, name, "imports", name=name) for _ in range(3)] for name in PYTHONS}
    found = {name: medians(each) for name, each in rounds.items()}
    if found["runbase"]["torch"]:
        raise RuntimeError("the sampler has imported torch")
    others = {PEER: found["stock"]}
    yield from Figure("import of the sampler, beyond Optuna", "seconds", duration, 0.3).lines(
        found["runbase"], others
    )
    yield from Figure("memory of the process after it", "memory", megabytes).lines(
        found["runbase"], others
    )


def ask(lab: Lab) -> Lines:
    for pairs, (most, peers_times) in ASKS.items():
        times = {"runbase": 5, "stock": peers_times}
        asked = [name for name in PYTHONS if times[name]]
        rounds: dict[str, list[Figures]] = {name: [] for name in asked}
        for _ in range(lab.rounds if pairs < 640 else 1):
            for name in asked:
                options = {"name": name, "pairs": pairs, "times": times[name]}
                rounds[name].append(called(lab, name, "ask", **options))
        found = {name: medians(each) for name, each in rounds.items()}
        others = {PEER: found["stock"]} if "stock" in found else {}
        what = f"{pairs:,} comparisons"
        least = 10 if others else None
        yield from Figure(f"one ask after {what}", "median", duration, most, least).lines(
            found["runbase"], others
        )
        yield from Figure(f"first ask of a new process after {what}", "first", duration).lines(
            found["runbase"], others
        )


def tap(lab: Lab) -> Lines:
    options = {"waiting": 4 + TAPS, "shown": 4, "times": TAPS}
    found = medians([called(lab, "runbase", "tap", **options) for _ in range(lab.rounds)])
    yield from Figure("from a tap to the next picture", "seconds", duration, 0.15).lines(found, {})
    yield from Figure(f"the same, the longest of {TAPS}", "longest", duration).lines(found, {})


SECTIONS: dict[str, Callable[[Lab], Lines]] = {"imports": imports, "ask": ask, "tap": tap}
