"""Buffered logging: the call only takes the values, a thread writes them every few moments.

What a killed process loses is at most the last ``flush_interval`` seconds.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
import threading
import weakref
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .db import Database
from .errors import (
    ConnectionFailedError,
    DiskFullError,
    NotFoundError,
    RunbaseError,
    logger,
)
from .store import metrics
from .store.points import Entry, Names, check, entry, is_plain_place, plain_numbers

BATCH = 5_000  # points that are written without waiting for the interval to end
BACKLOG = 2 * BATCH  # points at which the caller helps, instead of letting the queue grow
LIMIT = 1_000_000  # points that are kept while the database is away
PASSING = (ConnectionFailedError, DiskFullError)  # after which points are kept


class Buffer:
    """Points on their way into the database."""

    def __init__(self, db: Database, interval: float) -> None:
        self.db, self.interval = db, interval
        self._start_empty()
        _buffers.add(self)

    def _start_empty(self) -> None:
        self._queue: deque[Entry] = deque()
        self._updated: dict[int, datetime | str | None] = {}
        self._checked: set[Names] = set()  # sets of names that were found to be good
        self._writing = threading.RLock()
        self._wake = threading.Event()
        self._urgent = False  # somebody waits for everything to be written
        self._thread: threading.Thread | None = None
        self._error: RunbaseError | None = None

    def add(
        self,
        run_id: int,
        values: Mapping[str, Any],
        step: int = 0,
        progress: float = 0.0,
        updated: datetime | None | str = "auto",
    ) -> None:
        """Take one point, and the time for ``runs.time_updated``: "auto" is when it is written.

        Raises:
            InvalidValueError: it cannot be stored.
            RunbaseError: an earlier point could not be written.
        """
        if self._error is not None:
            self._raise()
        names, numbers = tuple(values), plain_numbers(values.values())
        if numbers is not None and names in self._checked and is_plain_place(step, progress):
            self._queue.append((names, (run_id, step, progress, *numbers)))
        else:
            point = check(run_id, values, step, progress)
            self._checked.add(tuple(point.metrics))
            self._queue.append(entry(point))
        if updated is not None:
            self._updated[run_id] = updated if updated == "auto" else metrics.as_time(updated)
        if self._thread is None:
            self._start()
        elif len(self._queue) >= BATCH:
            self._wake.set()
            if len(self._queue) >= BACKLOG and not self.db.session.in_block:
                self._write_in_background()

    def flush(self) -> None:
        """Write everything taken so far, in this thread.

        In a transaction of the user this does nothing: the points are written when it ended.

        Raises:
            RunbaseError: it could not be written.
        """
        if self.db.session.in_block:
            return
        self._urgent = True  # the thread lets go after its batch, or it could hold on for ever
        with self._writing:
            self._urgent = False
            left = len(self._queue)  # what other threads add from now on is not waited for
            while left > 0 and self._queue:
                left -= self._write()
            self._raise()

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _start(self) -> None:
        self._thread = threading.Thread(
            target=self._run, args=(weakref.ref(self),), name="runbase-buffer", daemon=True
        )
        self._thread.start()

    @staticmethod
    def _run(reference: weakref.ref[Buffer]) -> None:
        while (buffer := reference()) is not None:
            wake, interval = buffer._wake, buffer.interval
            del buffer
            wake.wait(interval)
            wake.clear()
            if (buffer := reference()) is not None:
                buffer._write_in_background()
                del buffer

    def _write_in_background(self) -> None:
        try:
            while self._queue and not self._urgent:
                self._write()
        except ConnectionFailedError as error:
            logger().warning("%s; %d points wait to be written", error, len(self._queue))
            if len(self._queue) > LIMIT:
                self._error = error
        except RunbaseError as error:
            self._error = error
        except Exception as error:
            self._error = RunbaseError(f"points could not be written: {error}")

    def _write(self) -> int:
        """Write a batch, and return how many points it had."""
        with self._writing:
            # Points leave the queue when they are committed, or turn out to be impossible:
            # should a signal handler flush in between, they are written twice, to one effect.
            batch = first(self._queue, BATCH)
            times = {id: self._updated.pop(id) for id in list(self._updated)}
            try:
                self._write_batch(batch)
            except PASSING:
                self._updated = times | self._updated
                raise
            except Exception:
                self._discard(batch)
                raise
            metrics.touch_all(self.db, times)
            self._discard(batch)
            if isinstance(self._error, PASSING):
                self._error = None
            return len(batch)

    def _write_batch(self, batch: list[Entry]) -> None:
        try:
            metrics.write_entries(self.db, batch)
        except NotFoundError as missing:
            # A run was deleted: the others' points are written all the same.
            by_run: dict[int, list[Entry]] = {}
            for item in batch:
                by_run.setdefault(item[1][0], []).append(item)
            if len(by_run) == 1:
                raise
            for entries in by_run.values():
                with contextlib.suppress(NotFoundError):
                    metrics.write_entries(self.db, entries)
            raise missing from None

    def _discard(self, batch: list[Entry]) -> None:
        for item in batch:
            if not self._queue or self._queue[0] is not item:
                return  # a signal handler has written and discarded them
            self._queue.popleft()


def first(queue: deque[Entry], count: int) -> list[Entry]:
    """The first items of a queue to which other threads append."""
    while True:
        try:
            return list(itertools.islice(queue, count))
        except RuntimeError:  # one came between the first step of this and the next
            continue


_buffers: weakref.WeakSet[Buffer] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for buffer in list(_buffers):
        buffer._start_empty()  # what was in the queue is the parent's to write


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


@atexit.register
def _flush_all() -> None:
    for buffer in list(_buffers):
        try:
            buffer.flush()
        except RunbaseError:
            logger().exception("points were lost at the end of the program")
