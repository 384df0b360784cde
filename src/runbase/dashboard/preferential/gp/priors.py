"""Beliefs about the model's parameters before there is an answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..arrays import Array


@dataclass(frozen=True)
class Gamma:
    """Gamma distribution with density proportional to ``x**(concentration - 1) exp(-rate x)``.

    Raises:
        ValueError: the concentration is not above 1 (the density would have no mode), or the rate
            is not above 0.
    """

    concentration: float
    rate: float

    def __post_init__(self) -> None:
        if not (1 < self.concentration < math.inf and 0 < self.rate < math.inf):
            raise ValueError(
                f"{self} has no mode: give a concentration above 1 and a rate above 0."
            )

    @property
    def mode(self) -> float:
        """The most likely value."""
        return (self.concentration - 1) / self.rate

    def log_density(self, log_x: Array) -> tuple[float, Array]:
        """The log density of the values ``exp(log_x)``, summed up to a constant, and its gradient
        by ``log_x``.

        The density is that of the value itself, without the Jacobian of the logarithm.
        """
        x = np.exp(log_x)
        value = np.sum((self.concentration - 1) * log_x - self.rate * x)
        return float(value), (self.concentration - 1) - self.rate * x


#: Of a lengthscale in a box with one column, whose sides have length 1.
LENGTHSCALE_PRIOR = Gamma(5.0, 10.0)

#: Of the variance of a person's noise, beside which the prior variance of a utility is 1.
NOISE_PRIOR = Gamma(5.0, 50.0)
