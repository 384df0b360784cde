"""The posterior of the utilities by expectation propagation, and how likely the answers are.

Each answer is replaced by a normal one (a "site") about the same difference (Minka 2001; Rasmussen
and Williams 2006, section 3.6). All sites are renewed at once, which needs one solve a sweep.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array
from .comparisons import Comparisons
from .likelihood import Moments, moments

SWEEPS = 50
#: How far from a fixed point it ends.
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Sites:
    """A normal answer for each comparison: its precision, and that times its mean."""

    precision: Array
    shift: Array

    def towards(self, other: Sites, share: float) -> Sites:
        """A share of the way to other sites."""
        return Sites(
            self.precision + share * (other.precision - self.precision),
            self.shift + share * (other.shift - self.shift),
        )


@dataclass(frozen=True)
class Normal:
    """Utilities of the rows, given normal answers."""

    mean: Array
    covariance: Array
    #: The log of the integral of prior times sites.
    log_evidence: float


@dataclass(frozen=True)
class Approximation:
    """What expectation propagation found."""

    posterior: Normal
    sites: Sites
    #: The log probability of all answers, and its derivative by the variance of the noise.
    log_evidence: float
    by_noise: float


def condition(prior: Array, comparisons: Comparisons, sites: Sites) -> Normal:
    """The utilities with this prior covariance, given normal answers.

    No inverse of the prior is needed: equal rows make it singular.
    """
    from scipy.linalg import lu_factor, lu_solve

    shift = comparisons.collect(sites.shift)
    system = comparisons.precision(sites.precision) @ prior
    system.flat[:: len(prior) + 1] += 1
    # (prior^-1 + precision)^-1 is (1 + prior precision)^-1 prior. Transposed, arrays are as LAPACK
    # wants them, and not copied.
    factors = lu_factor(system.T, overwrite_a=True, check_finite=False)
    covariance = lu_solve(factors, prior.T, check_finite=False)
    covariance = 0.5 * (covariance + covariance.T)
    mean = covariance @ shift
    log_det = np.log(np.abs(factors[0].diagonal())).sum()
    return Normal(mean, covariance, 0.5 * float(shift @ mean - log_det))


def reductions(comparisons: Comparisons, sites: Sites, normal: Normal) -> tuple[Array, Array]:
    """What the answers do to the mean and the covariance of any points.

    The mean at x is ``k(x, rows) @ weights``; the covariance is less by the form ``reduction`` of
    ``k(x, rows)``.
    """
    precision = comparisons.precision(sites.precision)
    weights = comparisons.collect(sites.shift) - precision @ normal.mean
    reduction = precision.toarray() - precision @ (precision @ normal.covariance).T
    return weights, 0.5 * (reduction + reduction.T)


def propagate(
    prior: Array,
    comparisons: Comparisons,
    noise: float,
    start: Sites | None = None,
    tolerance: float = TOLERANCE,
) -> Approximation:
    """The posterior of utilities with this prior covariance, given the answers."""
    sites = start or Sites(np.zeros(len(comparisons)), np.zeros(len(comparisons)))
    renewed, damping, last = sites, 1.0, np.inf
    for _ in range(SWEEPS):
        sites = sites.towards(renewed, damping)
        normal = condition(prior, comparisons, sites)
        mean, variance = _cavities(normal, comparisons, sites)
        found = moments(mean, variance, noise, comparisons.tied)
        rest = 1 / (1 - variance * found.bend)
        renewed = Sites(found.bend * rest, (found.slope + mean * found.bend) * rest)
        change = _distance(sites, renewed, variance)
        if change < tolerance:
            break
        # Many answers about the same rows overshoot together.
        damping = max(0.8 * damping, 0.2) if change > 0.9 * last else damping
        last = change
    log_evidence = normal.log_evidence + _constants(sites, mean, variance, found)
    return Approximation(normal, sites, log_evidence, float(found.by_noise.sum()))


def _cavities(normal: Normal, comparisons: Comparisons, sites: Sites) -> tuple[Array, Array]:
    """Mean and variance of each difference without its own site."""
    variance = comparisons.variances(normal.covariance)
    rest = 1 / np.maximum(1 - variance * sites.precision, 1e-9)
    mean = comparisons.differences(normal.mean) - variance * sites.shift
    return mean * rest, variance * rest


def _distance(sites: Sites, renewed: Sites, variance: Array) -> float:
    """How far the sites are from a fixed point, in units of the differences."""
    if not len(variance):
        return 0.0
    shift = np.abs(renewed.shift - sites.shift) * np.sqrt(variance)
    precision = np.abs(renewed.precision - sites.precision) * variance
    rest = 1 + variance * renewed.precision
    return float(np.max((shift + precision) / rest))


def _constants(sites: Sites, mean: Array, variance: Array, found: Moments) -> float:
    """The sum of the logs that the sites are to be multiplied by to have the answers' integrals."""
    rest = 1 + sites.precision * variance
    form = variance * sites.shift**2 + 2 * mean * sites.shift - sites.precision * mean**2
    return float(np.sum(found.log + 0.5 * np.log(rest) - 0.5 * form / rest))
