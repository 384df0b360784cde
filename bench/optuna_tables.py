"""Lines of the tables: what was measured of each contender, beside its targets."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from bench.lines import met

#: The figures of each contender, one for each round; none if it failed.
Found = dict[str, list[dict[str, Any]]]
LIMIT_OF_FRACTIONS = 1 / 3


class Line(NamedTuple):
    what: str = ""
    storage: str = ""
    median: str = ""
    spread: str = ""
    ratio: str = ""
    target: str = ""
    result: str = ""


HEAD = Line("what", "storage", "median", "min to max", "ratio", "target", "result")


@dataclass(frozen=True)
class Target:
    """A limit for Runbase's figure, or for its ratio to the one of ``against``."""

    limit: float
    against: str = ""
    is_least: bool = False

    def text(self, show: Callable[[float], str]) -> str:
        sign = ">=" if self.is_least else "<="
        if not self.against:
            return f"{sign} {show(self.limit)}"
        is_fraction = self.limit < LIMIT_OF_FRACTIONS
        limit = f"1/{1 / self.limit:.0f}" if is_fraction else f"{self.limit:g}"
        return f"{sign} {limit} x {self.against}"

    def is_met(self, own: float, other: float) -> bool:
        limit = self.limit * other
        return own >= limit if self.is_least else own <= limit


@dataclass(frozen=True)
class Metric:
    """A figure, how to show it, and what it should be for the contender ``own``."""

    what: str
    key: str
    show: Callable[[float], str]
    targets: tuple[Target, ...] = ()
    base: str = "stock-sqlite"
    own: str = "runbase"

    def lines(self, found: Found) -> Iterator[Line]:
        """One for each contender that has the figure or failed."""
        what, own = self.what, self.own
        medians = {name: self._median(rounds) for name, rounds in found.items()}
        for name, rounds in found.items():
            if rounds and self.key not in rounds[0]:
                continue
            targets = self._targets(medians) if name == own else []
            target, result = targets[0] if targets else ("", "")
            line = self._line(name, rounds, medians)
            yield line._replace(what=what, target=target, result=result)
            yield from (Line(target=target, result=result) for target, result in targets[1:])
            what = ""

    def _median(self, rounds: list[dict[str, Any]]) -> float | None:
        values = [figures[self.key] for figures in rounds if self.key in figures]
        return statistics.median(values) if values else None

    def _line(
        self, name: str, rounds: list[dict[str, Any]], medians: dict[str, float | None]
    ) -> Line:
        median, base = medians[name], medians.get(self.base)
        if median is None:
            return Line(storage=name, median="failed")
        values = [figures[self.key] for figures in rounds]
        is_one = len(values) == 1
        spread = "" if is_one else f"{self.show(min(values))} to {self.show(max(values))}"
        ratio = "base" if name == self.base else f"{median / base:.3g} x" if base else ""
        return Line("", name, self.show(median), spread, ratio)

    def _targets(self, medians: dict[str, float | None]) -> list[tuple[str, str]]:
        """The targets whose peers were measured, and whether they are met."""
        own, found = medians[self.own], []
        for target in self.targets:
            other = medians.get(target.against) if target.against else 1.0
            if other is not None:
                is_met = own is not None and target.is_met(own, other)
                found.append((target.text(self.show), met(is_met)))
        return found


def aligned(lines: list[Line]) -> str:
    """A Markdown table whose columns stand below each other as plain text, too."""
    rows = [HEAD, *lines]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = Line(*("-" * width for width in widths))
    return "\n".join(
        "| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in [HEAD, rule, *lines]
    )


def missed(lines: list[Line]) -> list[str]:
    """The targets that are missed, each with what it is about."""
    found, what = [], ""
    for line in lines:
        what = line.what or what
        if line.target and line.result != met(True):
            found.append(f"{what}: {line.target}")
    return found
