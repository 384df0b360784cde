"""Values over two parameters as a grid: the mean of the trials in each cell, gaps filled smoothly.

Gaps are filled between trials only, and never from one choice of a categorical parameter to
another, which are not neighbours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .columns.table import Bools, Floats, Labelled

Indices = NDArray[np.intp]

#: Distances, in cells, over which trials pull at a gap: their sum falls like a power of distance.
REACHES = 0.5 * 2.0 ** np.arange(9)
POWER = 3.0
SMOOTHING = 60  # rounds


class Axis(NamedTuple):
    """The places of a grid along a column, and the place of each trial."""

    at: Floats
    #: Of each trial; -1 where it has none.
    places: Indices
    labels: list[str] | None
    log: bool


def axis(column: Labelled, used: Bools, *, log: bool, size: int) -> Axis:
    """At most ``size`` places along a column, over the values of the trials that are used."""
    values = np.where(used & np.isfinite(column.values), column.values, np.nan)
    if log:
        values = np.where(values > 0, values, np.nan)
    found = values[~np.isnan(values)]
    if not found.size:
        return Axis(np.empty(0), np.full(values.size, -1), column.labels, log)
    if column.labels is not None:
        return _axis_of_choices(values, column.labels, size)
    scaled, low, high = values, found.min(), found.max()
    if log:
        scaled, low, high = np.log(values), np.log(low), np.log(high)
    count = _count(found, size, log=log) if low < high else 1
    at = np.linspace(low, high, count)
    width = (high - low) / (count - 1) if count > 1 else 1.0
    places = _places(np.rint((scaled - low) / width))
    return Axis(np.exp(at) if log else at, places, None, log)


def _axis_of_choices(values: Floats, labels: list[str], size: int) -> Axis:
    """All choices, or those with the lowest places where there are too many."""
    shown = labels[:size]
    places = _places(np.where(values < len(shown), values, np.nan))
    return Axis(np.arange(float(len(shown))), places, shown, False)


def _count(found: Floats, size: int, *, log: bool) -> int:
    """How many places: of integers not more than there are."""
    span = found.max() - found.min() + 1
    is_whole = not log and span <= size and bool((found == np.rint(found)).all())
    return int(span) if is_whole else size


def _places(values: Floats) -> Indices:
    return np.where(np.isnan(values), -1, values).astype(np.intp)


def grid(x: Axis, y: Axis, z: Floats) -> Floats:
    """A row for each place of ``y``, a value for each of ``x``; NaN where no trial is near."""
    shape = (y.at.size, x.at.size)
    used = (x.places >= 0) & (y.places >= 0) & np.isfinite(z)
    cells = y.places[used] * x.at.size + x.places[used]
    counts = np.bincount(cells, minlength=y.at.size * x.at.size).reshape(shape)
    sums = np.bincount(cells, z[used], minlength=counts.size).reshape(shape)
    means: Floats = np.divide(sums, counts, out=np.full(shape, np.nan), where=counts > 0)
    smooth = (y.labels is None, x.labels is None)
    if not counts.any() or not any(smooth):
        return means
    found: Floats = np.where(_inside(counts > 0, smooth), _fill(means, smooth), np.nan)
    return found


def _fill(means: Floats, smooth: tuple[bool, bool]) -> Floats:
    """Means stay; a gap gets what is around it, the nearer the more, without steps."""
    known = ~np.isnan(means)
    start = _pulled(means, known, smooth)
    found = np.where(known, means, start)
    for _ in range(SMOOTHING):
        found = np.where(known, means, _around(found, smooth))
    return found


def _pulled(means: Floats, known: Bools, smooth: tuple[bool, bool]) -> Floats:
    """The mean of all known cells by a power of their distance.

    A sum of bell curves is nearly a power, and unlike that it can be taken axis by axis.
    """
    filled = np.where(known, means, 0.0)
    sums, weights = np.zeros(means.shape), np.zeros(means.shape)
    for reach in REACHES:
        down, across = (_bell(n, reach, s) for n, s in zip(means.shape, smooth, strict=True))
        share = reach**-POWER
        sums += share * (down @ filled @ across)
        weights += share * (down @ known @ across)
    found: Floats = np.divide(sums, weights, out=np.zeros(means.shape), where=weights > 0)
    return found


def _bell(n: int, reach: float, is_smooth: bool) -> Floats:
    """How much each of ``n`` cells pulls at each; of choices only at itself."""
    if not is_smooth:
        return np.eye(n)
    places = np.arange(n)
    found: Floats = np.exp(-(((places[:, None] - places) / reach) ** 2) / 2)
    return found


def _around(values: Floats, smooth: tuple[bool, bool]) -> Floats:
    """The mean of each cell's neighbours; at the edge it is its own neighbour."""
    sides = []
    for axis, is_smooth in enumerate(smooth):
        if is_smooth:
            edges = np.concatenate(
                [values.take([0], axis), values, values.take([-1], axis)], axis=axis
            )
            n = values.shape[axis]
            sides += [edges.take(range(n), axis), edges.take(range(2, n + 2), axis)]
    found: Floats = np.mean(sides, axis=0)
    return found


def _inside(known: Bools, smooth: tuple[bool, bool]) -> Bools:
    """Which cells have trials around them."""
    if all(smooth):
        return known | _in_hull(known)
    axis = smooth.index(True)
    before = np.logical_or.accumulate(known, axis)
    after = np.flip(np.logical_or.accumulate(np.flip(known, axis), axis), axis)
    found: Bools = before & after
    return found


def _in_hull(known: Bools) -> Bools:
    """The cells in the convex hull of those that are known."""
    rows, columns = np.indices(known.shape)
    corners = _hull(np.argwhere(known))
    found = np.ones(known.shape, dtype=bool)
    for (row, column), (to_row, to_column) in zip(corners, corners[1:] + corners[:1], strict=True):
        cross = (to_row - row) * (columns - column) - (to_column - column) * (rows - row)
        found &= cross >= 0
    for axis, places in enumerate((rows, columns)):  # corners on one line have no inside
        among = [corner[axis] for corner in corners]
        found &= (places >= min(among)) & (places <= max(among))
    return found


def _hull(points: Indices) -> list[tuple[int, int]]:
    """The corners of the convex hull of sorted points, in a circle."""
    ordered = [(int(a), int(b)) for a, b in points]
    return _half(ordered)[:-1] + _half(ordered[::-1])[:-1] or ordered


def _half(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for p in points:
        while len(found) > 1 and _turn(found[-2], found[-1], p) <= 0:
            found.pop()
        found.append(p)
    return found


def _turn(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> int:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
