"""Long curves that were read before: of many runs that are drawn, few have changed since."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

import numpy as np

from ..db import Database
from .columns.table import Floats

#: Rows of numbers that are kept at most, 32 bytes each.
MOST = 1_000_000


class Kept:
    """Tables of numbers by key; those that nobody asked for longest are forgotten."""

    def __init__(self) -> None:
        self._tables: OrderedDict[Hashable, Floats] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> list[Any] | None:
        """The rows under a key."""
        with self._lock:
            table = self._tables.get(key)
            if table is None:
                return None
            self._tables.move_to_end(key)
        rows: list[Any] = table.tolist()
        return rows

    def put(self, key: Hashable, rows: list[Any]) -> None:
        """Keep the rows under a key."""
        table = np.array(rows, dtype=np.float64)
        with self._lock:
            if (old := self._tables.pop(key, None)) is not None:
                self._size -= len(old) + 1
            self._tables[key] = table
            self._size += len(table) + 1  # a key is kept, too
            while self._size > MOST:
                self._size -= len(self._tables.popitem(last=False)[1]) + 1


def kept(db: Database) -> Kept:
    """What is kept of a database."""
    found: Kept = db.memo.setdefault("kept curves", Kept())
    return found
