"""The answers as differences of utilities between rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays import Array, Rows


class Comparisons:
    """Pairs (better, worse) of rows, then ties: a matrix with a +1 and a -1 in each of its rows.

    Raises:
        ValueError: a row is not there, or is compared with itself.
    """

    def __init__(
        self,
        count: int,
        pairs: Sequence[tuple[int, int]] | Rows,
        ties: Sequence[tuple[int, int]] | Rows = (),
    ) -> None:
        both = [np.asarray(rows, dtype=np.intp).reshape(-1, 2) for rows in (pairs, ties)]
        rows = np.concatenate(both)
        if rows.size and (rows.min() < 0 or rows.max() >= count):
            raise ValueError(f"A comparison names a row that is not there: there are {count} rows.")
        if (rows[:, 0] == rows[:, 1]).any():
            raise ValueError("A row is compared with itself: name two different rows.")
        self.count = count
        self.first, self.second = rows.T.copy()
        self.tied = np.arange(len(rows)) >= len(both[0])

    def __len__(self) -> int:
        return len(self.first)

    @property
    def rows(self) -> Rows:
        """The two rows of each comparison."""
        return np.stack([self.first, self.second], axis=1)

    def only(self, x: Array, some: Rows) -> tuple[Array, Comparisons]:
        """Some of the comparisons, and the rows of ``x`` that they are about."""
        pairs = self.rows[some]
        rows, places = np.unique(pairs, return_inverse=True)
        places, tied = places.reshape(pairs.shape), self.tied[some]
        return x[rows], Comparisons(len(rows), places[~tied], places[tied])

    def differences(self, utilities: Array) -> Array:
        """First minus second of each comparison."""
        difference: Array = utilities[self.first] - utilities[self.second]
        return difference

    def collect(self, values: Array) -> Array:
        """For each row what it gets from its comparisons: the transpose of `differences`."""
        won = np.bincount(self.first, values, self.count)
        return np.asarray(won - np.bincount(self.second, values, self.count), dtype=float)

    def variances(self, covariance: Array) -> Array:
        """The variance of each difference."""
        diagonal = covariance.diagonal()
        mixed = covariance[self.first, self.second]
        spread: Array = np.maximum(diagonal[self.first] + diagonal[self.second] - 2 * mixed, 1e-12)
        return spread

    def precision(self, weights: Array) -> Any:
        """The sparse matrix of ``sum(weights * differences(f)**2)`` as a form of ``f``."""
        from scipy.sparse import coo_array

        rows = np.concatenate([self.first, self.second, self.first, self.second])
        columns = np.concatenate([self.first, self.second, self.second, self.first])
        values = np.concatenate([weights, weights, -weights, -weights])
        return coo_array((values, (rows, columns)), shape=(self.count, self.count)).tocsr()
