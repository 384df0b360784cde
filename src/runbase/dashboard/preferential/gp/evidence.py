"""The most likely lengthscales and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array
from ..compared import outer
from .comparisons import Comparisons
from .kernel import Matern32
from .priors import Gamma
from .propagation import Approximation, Sites, propagate, reductions

#: Lengthscales of a box's side: below, nothing is learnt from neighbours; above, all is a plane.
LENGTHSCALES = (0.01, 20.0)
NOISE = (1e-3, 10.0)
#: Rows that the search looks at: above, some of the answers tell as much as all of them.
ROWS = 160
STEPS = 30
#: Of the sites, which is enough for the settings.
TOLERANCE = 1e-2


@dataclass(frozen=True)
class Settings:
    """What is learnt of the model beside the utilities themselves."""

    lengthscales: Array
    #: The variance of a person's noise when they see a difference.
    noise: float


class Objective:
    """Minus the log posterior density of the logs of lengthscales and noise, with its gradient.

    Sites stay from one call to the next, which is close by.
    """

    def __init__(
        self, x: Array, comparisons: Comparisons, kernel: Matern32, noise_prior: Gamma
    ) -> None:
        self.x, self.comparisons = x, comparisons
        self.kernel, self.noise_prior = kernel, noise_prior
        self.sites: Sites | None = None

    def __call__(self, logs: Array) -> tuple[float, Array]:
        """At the logs of the lengthscales, then of the noise."""
        lengthscales, noise = np.exp(logs[:-1]), float(np.exp(logs[-1]))
        prior = self.kernel.matrix(self.x, self.x, lengthscales)
        found = propagate(prior, self.comparisons, noise, self.sites, TOLERANCE)
        self.sites = found.sites
        by_scales, by_noise = self._gradient(found, lengthscales, noise)
        scales_log, scales_slope = self.kernel.log_prior(logs[:-1])
        noise_log, noise_slope = self.noise_prior.log_density(logs[-1:])
        value = found.log_evidence + scales_log + noise_log
        gradient = np.append(by_scales + scales_slope, by_noise + noise_slope)
        return -value, -gradient

    def _gradient(
        self, found: Approximation, lengthscales: Array, noise: float
    ) -> tuple[Array, float]:
        """By the logs. At a fixed point the evidence does not change with the sites."""
        weights, reduction = reductions(self.comparisons, found.sites, found.posterior)
        by_prior = 0.5 * (np.outer(weights, weights) - reduction)
        return self.kernel.gradient(self.x, lengthscales, by_prior), noise * found.by_noise


def most_likely(
    x: Array,
    comparisons: Comparisons,
    kernel: Matern32,
    noise_prior: Gamma,
    start: Settings | None = None,
) -> Settings:
    """The settings with the highest posterior density, searched from ``start``."""
    from scipy.optimize import minimize

    columns = x.shape[1]
    if start is None or len(start.lengthscales) != columns:
        start = Settings(kernel.likely(columns), noise_prior.mode)
    x, comparisons = some(x, comparisons)
    found = minimize(
        Objective(x, comparisons, kernel, noise_prior),
        np.log(np.append(start.lengthscales, start.noise)),
        jac=True,
        method="L-BFGS-B",
        bounds=[tuple(np.log(LENGTHSCALES))] * columns + [tuple(np.log(NOISE))],
        options={"maxiter": STEPS, "maxfun": STEPS, "ftol": 1e-5, "gtol": 1e-2},
    )
    return Settings(np.exp(found.x[:-1]), float(np.exp(found.x[-1])))


def some(x: Array, comparisons: Comparisons) -> tuple[Array, Comparisons]:
    """The rows and comparisons, or those of the earliest and of the latest rows: about `ROWS`."""
    if len(x) <= ROWS:
        return x, comparisons
    return comparisons.only(x, outer(comparisons.rows, ROWS))
