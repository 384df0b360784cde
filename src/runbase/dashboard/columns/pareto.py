"""Which of many points nothing dominates."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np

from .types import Bools, Floats, Ints


def front(points: Floats) -> Bools:
    """Which rows no other row dominates: lower is better, and equal rows do not dominate.

    Args:
        points: one row each, without NaN.
    """
    if not len(points) or not points.shape[1]:
        return np.zeros(len(points), np.bool_)
    if points.shape[1] == 1:
        best: Bools = points[:, 0] == points[:, 0].min()
        return best
    # Places instead of numbers: infinities and different scales make no difference to dominance.
    places = np.stack([np.unique(column, return_inverse=True)[1] for column in points.T], axis=1)
    order = np.lexsort(places.T[::-1])
    places = places[order]
    is_new = np.ones(len(places), np.bool_)
    is_new[1:] = np.any(places[1:] != places[:-1], axis=1)
    found = {2: _two, 3: _three}.get(places.shape[1], _many)(places[is_new])
    on_front = np.zeros(len(points), np.bool_)
    on_front[order] = found[np.cumsum(is_new) - 1]
    return on_front


def _two(places: Ints) -> Bools:
    """Of sorted, different rows: whose second number is lower than all before."""
    second = places[:, 1]
    found = np.ones(len(second), np.bool_)
    found[1:] = second[1:] < np.minimum.accumulate(second)[:-1]
    return found


def _three(places: Ints) -> Bools:
    """Of sorted, different rows: those below the steps that the rows before make in the last two.

    The steps go down from left to right.
    """
    found = np.zeros(len(places), np.bool_)
    lefts: list[int] = []
    heights: list[int] = []
    for i, (x, y) in enumerate(places[:, 1:].tolist()):
        at = bisect_right(lefts, x)
        if at and heights[at - 1] <= y:
            continue
        found[i] = True
        first = end = bisect_left(lefts, x)
        while end < len(heights) and heights[end] >= y:
            end += 1
        lefts[first:end], heights[first:end] = [x], [y]
    return found


def _many(places: Ints) -> Bools:
    """Each point that is left with the lowest sum is on the front, and takes others away."""
    left = np.argsort(places.sum(axis=1), kind="stable")
    points = np.ascontiguousarray(places[left])
    found = np.zeros(len(places), np.bool_)
    while len(left):
        found[left[0]] = True
        keep = np.zeros(len(left), np.bool_)
        for column in points.T:
            keep |= column < column[0]
        left, points = left[keep], points[keep]
    return found
