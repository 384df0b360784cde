"""Parameters of Optuna as points of a box, and back.

A number lies between 0 (the lower bound) and 1 (the upper one) on its own, linear or logarithmic
scale; a choice has a column for each of its values. Bounds are values like all others: both ends
of a range with steps can be proposed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import accumulate, pairwise, product
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from .arrays import Array, Flags

#: Where values end up that are outside of a range, which other trials had.
FAR = (-10.0, 11.0)


class Number:
    """A column of the box for a float or an integer."""

    width = 1

    def __init__(self, distribution: FloatDistribution | IntDistribution) -> None:
        self.low, self.high = float(distribution.low), float(distribution.high)
        self.step = distribution.step and float(distribution.step)
        self.log = distribution.log
        self.is_int = isinstance(distribution, IntDistribution)
        #: How many values there are.
        self.size = 1.0 if self.low == self.high else math.inf
        if self.step:
            self.size = float(round(self.high / self.step - self.low / self.step)) + 1

    def values(self) -> Array:
        """All values of a range with steps, or of one value."""
        return self._stepped(self.low + np.arange(self.size) * (self.step or 0))

    def encode(self, values: Array) -> Array:
        """Values to [0, 1]."""
        low, high = self._scaled(self.low), self._scaled(self.high)
        if low == high:
            return np.zeros_like(values)
        # Halves, since the range itself may be larger than the largest float.
        share = (0.5 * self._scaled(values) - 0.5 * low) / (0.5 * high - 0.5 * low)
        shares: Array = np.clip(share, *FAR)
        return shares

    def columns(self, values: Sequence[Any]) -> Array:
        """A row for each value."""
        return self.encode(np.array(values, dtype=float))[:, None]

    def decode(self, shares: Array) -> Array:
        """The nearest values."""
        return self._between(shares, self.low, self.high)

    def spread(self, shares: Array) -> Array:
        """Values so that evenly spread shares make each step as likely."""
        half = 0.5 * (self.step or 0)
        return self._between(shares, self.low - half, self.high + half)

    def moves(self, share: float) -> Array:
        """Shares of some other values, near and far; none of a range without steps."""
        if not self.step:
            return np.empty(0)
        if self.size <= 20:
            return self.encode(self.values())
        jumps = 2.0 ** np.arange(math.log2(min(self.size, 1e15))) * self.step
        values = self.decode(np.array(share)) + np.concatenate([jumps, -jumps])
        return self.encode(self._stepped(values))

    def native(self, value: float) -> float | int:
        """The value as Optuna has it."""
        return int(value) if self.is_int else float(value)

    def _scaled(self, values: Any) -> Any:
        return np.log(np.maximum(values, 5e-324)) if self.log else values

    def _between(self, shares: Array, low: float, high: float) -> Array:
        values = self._scaled(low) * (1 - shares) + self._scaled(high) * shares
        values = np.exp(values) if self.log else values
        # Neither end is to be missed by a rounding error.
        return self._stepped(np.where(shares <= 0, low, np.where(shares >= 1, high, values)))

    def _stepped(self, values: Array) -> Array:
        if self.step:
            steps = np.round((values - self.low) / self.step)
            values = np.where(steps < self.size - 1, self.low + steps * self.step, self.high)
        clipped: Array = np.clip(values, self.low, self.high)
        return clipped


class Choice:
    """Columns of the box for a choice: that of its value is `ONE`, the others are 0.

    So two values are as far from each other as the ends of a range.
    """

    step = None
    ONE = 0.5**0.5

    def __init__(self, distribution: CategoricalDistribution) -> None:
        self.choices = distribution.choices
        self.index = distribution.to_internal_repr
        self.width = len(self.choices)
        self.size = float(self.width)

    def rows(self) -> Array:
        """The columns of each value."""
        rows: Array = self.ONE * np.eye(self.width)
        return rows

    def columns(self, values: Sequence[Any]) -> Array:
        """A row for each value; all 0 for one that is no choice any more."""
        rows = np.zeros((len(values), self.width))
        for row, value in zip(rows, values, strict=True):
            with suppress(ValueError):
                row[int(self.index(value))] = self.ONE
        return rows


class Space:
    """The box of some parameters."""

    def __init__(self, distributions: Mapping[str, BaseDistribution]) -> None:
        self.axes = {name: _axis(of) for name, of in sorted(distributions.items())}
        ends = list(accumulate((axis.width for axis in self.axes.values()), initial=0))
        self.spans = [slice(a, b) for a, b in pairwise(ends)]
        self.width = ends[-1]
        #: How many points there are.
        self.size = math.prod(axis.size for axis in self.axes.values())

    def to_box(self, params: Mapping[str, Any]) -> Array:
        """The point of these parameters; values out of range are outside of the box."""
        row: Array = self.points([params])[0]
        return row

    def points(self, all_params: Sequence[Mapping[str, Any]]) -> Array:
        """The points of several parameters."""
        rows = np.zeros((len(all_params), self.width))
        for (name, axis), span in zip(self.axes.items(), self.spans, strict=True):
            values = [params[name] for params in all_params]
            rows[:, span] = axis.columns(values)
        return rows

    def from_box(self, row: Array) -> dict[str, Any]:
        """The parameters nearest to a point."""
        params: dict[str, Any] = {}
        for (name, axis), span in zip(self.axes.items(), self.spans, strict=True):
            if isinstance(axis, Choice):
                params[name] = axis.choices[int(row[span].argmax())]
            else:
                params[name] = axis.native(float(axis.decode(row[span])[0]))
        return params

    def snap(self, rows: Array) -> Array:
        """The points nearest to those rows that parameters can have."""
        snapped = np.clip(rows, 0, 1)
        for axis, span in self._discrete():
            if isinstance(axis, Choice):
                snapped[:, span] = axis.rows()[rows[:, span].argmax(1)]
            else:
                snapped[:, span] = axis.encode(axis.decode(snapped[:, span]))
        return snapped

    def spread(self, shares: Array) -> Array:
        """Points of rows of the unit box, so that each value is as likely as the others."""
        rows = shares.copy()
        for axis, span in self._discrete():
            if isinstance(axis, Choice):
                rows[:, span] = axis.rows()[shares[:, span].argmax(1)]
            else:
                rows[:, span] = axis.encode(axis.spread(shares[:, span]))
        return rows

    def all(self) -> Array:
        """All points, if there are finitely many."""
        columns = [
            axis.rows() if isinstance(axis, Choice) else axis.encode(axis.values())[:, None]
            for axis in self.axes.values()
        ]
        return np.array([np.concatenate(parts) for parts in product(*columns)])

    def neighbours(self, row: Array) -> Array:
        """Points that differ from ``row`` in one parameter with choices or steps."""
        found = [np.empty((0, self.width))]
        for axis, span in self._discrete():
            if isinstance(axis, Choice):
                values = axis.rows()
            else:
                values = axis.moves(float(row[span][0]))[:, None]
            rows = np.tile(row, (len(values), 1))
            rows[:, span] = values
            found.append(rows)
        return np.concatenate(found)

    def steps(self) -> Array:
        """How far, in each column, the next value may be; 0 where there is always a nearer one."""
        steps = np.zeros(self.width)
        for axis, span in self._discrete():
            if isinstance(axis, Choice):
                steps[span] = axis.ONE
            elif axis.size > 1:
                steps[span] = axis.encode(np.array(axis.low + (axis.step or 0)))
        return steps

    def fixed(self) -> Flags:
        """Which columns are no numbers to climb along."""
        fixed = np.zeros(self.width, dtype=bool)
        for axis, span in self._discrete():
            fixed[span] = isinstance(axis, Choice)
        return fixed

    def _discrete(self) -> Iterator[tuple[Number | Choice, slice]]:
        for axis, span in zip(self.axes.values(), self.spans, strict=True):
            if isinstance(axis, Choice) or axis.step:
                yield axis, span


def _axis(distribution: BaseDistribution) -> Number | Choice:
    if isinstance(distribution, CategoricalDistribution):
        return Choice(distribution)
    if isinstance(distribution, FloatDistribution | IntDistribution):
        return Number(distribution)
    raise TypeError(f"{distribution!r} is neither a number nor a choice.")
