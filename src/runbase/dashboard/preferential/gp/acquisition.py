"""How promising a point is."""

from __future__ import annotations

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtr

from ..arrays import Array, Flags
from .draw import Belief
from .likelihood import LOG_ROOT_2PI

#: No point is less promising: further below there are no digits left.
FAR = -1e5
STEPS = 60


def log_expected_improvement(belief: Belief, x: Array) -> Array:
    """Log of the expected improvement on the best row, for each row of ``x``."""
    # In pieces that fit into a cache rather than all at once.
    pieces = np.array_split(x, max(1, len(x) // 512))
    return np.concatenate([_log_improvement(*belief.gain(piece))[0] for piece in pieces])


def _log_improvement(mean: Array, std: Array) -> tuple[Array, Array, Array]:
    """The log improvement, and its derivatives by mean and standard deviation."""
    z = np.maximum(mean / std, FAR)
    log, slope = log_gain(z)
    return np.log(std) + log, slope / std, (1 - z * slope) / std


def log_gain(z: Array) -> tuple[Array, Array]:
    """Log of ``density(z) + z * distribution(z)`` of the standard normal, and its derivative.

    Precise far below 0, where both terms cancel (Ament et al. 2023, "Unexpected Improvements to
    Expected Improvement for Bayesian Optimization").
    """
    low, high = np.minimum(z, -1.0), np.maximum(z, -1.0)
    tail = 1 + low * np.sqrt(np.pi / 2) * erfcx(-low * np.sqrt(0.5))
    gain = np.exp(-0.5 * high**2 - LOG_ROOT_2PI) + high * ndtr(high)
    log = np.where(
        z > -1, np.log(gain), np.log(np.maximum(tail, 0) + 1e-14) - 0.5 * low**2 - LOG_ROOT_2PI
    )
    return log, np.exp(log_ndtr(z) - log)


def climb(belief: Belief, starts: Array, fixed: Flags) -> Array:
    """Points of the unit box uphill of some, all at once; ``fixed`` columns stay as they are."""
    from scipy.optimize import minimize

    free = ~fixed
    if not free.any():
        return starts

    def objective(flat: Array) -> tuple[float, Array]:
        x = starts.copy()
        x[:, free] = flat.reshape(len(starts), -1)
        mean, std, by_mean, by_std = belief.gain_gradients(x)
        log, per_mean, per_std = _log_improvement(mean, std)
        gradient = per_mean[:, None] * by_mean + per_std[:, None] * by_std
        return -float(log.sum()), -gradient[:, free].ravel()

    inside = np.clip(starts[:, free], 0, 1).ravel()
    options = {"maxiter": STEPS, "maxfun": 2 * STEPS, "ftol": 1e-6}
    found = minimize(
        objective, inside, jac=True, method="L-BFGS-B", bounds=[(0, 1)] * inside.size,
        options=options,
    )  # fmt: skip
    ends = starts.copy()
    ends[:, free] = found.x.reshape(len(starts), -1)
    return ends
