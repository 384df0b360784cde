"""What the rows are made of: contestants that take turns, and lines of the table."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from bench import environment

Figures = dict[str, Any]
Task = tuple[str, str, dict[str, Any]]  # a module of contestants, a function of it, its options


class Line(NamedTuple):
    """A comparison; further peers of the same workload leave its first cells empty."""

    workload: str = ""
    runbase: str = ""
    peer: str = ""
    figure: str = ""
    ratio: str = ""
    target: str = ""
    result: str = ""


Lines = Iterator[Line]


@dataclass(frozen=True)
class Bench:
    """How long to measure, and where."""

    quick: bool
    folder: Path
    server: str | None

    def count(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    def alternate(self, tasks: dict[str, Task], rounds: int = 5) -> dict[str, Figures]:
        """Run the tasks by turns, several rounds; the median of each of their figures."""
        found: dict[str, list[Figures]] = {name: [] for name in tasks}
        for _ in range(min(rounds, 2) if self.quick else rounds):
            for name, (module, function, options) in tasks.items():
                with self.new_folder() as folder:
                    found[name].append(environment.call(module, function, folder, **options))
        return {name: _median(rounds_) for name, rounds_ in found.items()}

    def read(self, folder: Path, names: list[str], times: int) -> list[float]:
        """The median seconds of each reader, by turns in the same folder."""
        found: dict[str, list[float]] = {name: [] for name in names}
        for turn in range(3 if self.quick else 9):  # single processes differ by a factor of two
            for name in names:
                is_slow = name.endswith("mlflow")
                if is_slow and turn >= 3:
                    continue
                few = 1 if is_slow else times
                figures = environment.call("readers", name, folder, times=few)
                found[name].append(figures["seconds"])
        return [statistics.median(seconds) for seconds in found.values()]

    @contextmanager
    def new_folder(self) -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        yield folder
        shutil.rmtree(folder)


def _median(rounds: list[Figures]) -> Figures:
    """The median of numbers, all items of lists."""
    found: Figures = {}
    for key in rounds[0]:
        values = [figures[key] for figures in rounds]
        is_list = isinstance(values[0], list)
        found[key] = list(chain.from_iterable(values)) if is_list else statistics.median(values)
    return found


def writer(name: str, steps: int, **options: Any) -> Task:
    return "writers", "alone", {"name": name, "steps": steps, **options}


def rate(figures: Figures) -> str:
    return f"{rounded(figures['rate'])} steps/s, call {duration(figures['median'])}"


def rounded(number: float) -> str:
    """Three digits are more than enough."""
    digits = max(0, len(str(int(number))) - 3)
    return f"{round(number, -digits):,.0f}" if number >= 10 else f"{number:.2g}"


def duration(seconds: float) -> str:
    if seconds < 0.9e-3:
        return f"{seconds * 1e6:.3g} µs"
    return f"{seconds * 1e3:.3g} ms" if seconds < 0.9 else f"{seconds:.3g} s"


def factor(ratio: float) -> str:
    return f"{rounded(ratio)} x" if ratio >= 10 else f"{ratio:.2f} x"


def met(is_met: bool) -> str:
    return "met" if is_met else "**missed**"


def compare(
    peer: str, figure: str, ratio: float, least: float | None = None, most: float | None = None
) -> Line:
    """A line with the ratio of Runbase to a peer, and whether it is as it should be."""
    line = Line(peer=peer, figure=figure, ratio=factor(ratio))
    if least is not None:
        return line._replace(target=f">= {least:g} x", result=met(ratio >= least))
    if most is not None:
        return line._replace(target=f"<= {most:g} x", result=met(ratio <= most))
    return line


def block(workload: str, runbase: str, lines: list[Line]) -> Lines:
    """Lines that share a workload."""
    yield lines[0]._replace(workload=workload, runbase=runbase)
    yield from lines[1:]
