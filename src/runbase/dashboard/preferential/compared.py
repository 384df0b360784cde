"""The answers that a model can learn from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from . import attrs
from .arrays import Rows
from .attrs import Attrs, Pair


def compared(
    stored: Attrs, is_usable: Callable[[int], bool]
) -> tuple[list[int], list[Pair], list[Pair]]:
    """Numbers of the trials that were compared, growing, and pairs and ties of their places there.

    Answers about a trial that is not usable are left out. The others are sorted, since storages
    have them in any order and random numbers belong to them by place.
    """
    said = attrs.pairs(stored), attrs.ties(stored)
    usable = set(filter(is_usable, {number for found in said for pair in found for number in pair}))
    kept = [sorted(pair for pair in found if usable.issuperset(pair)) for found in said]
    numbers = sorted({number for found in kept for pair in found for number in pair})
    places = {number: place for place, number in enumerate(numbers)}
    pairs, ties = ([(places[a], places[b]) for a, b in found] for found in kept)
    return numbers, pairs, ties


def outer(pairs: Rows, most: int) -> Rows:
    """The places of the pairs of the earliest and of the latest rows, which are about so many.

    The earliest rows are all over the box, the latest are where people like it.
    """
    both = np.sort(pairs, axis=1)
    order = np.lexsort(both.T)
    inwards = np.stack([order, order[::-1]], axis=1).ravel()[: len(order)]
    _, begins = np.unique(both[inwards], return_index=True)
    last = np.sort(begins)[:most][-1]
    return inwards[: last // 2 + 1]
