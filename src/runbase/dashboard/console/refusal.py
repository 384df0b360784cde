"""Whether queries may run, found out beside those who want to know."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

#: Seconds until a database that was away is asked again.
RETRY = 20.0


class Refusal:
    """Why there are no queries, if so: asked once, and again while it cannot be asked.

    Args:
        ask: gives the reason, or None where queries may run. What it raises is a reason, too, but
            one that may pass.
    """

    def __init__(self, ask: Callable[[], str | None]) -> None:
        self._ask = ask
        self._reason: str | None = None
        #: When to ask again, by the clock of `time.monotonic`.
        self._known_until = -math.inf
        self._lock = threading.Lock()
        self._asking: threading.Thread | None = None

    def known(self) -> str | None:
        """The last reason that was found, without waiting; None as long as nothing is known."""
        self._begin()
        return self._reason

    def found(self) -> str | None:
        """The reason; waits while it is being asked for."""
        if (asking := self._begin()) is not None:
            asking.join()
        return self._reason

    def _begin(self) -> threading.Thread | None:
        """Who asks at the moment: one at a time, however many want to know."""
        with self._lock:
            if self._asking is not None and self._asking.is_alive():
                return self._asking
            if time.monotonic() <= self._known_until:
                return None
            self._asking = threading.Thread(target=self._find_out, daemon=True)
            self._asking.start()
            return self._asking

    def _find_out(self) -> None:
        try:
            self._reason, self._known_until = self._ask(), math.inf
        except Exception as error:  # whatever it is: nobody said that queries are safe
            self._reason, self._known_until = str(error), time.monotonic() + RETRY
