"""Notices that a database has changed, whoever wrote."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from ..errors import logger
from .signs import Signs

if TYPE_CHECKING:
    from ..client import Client
    from ..sources.optuna.mirror import Mirror

#: Seconds between two looks while something happens, and after a minute without.
BUSY = {"sqlite": 0.1, "postgresql": 0.25, "mysql": 0.25}
IDLE, CALM = 0.4, 60.0
#: Looking takes a fifth of the time at most, but waits no longer than this; reading what is new
#: in a mirrored storage may take long.
SHARE, LONGEST, LONGEST_OF_MIRROR = 4.0, 0.5, 5.0
#: Seconds until a database that is away is tried again, at first and at most.
RETRY, LONGEST_RETRY = 0.25, 5.0
#: Ticks of other processes, or of an earlier one, may be so many milliseconds apart from ours.
MARGIN = 2000


class News(NamedTuple):
    """What changed since a tick."""

    tick: int
    #: Versions by id.
    experiments: dict[int, int]
    deleted: list[int]


class Watcher:
    """One per database, for all pages: knows the versions of experiments and counts changes.

    A thread looks at the database as long as somebody listens. Ticks are times, in milliseconds
    since 1970 and with a mark of the process: so a page whose server was started again, or which
    is served by several processes, gets all that it missed.
    """

    def __init__(self, client: Client, mirror: Mirror | None = None) -> None:
        self.client, self.mirror = client, mirror
        self._mark = int.from_bytes(os.urandom(2), "big") % 1000
        #: Grows with every change of anything in the database.
        self.tick = 0
        self._signs: Signs | None = None
        self._sign: Hashable = None
        self._since = 0.0
        self._versions: dict[int, Hashable] = {}
        self._changed: dict[int, int] = {}
        self._deleted: dict[int, int] = {}
        self._looking = threading.RLock()
        self._listeners: set[Callable[[], None]] = set()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def look(self) -> int:
        """Look now whether something changed, and return the tick.

        Raises:
            DatabaseError: the database cannot be reached.
        """
        with self._looking:
            found = self._look()
        if found:
            self._tell()
        return self.tick

    def is_settled(self) -> bool:
        """Whether all that the tick stands for is sure to be seen by whoever reads now."""
        with self._looking:
            signs = self._signs
            return signs is not None and time.monotonic() - self._since >= signs.settles

    def since(self, tick: int) -> News:
        """What changed after a tick, as of the last look; everything, if the tick is unknown."""
        with self._looking:
            if tick % 1000 != self._mark:
                tick -= MARGIN * 1000
            changed = {
                id: v if isinstance(v, int) else self._changed[id]
                for id, v in self._versions.items()
                if self._changed[id] > tick
            }
            return News(self.tick, changed, [i for i, t in self._deleted.items() if t > tick])

    @contextmanager
    def listening(self, listener: Callable[[], None]) -> Iterator[None]:
        """Call ``listener``, from any thread, whenever the tick has grown, and at the end."""
        with self._looking:
            self._listeners.add(listener)
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(
                    target=self._watch, name="runbase-watcher", daemon=True
                )
                self._thread.start()
        try:
            yield
        finally:
            with self._looking:
                self._listeners.discard(listener)

    @property
    def is_closed(self) -> bool:
        """Whether nobody should wait for news any more."""
        return self._closed.is_set()

    def end(self) -> None:
        """Tell all listeners to go."""
        self._closed.set()
        self._tell()

    def close(self) -> None:
        """Stop."""
        self.end()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(LONGEST_OF_MIRROR)
        with self._looking:
            if self._signs is not None:
                self._signs.close()

    def _look(self) -> bool:
        now = time.time_ns() // 1_000_000  # before the look: what comes later has a later tick
        if self.mirror is not None and (not self.tick or self.mirror.changed()):
            self.mirror.sync()
        if self._signs is None:
            self._signs = Signs(self.client.db)
        sign = self._signs.sign()
        if sign == self._sign and self.tick:
            return False
        versions = self._signs.versions()
        tick = max(now, self.tick // 1000 + 1) * 1000 + self._mark
        for id, version in versions.items():
            if self._versions.get(id) != version:
                self._changed[id] = tick
                self._deleted.pop(id, None)
        for id in self._versions.keys() - versions.keys():
            self._deleted[id] = tick
            del self._changed[id]
        self._versions, self._sign, self.tick = versions, sign, tick
        self._since = time.monotonic()
        return True

    def _tell(self) -> None:
        for listener in list(self._listeners):
            listener()

    def _watch(self) -> None:
        pause, retry = 0.0, RETRY
        while not self._closed.wait(pause):
            with self._looking:
                if not self._listeners:
                    self._thread = None
                    return
            begun = time.monotonic()
            try:
                self.look()
            except Exception as error:
                logger().warning("looking for changes: %s; trying again", error)
                pause, retry = retry, min(2 * retry, LONGEST_RETRY)
            else:
                pause, retry = self._pause(time.monotonic() - begun), RETRY

    def _pause(self, took: float) -> float:
        is_calm = time.monotonic() - self._since > CALM
        usual = IDLE if is_calm else BUSY[self.client.engine.dialect]
        longest = LONGEST if self.mirror is None else LONGEST_OF_MIRROR
        return min(max(usual, SHARE * took), longest)
