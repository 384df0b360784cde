"""How alike the utilities of two points are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array
from .priors import LENGTHSCALE_PRIOR, Gamma

ROOT3 = 3**0.5


@dataclass(frozen=True)
class Matern32:
    """Matern kernel with smoothness 3/2, unit variance and a lengthscale for each column.

    ``k(x, y) = (1 + sqrt(3) r) exp(-sqrt(3) r)`` with ``r**2 = sum(((x - y) / lengthscale)**2)``
    (Rasmussen and Williams 2006, equation 4.17). The lengthscales are learnt, in units of the box
    that the parameters' ranges are mapped to. The prior acts on each of them divided by the square
    root of the number of columns: points of a box are the further apart the more columns it has,
    and with fixed lengthscales nothing would be learnt from any other point (Hvarfner et al. 2024,
    "Vanilla Bayesian Optimization Performs Great in High Dimensions").
    """

    lengthscale_prior: Gamma = LENGTHSCALE_PRIOR

    def log_prior(self, log_lengthscales: Array) -> tuple[float, Array]:
        """The log prior density, summed up to a constant, and its gradient by the logarithms."""
        root = 0.5 * np.log(len(log_lengthscales))
        return self.lengthscale_prior.log_density(log_lengthscales - root)

    def likely(self, columns: int) -> Array:
        """The lengthscales that are most likely before there is an answer."""
        return np.full(columns, columns**0.5 * self.lengthscale_prior.mode)

    def matrix(self, x: Array, y: Array, lengthscales: Array) -> Array:
        """The covariance of each row of ``x`` with each row of ``y``."""
        r = distances(x / lengthscales, y / lengthscales)
        r *= ROOT3
        decay = np.exp(-r)
        r += 1
        r *= decay
        return r

    def slope(self, x: Array, y: Array, lengthscales: Array) -> Array:
        """The factor of ``(x - y) / lengthscale**2`` in the gradient of ``k`` by ``x``."""
        return -3 * np.exp(-ROOT3 * distances(x / lengthscales, y / lengthscales))

    def gradient(self, x: Array, lengthscales: Array, weights: Array) -> Array:
        """The gradient of ``sum(weights * k(x, x))`` by the logarithms of the lengthscales.

        ``weights`` is symmetric.
        """
        scaled = x / lengthscales
        each = -weights * self.slope(x, x, lengthscales)
        squares = each.sum(0) @ scaled**2 - np.einsum("id,id->d", scaled, each @ scaled)
        gradient: Array = 2 * squares
        return gradient


def distances(x: Array, y: Array) -> Array:
    """The distance of each row of ``x`` to each row of ``y``.

    Columns are subtracted one by one: the shorter way, by products, loses small distances.
    """
    squares = np.zeros((len(x), len(y)))
    for one, other in zip(x.T, y.T, strict=True):
        difference = one[:, None] - other[None, :]
        difference *= difference
        squares += difference
    return np.sqrt(squares, out=squares)
