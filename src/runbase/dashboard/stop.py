"""Ends work that nobody waits for any more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stop:
    """Says that work should end, and why; whoever does the work tells how it is ended."""

    def __init__(self) -> None:
        #: Why the work should end; None as long as it may go on.
        self.why: str | None = None
        self._lock = threading.Lock()
        self._end: Callable[[], None] | None = None

    def __call__(self, why: str) -> None:
        """End the work. The first reason counts."""
        with self._lock:
            if self.why is None:
                self.why = why
                if self._end is not None:
                    self._end()

    @contextmanager
    def calling(self, end: Callable[[], None]) -> Iterator[None]:
        """A block that ``end``, called from another thread, ends; it is not called after it."""
        with self._lock:
            self._end = end
            if self.why is not None:
                end()
        try:
            yield
        finally:
            with self._lock:
                self._end = None
