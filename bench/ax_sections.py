"""The tables on stores for Ax: who is measured by turns, and what the targets are."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

from bench import environment
from bench.lines import rounded
from bench.optuna_sections import lines_of, milliseconds, plain
from bench.optuna_tables import Found, Line, Metric, Target

AX, JSON, OWN = "ax", "json", "runbase"
PEERS = [AX, JSON, OWN, "runbase-postgres", "runbase-mysql"]
#: Their work grows with the number of trials, so they are given few repetitions.
SLOW = (AX, JSON)


@dataclass
class Lab:
    """Where to measure, whom, and how long."""

    folder: Path
    #: URLs up to the name of a database, by contender.
    servers: dict[str, str]
    peers: list[str]
    rounds: int
    quick: bool
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    places: dict[tuple[str, int], str] = field(default_factory=dict)

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """How many trials an experiment has."""
        return (10, 100) if self.quick else (10, 100, 1000)

    def run(
        self, task: str, trials: int, times: tuple[int, int] | None = None, is_kept: bool = False
    ) -> Found:
        """The figures of each round.

        Args:
            task: a function of `ax_tasks`.
            trials: how many there are.
            times: repetitions of those who are slow, and of the others.
            is_kept: go on with the places of the last round before.
        """
        found: Found = {name: [] for name in self.peers}
        for turn in range(self.rounds):
            for name in self.peers[:: -1 if turn % 2 else 1]:
                if not is_kept:
                    self._new_place(name, trials)
                options = {} if times is None else {"times": times[name not in SLOW]}
                where = self.places[name, trials]
                try:
                    figures = call(
                        task, self.folder, name=name, where=where, count=trials, **options
                    )
                except RuntimeError as error:
                    lines = str(error).splitlines()
                    print(f"{task}: {lines[0]} {lines[-1]}", file=sys.stderr)
                else:
                    found[name].append(figures)
        return found

    def _new_place(self, name: str, trials: int) -> None:
        if name in self.servers:
            self.places[name, trials] = f"{self.servers[name]}bench{next(self.numbers)}"
            return
        shutil.rmtree(self.places.get((name, trials), ""), ignore_errors=True)
        self.places[name, trials] = tempfile.mkdtemp(dir=self.folder)


def call(task: str, folder: Path, **options: Any) -> dict[str, Any]:
    """Run a task with the Python that runs this, which has Ax."""
    return environment.call("ax_tasks", task, folder, Path(sys.executable), **options)


def work(
    what: str, key: str, share: float | None = None, most: float | None = None,
    statements: float | None = None,
) -> list[Metric]:  # fmt: skip
    """CPU, time and statements of something, with Runbase's targets.

    Args:
        what: its name in the table.
        key: the beginning of its figures' names.
        share: the most CPU, as a fraction of Ax's.
        most: the most seconds of CPU.
        statements: the most statements.
    """
    cpu = [Target(share, AX)] if share else []
    cpu += [Target(most)] if most else []
    runs = (Target(statements),) if statements is not None else ()
    return [
        Metric(f"{what}: CPU", f"{key} cpu", milliseconds, tuple(cpu), AX),
        Metric(f"{what}: time", f"{key} wall", milliseconds, (), AX),
        Metric(f"{what}: statements", f"{key} statements", plain, runs, AX),
    ]


def asks(lab: Lab) -> list[Line]:
    lines: list[Line] = []
    fewest: dict[str, float] = {}
    for n in lab.counts:
        found = lab.run("asks", n, (3, 25))
        _add_growth(found, fewest)
        is_last = n == lab.counts[-1]
        share, most = (1 / 100, 20) if n == 1000 else (None, None)
        cpu, wall, _ = work(f"n = {n}, the storage's part", "storage", share)
        whole, _, statements = work(f"n = {n}, all", "all", statements=most)
        grown = Metric("statements more than at first", "grown", plain, (Target(0),), AX)
        lines += lines_of([cpu, wall, whole, statements, *([grown] if is_last else [])], found)
    return lines


def _add_growth(found: Found, fewest: dict[str, float]) -> None:
    """How many statements more there are than with the fewest trials."""
    for name, rounds in found.items():
        for figures in rounds:
            if (number := figures.get("all statements")) is not None:
                figures["grown"] = number - fewest.setdefault(name, number)


def single(lab: Lab) -> list[Line]:
    lines: list[Line] = []
    for n in lab.counts:
        share = 1 / 10 if n == lab.counts[-1] else None
        found = lab.run("single", n, (3, 25))
        lines += lines_of(work(f"n = {n}, new", "new", share), found)
        lines += lines_of(work(f"n = {n}, complete", "complete", share), found)
    return lines


def whole(lab: Lab) -> list[Line]:
    """Save, save again, load, weigh."""
    lines: list[Line] = []
    for n in lab.counts:
        found = lab.run("saves", n)
        loaded = lab.run("loads", n, (1, 5), is_kept=True)
        cpu, wall, _ = work(f"n = {n}, first save", "first")
        lines += lines_of([cpu, wall, *work(f"n = {n}, saved again", "again", statements=5)], found)
        share, most, statements = (1 / 15, 1.5, 8) if n == 1000 else (None, None, None)
        load = work(f"n = {n}, loaded", "load", share, most, statements)
        lines += lines_of(load, loaded)
        weight = (Target(5000),) if n == lab.counts[-1] else ()
        lines += Metric(f"n = {n}, bytes a trial", "bytes", rounded, weight, AX).lines(found)
    return lines


SECTIONS: dict[str, tuple[str, Callable[[Lab], list[Line]]]] = {
    "asks": ("Ask and tell through a client, in an experiment of n trials", asks),
    "single": ("Save one trial of n", single),
    "whole": ("Save and load an experiment of n trials with its strategy", whole),
}
