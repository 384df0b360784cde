"""How much each parameter matters: PED-ANOVA (Watanabe, Bansal and Hutter 2023).

The best trials (the top ``quantile``) are compared with all of them (the top ``baseline``). For
each parameter both give a density over a grid of at most 50 cells; how much the two differ
(Pearson's divergence) is how much the parameter matters for being among the best. Trials whose
parameter was chosen from different ranges are compared range by range, as Optuna does since
version 5, and those without the parameter count as not told apart by it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .columns.table import Bools, Floats

Indices = NDArray[np.intp]

CELLS = 50
FEWEST = 2  # trials of a range; fewer say nothing
PRIOR = 1.0  # the weight of "anywhere", in trials
TINY = 1e-12


class Space(NamedTuple):
    """What a parameter is chosen from: numbers from ``low`` to ``high``, or ``choices``."""

    low: float = 0.0
    high: float = 0.0
    log: bool = False
    step: float | None = None
    is_int: bool = False
    choices: tuple[object, ...] = ()

    @property
    def cells(self) -> int:
        """How many cells the grid has."""
        if self.choices:
            return len(self.choices)
        if self.is_int and self.log:
            return min(math.ceil(math.log(self.high - self.low + 1) / math.log(2)) + 1, CELLS)
        if self.step is not None:
            return min(round((self.high - self.low) / self.step) + 1, CELLS)
        return CELLS

    @property
    def is_single(self) -> bool:
        """Whether there is nothing to choose."""
        if self.choices:
            return len(self.choices) == 1
        return self.low == self.high or (not self.log and self.high - self.low < (self.step or 0))


class Regime(NamedTuple):
    """Trials whose parameter was chosen from the same space."""

    space: Space
    #: Places of the trials.
    trials: Indices
    #: Their values; of choices their places.
    values: Floats


def importances(
    loss: Floats,
    regimes: Mapping[str, Iterable[Regime]],
    *,
    quantile: float = 0.1,
    baseline: float = 1.0,
) -> dict[str, float]:
    """The importance of each parameter, not normalised.

    Args:
        loss: of each trial; the lower, the better. Not finite: the trial is left out.
        regimes: of each parameter.
        quantile: the share of trials that are the best.
        baseline: the share of trials that they are compared with.
    """
    kept = np.isfinite(loss)
    if np.count_nonzero(kept) < 2:
        return dict.fromkeys(regimes, 0.0)
    region = _best(loss, kept, baseline)
    top = _best(loss, kept, quantile)
    share = np.count_nonzero(top) / np.count_nonzero(region)
    return {
        name: float(share**2 * sum(_difference(regime, top, region) for regime in parts))
        for name, parts in regimes.items()
    }


def normalised(found: Mapping[str, float]) -> list[tuple[str, float]]:
    """Shares of 1, the largest first; all the same if nothing matters."""
    total = sum(found.values())
    shares = {k: v / total if total else 1 / len(found) for k, v in found.items()}
    return sorted(shares.items(), key=lambda item: (-item[1], item[0]))


def _best(loss: Floats, kept: Bools, share: float) -> Bools:
    """The best share of trials, and all that are as good as the last of them."""
    if share >= 1:
        return kept
    losses = loss[kept]
    last = max(math.ceil(share * losses.size) - 1, 0)
    found: Bools = kept & (loss <= np.partition(losses, last)[last])
    return found


def _difference(regime: Regime, top: Bools, region: Bools) -> float:
    """How much a regime's best trials differ from its others, by how many of either there are."""
    in_region, in_top = region[regime.trials], top[regime.trials]
    n_region, n_top = np.count_nonzero(in_region), np.count_nonzero(in_top)
    if n_region < FEWEST or not n_top or regime.space.is_single:
        return 0.0
    cells = _cells(regime.space, regime.values)
    n = regime.space.cells
    best = _density(regime.space, np.bincount(cells[in_top], minlength=n)) + TINY
    local = _density(regime.space, np.bincount(cells[in_region], minlength=n)) + TINY
    of_top = n_top / np.count_nonzero(top)
    of_region = n_region / np.count_nonzero(region)
    return float(of_top**2 / of_region * (local @ (best / local - 1) ** 2))


def _cells(space: Space, values: Floats) -> Indices:
    """The cell of the grid that each value is nearest to; in the middle, the lower one."""
    if space.choices:
        return values.astype(np.intp)
    low, high = space.low, space.high
    if space.log:
        low, high, values = math.log(low), math.log(high), np.log(values)
    width = (high - low) / (space.cells - 1)
    places = np.ceil((values - low) / width - 0.5)
    return np.clip(places, 0, space.cells - 1).astype(np.intp)


def _density(space: Space, counts: Indices) -> Floats:
    """The share of each cell, smoothed: kernels around the cells with trials, and one for all."""
    centres = np.flatnonzero(counts)
    weights = np.append(counts[centres], PRIOR) / (counts.sum() + PRIOR)
    kernels = _choices if space.choices else _bells
    found: Floats = weights @ kernels(centres, counts)
    return found


def _choices(centres: Indices, counts: Indices) -> Floats:
    """One kernel for each choice that occurs, and one for all choices."""
    n, n_kernels = counts.size, centres.size + 1
    kernels = np.full((n_kernels, n), PRIOR / n_kernels)
    kernels[np.arange(centres.size), centres] += 1
    found: Floats = kernels / kernels.sum(axis=1, keepdims=True)
    return found


def _bells(centres: Indices, counts: Indices) -> Floats:
    """Normal distributions around the cells that occur, and a wide one, cut off at the ends."""
    n = counts.size
    means = np.append(centres, (n - 1) / 2)
    widths = np.append(np.full(centres.size, _bandwidth(centres, counts[centres])), n)
    edges = np.arange(n + 1) - 0.5
    below = _erf((edges - means[:, None]) / (widths[:, None] * math.sqrt(2)))
    found: Floats = np.diff(below) / (below[:, -1:] - below[:, :1])
    return found


def _bandwidth(centres: Indices, weights: Indices) -> float:
    """Scott's rule, and at least so wide that most of a bell is in its cell."""
    total = int(weights.sum())
    mean = centres @ weights / total
    deviation = math.sqrt((centres - mean) ** 2 @ weights / max(1, total - 1))
    up_to = np.cumsum(weights)
    first = np.searchsorted(up_to, total // 4, side="left")
    third = np.searchsorted(up_to, total * 3 // 4, side="right")
    middle_half = centres[min(int(third), centres.size - 1)] - centres[first]
    width = 1.059 * min(middle_half / 1.34, deviation) * total**-0.2
    return float(max(width, 0.5 / 1.64))


def _erf(x: Floats) -> Floats:
    return np.array([math.erf(value) for value in x.flat]).reshape(x.shape)
