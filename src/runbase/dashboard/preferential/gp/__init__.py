"""Utilities of points from answers about pairs of them: a Gaussian process in numpy and scipy.

The utility has a Gaussian process as its prior (`kernel`), and a person sees differences of it with
normal noise (`likelihood`; Chu and Ghahramani 2005, "Preference Learning with Gaussian Processes").
The posterior is found by expectation propagation (`propagation`), lengthscales and noise are those
with the highest posterior density (`evidence`). To propose a point, the process is given a draw of
what people saw (`draw`), and the point with the highest expected improvement is searched
(`acquisition`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from ..arrays import Array, Rows
from .comparisons import Comparisons
from .evidence import Settings, most_likely
from .kernel import Matern32
from .priors import NOISE_PRIOR, Gamma
from .propagation import propagate, reductions

__all__ = ["NOISE_PRIOR", "Gamma", "Matern32", "Posterior", "Settings", "fit"]


@dataclass(frozen=True)
class Posterior:
    """What is known of the utility, whose prior has mean 0 and variance 1 everywhere."""

    x: Array
    kernel: Matern32
    settings: Settings
    #: Mean and covariance of the utilities of the rows.
    mean: Array
    covariance: Array
    weights: Array
    reduction: Array

    @property
    def lengthscales(self) -> Array:
        """How far from a point, in each column, the utility is another one."""
        return self.settings.lengthscales

    @property
    def noise(self) -> float:
        """The variance of a person's noise when they see the difference of two utilities."""
        return self.settings.noise

    def predict(self, x: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of the utility at each row of ``x``."""
        covariance = self.kernel.matrix(x, self.x, self.lengthscales)
        lost = np.einsum("ij,ij->i", covariance @ self.reduction, covariance)
        return covariance @ self.weights, np.sqrt(np.maximum(1 - lost, 0))

    def probability(self, better: int | Rows, worse: int | Rows) -> Array:
        """How likely a person is to prefer one row to another, when asked (again)."""
        first, second = np.asarray(better), np.asarray(worse)
        diagonal = self.covariance.diagonal()
        variance = diagonal[first] + diagonal[second] - 2 * self.covariance[first, second]
        scale = np.sqrt(np.maximum(variance, 0) + self.noise)
        probability: Array = ndtr((self.mean[first] - self.mean[second]) / scale)
        return probability


def fit(
    x: Array,
    pairs: Sequence[tuple[int, int]] | Rows,
    ties: Sequence[tuple[int, int]] | Rows = (),
    *,
    kernel: Matern32 | None = None,
    noise_prior: Gamma | None = None,
    start: Settings | None = None,
) -> Posterior:
    """The posterior of the utility, given pairs (better, worse) and ties of rows of ``x``.

    ``x`` is in the unit box. ``start`` are settings found earlier, from which the search is
    shorter. Time grows with the third power of the rows: 0.1 s for 160, 0.5 s for 640.

    Raises:
        ValueError: a comparison names a row that is not there, or one row twice.
    """
    x = np.asarray(x, dtype=float)
    comparisons = Comparisons(len(x), pairs, ties)
    kernel = kernel or Matern32()
    settings = most_likely(x, comparisons, kernel, noise_prior or NOISE_PRIOR, start)
    prior = kernel.matrix(x, x, settings.lengthscales)
    found = propagate(prior, comparisons, settings.noise)
    normal = found.posterior
    weights, reduction = reductions(comparisons, found.sites, normal)
    return Posterior(x, kernel, settings, normal.mean, normal.covariance, weights, reduction)
