"""What one answer says about the difference of two utilities.

A person sees the difference with noise of variance ``noise``, and prefers the first if what they
see is above 0 (Thurstone 1927; Chu and Ghahramani 2005, "Preference learning with Gaussian
processes"). They call two "about equal" if what they see is within one standard deviation of their
noise of 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtri_exp

from ..arrays import Array, Flags

LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)


class Moments(NamedTuple):
    """Log probability of each answer, and its derivatives."""

    log: Array
    #: By the mean of the difference, once, and twice with the sign turned.
    slope: Array
    bend: Array
    #: By the variance of the noise.
    by_noise: Array


def moments(mean: Array, variance: Array, noise: float, tied: Flags) -> Moments:
    """The probability of answers about normal differences."""
    total = variance + noise
    scale = np.sqrt(total)
    z = mean / scale
    log = log_ndtr(z)
    ratio = hazard(z)
    slope = ratio / scale
    bend = ratio * np.maximum(ratio + z, 0) / total
    by_noise = -0.5 * ratio * z / total
    if tied.any():
        some = _tie_moments(mean[tied], scale[tied], noise)
        for array, values in zip((log, slope, bend, by_noise), some, strict=True):
            array[tied] = values
    return Moments(log, slope, bend, by_noise)


def hazard(z: Array) -> Array:
    """The density of the standard normal over its distribution function."""
    with np.errstate(over="ignore"):  # erfcx is infinite far to the right, where the ratio is 0.
        ratio: Array = np.sqrt(2 / np.pi) / erfcx(-z * np.sqrt(0.5))
    return ratio


def _tie_moments(mean: Array, scale: Array, noise: float) -> Moments:
    """The same for ``|difference + noise| < sqrt(noise)``; symmetric, so seen from the left."""
    sign = np.where(mean > 0, -1.0, 1.0)
    left = -np.abs(mean)
    width = np.sqrt(noise)
    low, high = (-width - left) / scale, (width - left) / scale
    # Both ends are mirrored: the mass lies to the right, and logarithms of the tails keep digits.
    log = subtract_logs(log_ndtr(-low), log_ndtr(-high))
    at_low = np.exp(-0.5 * low**2 - LOG_ROOT_2PI - log)
    at_high = np.exp(-0.5 * high**2 - LOG_ROOT_2PI - log)
    slope = (at_low - at_high) / scale
    bend = slope**2 + (high * at_high - low * at_low) / scale**2
    bend = np.clip(bend, 1e-12, 1 / scale**2)
    by_width = (at_low + at_high) / scale
    by_noise = 0.5 * (slope**2 - bend) + by_width * 0.5 / width
    return Moments(log, sign * slope, bend, by_noise)


def subtract_logs(larger: Array, smaller: Array) -> Array:
    """``log(exp(larger) - exp(smaller))``."""
    gap: Array = larger + np.log(-np.expm1(np.minimum(smaller - larger, -1e-300)))
    return gap


def draw_seen(mean: Array, noise: float, tied: Flags, rng: np.random.Generator) -> Array:
    """What a person saw when they gave each answer: normal around ``mean``, truncated to agree.

    By the inverse of the distribution function on a logarithmic scale, which holds in both tails.
    """
    scale = np.sqrt(noise)
    uniform = rng.random(len(mean))
    uniform = np.maximum(uniform, 1e-300)
    z = mean / scale
    seen = mean - scale * ndtri_exp(log_ndtr(z) + np.log(uniform))
    if tied.any():
        # Within (-1, 1) in units of the noise, again seen from the side where the tails are thin.
        sign = np.where(z[tied] > 0, -1.0, 1.0)
        left = -np.abs(z[tied])
        outer, inner = log_ndtr(left - 1), log_ndtr(left + 1)
        share = uniform[tied]
        logs = np.logaddexp(outer + np.log(share), inner + np.log1p(-np.minimum(share, 1 - 1e-16)))
        seen[tied] = sign * scale * np.clip(left - ndtri_exp(logs), -1, 1)
    seen[~tied] = np.maximum(seen[~tied], 0)
    drawn: Array = seen
    return drawn
