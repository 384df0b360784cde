"""User attributes of all trials: which there are, and the columns of those that were asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from . import read
from .base import Places
from .codes import Codes


class Key(NamedTuple):
    """A user attribute: how many finished trials have it, and whether all values are numbers."""

    finished: int
    is_numeric: bool


class Attrs:
    """Keys of attributes, and columns by key."""

    def __init__(self) -> None:
        self.keys: dict[str, Key] | None = None
        self.codes: dict[str, Codes] = {}

    def copy(self, size: int) -> Attrs:
        """A copy with room for more trials."""
        new = Attrs()
        new.keys = None if self.keys is None else dict(self.keys)
        new.codes = {key: codes.copy(size) for key, codes in self.codes.items()}
        return new

    def patch(self, rows: Sequence[Any], places: Places, finished: set[int]) -> None:
        """Set attributes of changed trials.

        Args:
            rows: id of the trial, key and JSON.
            places: where trials are.
            finished: ids of those that have just finished.
        """
        for id, key, text in rows:
            if self.keys is not None:
                known = self.keys.get(key, Key(0, True))
                is_numeric = known.is_numeric and read.is_number(text)
                self.keys[key] = Key(known.finished + (id in finished), is_numeric)
            if (codes := self.codes.get(key)) is not None:
                at, _ = places.of(np.array([id], np.int64))
                codes.put(at, [json.loads(text)] if len(at) else [])
