"""Mean curves of groups of runs, and how far the runs are apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .columns.table import Floats
from .curves import Points


class Band(NamedTuple):
    """Of a group at each x: mean, least, greatest, standard deviation, and of how many runs."""

    x: Floats
    mean: Floats
    low: Floats
    high: Floats
    std: Floats
    runs: Floats


def band(curves: Sequence[Points], points: int) -> Band:
    """The band of several curves at the places of all, or at so many places.

    Between its points a curve counts as a straight line; before the first and after the last it
    does not count.
    """
    finite = [_finite(curve) for curve in curves]
    finite = [curve for curve in finite if curve.values.size]
    if not finite:
        return Band(*[np.empty(0)] * 6)
    x = np.unique(np.concatenate([curve.steps for curve in finite]))
    if x.size > points:
        x = np.linspace(x[0], x[-1], points)
    rows = np.stack([np.interp(x, *curve, left=np.nan, right=np.nan) for curve in finite])
    there = ~np.isnan(rows)
    count = there.sum(axis=0)
    x, rows, there, count = (each[..., count > 0] for each in (x, rows, there, count))
    mean = np.where(there, rows, 0.0).sum(axis=0) / count
    spread = np.where(there, (rows - mean) ** 2, 0.0).sum(axis=0) / count
    low = np.where(there, rows, np.inf).min(axis=0)
    high = np.where(there, rows, -np.inf).max(axis=0)
    return Band(x, mean, low, high, np.sqrt(spread), count.astype(np.float64))


def _finite(curve: Points) -> Points:
    """The finite points in the order of x, which `numpy.interp` needs."""
    x, y = curve
    kept = np.isfinite(x) & np.isfinite(y)
    order = np.argsort(x[kept], kind="stable")
    return Points(x[kept][order], y[kept][order])
