"""Figures of both sides as lines of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

from bench.lines import Figures, Line, Lines, factor, met, rounded


@dataclass(frozen=True)
class Figure:
    """One figure: how to show it, and what it should be."""

    what: str
    key: str
    show: Callable[[float], str]
    #: The most that it should be.
    most: float | None = None
    #: How many times less than the peer's it should be.
    times: float | None = None

    def lines(self, own: Figures, others: dict[str, Figures]) -> Lines:
        """One for each peer that has the figure and for each target, one at least."""
        figure = own[self.key]
        peers = {name: peer for name, peer in others.items() if self.key in peer}
        lines = [self._beside(figure, name, peer) for name, peer in peers.items()] or [Line()]
        lines[0] = lines[0]._replace(workload=self.what, runbase=self.show(figure))
        targets = self._targets(figure, [peer[self.key] for peer in peers.values()])
        for line, target in zip_longest(lines, targets):
            text, result = target or ("", "")
            yield (line or Line())._replace(target=text, result=result)

    def _beside(self, own: float, name: str, peer: Figures) -> Line:
        # Who was given up needs more than it shows.
        more = "" if peer.get("is_drawn", True) else "> "
        ratio = factor(peer[self.key] / own) if own else ""
        return Line(peer=name, figure=more + self.show(peer[self.key]), ratio=more + ratio)

    def _targets(self, own: float, others: list[float]) -> Iterator[tuple[str, str]]:
        if self.most is not None:
            yield f"<= {self.show(self.most)}", met(own <= self.most)
        if self.times is not None:
            yield f">= {self.times:g} x", met(min(others) >= self.times * own)


def size(count: float) -> str:
    if count < 1e3:
        return f"{count:.0f} bytes"
    return f"{rounded(count / 1e3)} KB" if count < 1e6 else f"{rounded(count / 1e6)} MB"


def megabytes(count: float) -> str:
    return f"{rounded(count)} MB"
