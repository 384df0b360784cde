"""Work that may take long: in threads of its own, and ended when nobody waits for it any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from starlette.requests import Request

from ..stop import Stop

T = TypeVar("T")
#: What comes beyond waits, so that pages stay quick.
THREADS = 4
GONE = "the request was given up"


class Slow:
    """The threads for slow work of one server.

    Args:
        is_told: whether the server says that a request was given up.
    """

    def __init__(self, is_told: bool) -> None:
        self.is_told = is_told
        self._threads: ThreadPoolExecutor | None = None

    async def run(self, request: Request, work: Callable[[Stop], T]) -> T:
        """What ``work`` returns, which is stopped when the request is given up."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, "runbase-slow")
        stop = Stop()
        result = asyncio.wrap_future(self._threads.submit(work, stop))
        try:
            if self.is_told:
                await self._watch(request, result, stop)
            return await asyncio.shield(result)
        except asyncio.CancelledError:  # the server ends
            stop(GONE)
            raise

    async def _watch(self, request: Request, result: asyncio.Future[T], stop: Stop) -> None:
        gone = asyncio.ensure_future(_gone(request))
        try:
            both: set[asyncio.Future[Any]] = {result, gone}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if not result.done():
                await asyncio.to_thread(stop, GONE)
        finally:
            gone.cancel()

    def close(self) -> None:
        """Let the threads end."""
        threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=False, cancel_futures=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
