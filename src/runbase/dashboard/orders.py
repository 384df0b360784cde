"""Ids of runs in the orders that tables of runs have."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from .. import search
from . import reading

if TYPE_CHECKING:
    from .board import Board

#: Ids that are kept, of the orders that were asked for last.
MOST = 2_000_000


class Order(NamedTuple):
    """Which runs, and in which order."""

    experiment: int | None
    filter: str = ""
    sort: str = "id"
    descending: bool = True


class Orders:
    """Ids of runs in their orders, kept until something is written: scrolling reads only rows.

    Of several who ask for the same order at the same time one reads it, and the others wait.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Order, tuple[int, list[int]]] = OrderedDict()
        self._reading: dict[Order, threading.Lock] = {}
        self._lock = threading.Lock()

    def ids(self, board: Board, order: Order) -> list[int]:
        """All ids in their order.

        Raises:
            NotFoundError: there is no such experiment.
            InvalidValueError: the filter or the column is wrong.
        """
        with self._lock:
            own = self._reading.setdefault(order, threading.Lock())
        with own:
            try:
                return self._ids(board, order)
            finally:
                with self._lock:
                    self._reading.pop(order, None)

    def _ids(self, board: Board, order: Order) -> list[int]:
        tick, is_settled = board.watcher.look(), board.watcher.is_settled()
        with self._lock:
            kept = self._kept.get(order)
        if kept is not None and kept[0] == tick:
            return kept[1]
        if order.experiment is not None:
            reading.experiment(board.db, order.experiment)  # or there is no such experiment
        found = search.ids(board.db, *order)
        if is_settled:
            self._keep(order, tick, found)
        return found

    def _keep(self, order: Order, tick: int, found: list[int]) -> None:
        with self._lock:
            self._kept[order] = tick, found
            self._kept.move_to_end(order)
            total = sum(len(ids) for _, ids in self._kept.values())
            while total > MOST and len(self._kept) > 1:
                total -= len(self._kept.popitem(last=False)[1][1])
