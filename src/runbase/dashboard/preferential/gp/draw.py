"""A draw of what people saw when they answered, and what to believe of all points given it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array
from .comparisons import Comparisons
from .evidence import Settings
from .kernel import Matern32
from .likelihood import draw_seen
from .propagation import Normal, Sites, condition, reductions

JITTER = 1e-9
#: The variance of a drawn utility that points to come are given as if it was measured.
EXACT = 1e-4


@dataclass(frozen=True)
class Belief:
    """A Gaussian process given differences of utilities, compared with the best of its rows.

    The utility of the best row is no better known than the others are: what counts is the
    difference, in which that all utilities may be higher or lower together cancels out.
    """

    x: Array
    kernel: Matern32
    lengthscales: Array
    #: The mean at a point is its covariances with the rows times the weights; its variance is less
    #: than before by the form of them.
    weights: Array
    reduction: Array
    #: The mean utility of each row, and the row where it is highest.
    means: Array
    best: int
    #: What turns covariances with the rows into the covariance with the best one.
    pull: Array
    #: The prior variance of a point and the variance of the best row.
    variance: float

    @classmethod
    def of(
        cls, x: Array, kernel: Matern32, lengthscales: Array, weights: Array, reduction: Array
    ) -> Belief:
        """The process with these weights."""
        prior = kernel.matrix(x, x, lengthscales)
        means = prior @ weights
        best = int(means.argmax())
        pull = -reduction @ prior[best]
        pull[best] += 1
        variance = 1 + float(prior[best] @ pull)
        return cls(x, kernel, lengthscales, weights, reduction, means, best, pull, variance)

    def gain(self, x: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of how much better than the best row each point is."""
        covariance = self.kernel.matrix(x, self.x, self.lengthscales)
        half = covariance @ self.reduction + 2 * self.pull
        return self._gain(covariance, half)

    def gain_gradients(self, x: Array) -> tuple[Array, Array, Array, Array]:
        """The same, and the gradients of both by the columns of ``x``."""
        covariance = self.kernel.matrix(x, self.x, self.lengthscales)
        slope = self.kernel.slope(x, self.x, self.lengthscales)
        half = covariance @ self.reduction + 2 * self.pull
        mean, std = self._gain(covariance, half)
        by_mean = self._towards_rows(x, slope * self.weights)
        by_std = self._towards_rows(x, slope * (half - self.pull)) / -std[:, None]
        return mean, std, by_mean, by_std

    def _gain(self, covariance: Array, half: Array) -> tuple[Array, Array]:
        lost = np.einsum("ij,ij->i", half, covariance)
        std = np.sqrt(np.maximum(self.variance - lost, 1e-12))
        return covariance @ self.weights - self.means[self.best], std

    def _towards_rows(self, x: Array, weights: Array) -> Array:
        """The sums over rows of ``weights * (x - row) / lengthscale**2``."""
        total: Array = weights.sum(1)[:, None] * x - weights @ self.x
        return total / self.lengthscales**2


def believe(
    x: Array,
    comparisons: Comparisons,
    kernel: Matern32,
    settings: Settings,
    rng: np.random.Generator,
    cycles: int,
) -> Belief:
    """The process given one draw of what people saw when they answered.

    That is the "hallucination believer" of Takeno et al. (2023, "Towards Practical Preferential
    Bayesian Optimization with Skew Gaussian Processes"). Rows that are not compared were proposed
    and wait for an answer: they get the utilities of the draw, so that the next one is elsewhere.
    """
    prior = kernel.matrix(x, x, settings.lengthscales)
    precision = np.full(len(comparisons), 1 / settings.noise)
    normal = condition(prior, comparisons, Sites(precision, np.zeros(len(comparisons))))
    utilities, seen = gibbs(normal.covariance, comparisons, settings.noise, rng, cycles)
    sites = Sites(precision, seen / settings.noise)
    mean = normal.covariance @ comparisons.collect(sites.shift)
    weights, reduction = reductions(comparisons, sites, Normal(mean, normal.covariance, 0.0))
    waiting = np.setdiff1d(np.arange(len(x)), [comparisons.first, comparisons.second])
    if len(waiting):
        pull = -reduction @ prior[:, waiting]
        pull[waiting, np.arange(len(waiting))] += 1
        spread = normal.covariance[np.ix_(waiting, waiting)] + EXACT * np.eye(len(waiting))
        pulled = np.linalg.solve(spread, pull.T)
        weights = weights + (utilities - mean)[waiting] @ pulled
        reduction = reduction + pull @ pulled
    return Belief.of(x, kernel, settings.lengthscales, weights, reduction)


def gibbs(
    covariance: Array,
    comparisons: Comparisons,
    noise: float,
    rng: np.random.Generator,
    cycles: int,
) -> tuple[Array, Array]:
    """A draw of the utilities and of what was seen, by Gibbs sampling (Albert and Chib 1993).

    What was seen is drawn given the utilities, truncated to agree with the answers, and the
    utilities given what was seen, in turns. ``covariance`` is that of the utilities given what was
    seen. All of what was seen is drawn at once, which costs one product of a matrix and a vector.
    """
    count = len(covariance)
    root = np.linalg.cholesky(covariance + JITTER * np.eye(count))
    noises = (root @ rng.standard_normal((count, cycles))).T
    utilities = np.zeros(count)
    seen = draw_seen(comparisons.differences(utilities), noise, comparisons.tied, rng)
    for around in noises:
        utilities = covariance @ (comparisons.collect(seen) / noise) + around
        seen = draw_seen(comparisons.differences(utilities), noise, comparisons.tied, rng)
    return utilities, seen
