"""``/api/events``: tells open pages of changes, by server-sent events."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ..api.meta import changes
from ..board import Board
from .problems import problem

#: Streams that one server keeps open; a browser has one for each page.
MOST = 200
#: Seconds between two events at least, and between two signs of life at most.
APART, PING = 0.1, 15.0
#: Seconds by which messages to pages are spread: for each open page, and at most.
EACH, MOST_APART = 0.005, 0.4
RETRY = b"retry: 1000\n\n"
#: Larger than the tick of any time.
LARGEST = 2**63


class Events:
    """The streams of one server."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.open = 0

    async def answer(self, request: Request) -> Response:
        """A stream of what changes after ``Last-Event-ID`` or ``?since=``."""
        if not self.board.streams:
            return problem(404, "this server cannot keep answers open: ask /api/changes instead")
        text = request.headers.get("last-event-id") or request.query_params.get("since") or "0"
        if not (text.isascii() and text.isdecimal() and int(text) < LARGEST):
            return problem(400, f"since is a tick of an earlier event, not {text[:40]!r}")
        if self.open >= MOST:
            return problem(503, f"there are {MOST} open pages already: close some")
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(
            self._stream(int(text)), headers=headers, media_type="text/event-stream"
        )

    def _pause(self) -> float:
        """Seconds until the next message; many pages do not all ask in the same moment."""
        return APART + random.uniform(0, min(self.open * EACH, MOST_APART))

    async def _stream(self, tick: int) -> AsyncIterator[bytes]:
        watcher, loop, woken = self.board.watcher, asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(woken.set)

        self.open += 1
        try:
            with watcher.listening(wake):
                yield RETRY
                while not watcher.is_closed:
                    woken.clear()
                    if watcher.tick > tick:
                        found = changes(self.board, tick)
                        tick = found.tick
                        yield b"id: %d\ndata: %s\n\n" % (tick, msgspec.json.encode(found))
                        await asyncio.sleep(self._pause())
                    elif not await _is_set(woken, PING):
                        yield b":\n\n"
        finally:
            self.open -= 1


async def _is_set(event: asyncio.Event, timeout: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), timeout)
    except TimeoutError:
        return False
    return True
