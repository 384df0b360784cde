"""Choosing the trials that a chart shows, where there are more than a screen can."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..api.types import Sample
from .types import Bools, Floats

Places = NDArray[np.intp]


def chosen(
    places: Places, losses: Floats, limit: int, sample: Sample, notable: Bools | None = None
) -> Places:
    """At most ``limit`` of the trials at ``places``, in their order; see ``get_columns``.

    Args:
        places: of the trials to choose from, growing.
        losses: what is to be low, of all trials; NaN without.
        limit: how many at most.
        sample: which ones.
        notable: trials that "spread" keeps.
    """
    if len(places) <= limit:
        return places
    if sample == "latest":
        return places[-limit:]
    if sample == "best":
        order = np.argsort(losses[places], kind="stable")[:limit]
        return np.sort(places[order])
    kept = places[notable[places]] if notable is not None else places[:0]
    kept = _thinned(np.union1d(kept, places[[0, -1]]), limit // 2)
    # Extremes alone would leave an empty band between the high and the low ones.
    rest = limit - len(kept)
    spread = np.union1d(_extremes(places, losses, rest // 4), _thinned(places, rest // 2))
    return np.union1d(kept, spread)


def _thinned(places: Places, limit: int) -> Places:
    """Every so many, where there are more than the limit."""
    if len(places) <= limit:
        return places
    return places[np.unique(np.linspace(0, len(places) - 1, max(limit, 1)).astype(np.intp))]


def _extremes(places: Places, losses: Floats, stretches: int) -> Places:
    """The lowest and the highest of each stretch."""
    if stretches < 1:
        return places[:0]
    width = -(-len(places) // stretches)
    rows = -(-len(places) // width)
    padded = np.full(rows * width, np.nan)
    padded[: len(places)] = losses[places]
    table = padded.reshape(rows, width)
    there = ~np.isnan(table)
    first = np.arange(rows) * width
    low = first + np.where(there, table, np.inf).argmin(axis=1)
    high = first + np.where(there, table, -np.inf).argmax(axis=1)
    at = np.unique(np.concatenate([low, high]))
    found: Places = places[at[at < len(places)]]
    return found
