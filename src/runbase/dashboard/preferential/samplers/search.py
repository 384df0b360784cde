"""The most promising point of a space.

Where answers are few, a utility is least known at the corners of the box, and the highest expected
improvement lies there (Oh et al. 2018, "BOCK: Bayesian Optimization with Cylindrical Kernels"); the
more parameters, the more corners. So at first only a few points near the best row are looked at: a
trust region (Eriksson et al. 2019, "Scalable Global Optimization via Local Bayesian Optimization").
A single range has no corners.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Array, Rows
from ..gp.acquisition import climb, log_expected_improvement
from ..gp.draw import Belief
from ..space import Space

#: Spaces with no more points are looked at as a whole.
SMALL = 10_000
#: Points looked at before climbing, all over the space (a power of 2) and around the best rows.
WIDE, CLOSE = 512, 512
STARTS = 8
ROUNDS = 10
#: Up to so many rows for each column, a few points are looked at, within reach of the best row: ten
#: are what a first design usually has (Loeppky et al. 2009, "Choosing the Sample Size of a Computer
#: Experiment"). The reach is a share of the range.
EARLY, FEW, REACH = 10, 64, 0.3


def propose(belief: Belief, space: Space, rng: np.random.Generator) -> Array:
    """The point with the highest expected improvement that is no row yet, if there is another."""
    if space.size <= SMALL:
        every = space.all()
        return _best(belief, _new(belief, every, every))
    if space.width > 1 and len(belief.x) <= EARLY * space.width:
        near = _near(belief, space, rng)
        new = _new(belief, near, near[:0])
        if len(new):
            return _best(belief, new)
    rows = np.concatenate([_wide(space, rng), _close(belief, space, rng)])
    values = log_expected_improvement(belief, rows)
    half = STARTS // 2
    starts = np.concatenate(
        [rows[:WIDE][_highest(values[:WIDE], half)], rows[WIDE:][_highest(values[WIDE:], half)]]
    )
    ends = space.snap(climb(belief, starts, space.fixed()))
    for _ in range(ROUNDS):
        better = np.array([_step(belief, space, row) for row in ends])
        if np.array_equal(better, ends):
            break
        ends = better
    return _best(belief, _new(belief, ends, _new(belief, rows, rows)))


def _wide(space: Space, rng: np.random.Generator) -> Array:
    from scipy.stats.qmc import Sobol

    # Shifted at random: the name of the argument for a seed differs between versions of scipy.
    sobol = Sobol(space.width, scramble=False).random_base2(WIDE.bit_length() - 1)
    return space.spread((sobol + rng.random(space.width)) % 1)


def _close(belief: Belief, space: Space, rng: np.random.Generator) -> Array:
    """Points that differ a little, or in a few columns, from rows with a high mean."""
    centres = belief.x[rng.choice(_highest(belief.means, 4), CLOSE)]
    sizes = belief.lengthscales * 10 ** rng.uniform(-2, 0, (CLOSE, 1))
    moved = centres + sizes * rng.standard_normal(centres.shape)
    few = rng.random(centres.shape) < rng.uniform(0.1, 1, (CLOSE, 1))
    return space.snap(np.where(few, moved, centres))


def _near(belief: Belief, space: Space, rng: np.random.Generator) -> Array:
    """A few points around the best row, half of them at any distance within reach.

    They stay within the box rather than being moved to its sides.
    """
    reach = np.full((FEW, 1), REACH)
    reach[FEW // 2 :] *= 10 ** rng.uniform(-1.5, 0, (FEW // 2, 1))
    reach = np.maximum(reach, space.steps())
    best = belief.x[belief.best]
    low, high = np.clip(best - reach, 0, 1), np.clip(best + reach, 0, 1)
    return space.snap(low + (high - low) * rng.random(low.shape))


def _step(belief: Belief, space: Space, row: Array) -> Array:
    rows = np.concatenate([row[None], space.neighbours(row)])
    return row if len(rows) == 1 else _best(belief, rows)


def _highest(values: Array, count: int) -> Rows:
    return np.argsort(-values, kind="stable")[:count]


def _keys(rows: Array) -> list[bytes]:
    """Something equal for rows that are, up to the last digits; -0.0 becomes 0.0."""
    return [row.tobytes() for row in np.round(rows, 9) + 0.0]


def _new(belief: Belief, rows: Array, otherwise: Array) -> Array:
    """Those that are no row yet."""
    known = set(_keys(belief.x))
    new = rows[[key not in known for key in _keys(rows)]]
    return new if len(new) else otherwise


def _best(belief: Belief, rows: Array) -> Array:
    best: Array = rows[log_expected_improvement(belief, rows).argmax()]
    return best
