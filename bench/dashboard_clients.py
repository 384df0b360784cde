"""Many browsers, without what they draw: each follows the events and asks what a page asks."""

from __future__ import annotations

import asyncio
import gzip
import re
import sys
import time
from urllib.parse import urlsplit

from bench.contest import Figures, main
from bench.dashboard_http import SINCE

#: Seconds from one refresh to the next, as pages keep them.
QUIET = 0.5
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
VERSION = re.compile(rb'"version":(\d+)')


class Browser:
    """One page: its stream of events, and a connection for what it asks."""

    def __init__(self, root: str, paths: list[str], seconds: list[float]) -> None:
        self.host = urlsplit(root).netloc
        self.paths, self.seconds = list(paths), seconds
        self.woken = asyncio.Event()

    async def open(self) -> None:
        """Connect, and ask for everything once."""
        host, port = self.host.split(":")
        self.events, self.stream = await asyncio.open_connection(host, int(port))
        self._send(self.stream, f"/api/events?since={time.time_ns() // 1000}")
        await self.events.readuntil(b"\r\n\r\n")
        self.reader, self.writer = await asyncio.open_connection(host, int(port))
        await self.refresh()

    async def listen(self) -> None:
        while line := await self.events.readline():
            if line.startswith(b"data: "):
                self.woken.set()
        raise RuntimeError("the stream has ended")

    async def follow(self) -> None:
        while True:
            await self.woken.wait()
            self.woken.clear()
            begun = time.perf_counter()
            await self.refresh()
            await asyncio.sleep(max(0.0, begun + QUIET - time.perf_counter()))

    async def refresh(self) -> None:
        for i, path in enumerate(self.paths):
            begun = time.perf_counter()
            self._send(self.writer, path)
            head = await self.reader.readuntil(b"\r\n\r\n")
            found = LENGTH.search(head)
            if b" 200 " not in head[:16] or not found:
                raise RuntimeError(f"{path}: {head[:200]!r}")
            body = await self.reader.readexactly(int(found[1]))
            self.seconds.append(time.perf_counter() - begun)
            self.paths[i] = _since(path, head, body)

    def _send(self, writer: asyncio.StreamWriter, path: str) -> None:
        lines = f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\nAccept-Encoding: gzip\r\n\r\n"
        writer.write(lines.encode())


def _since(path: str, head: bytes, body: bytes) -> str:
    if not SINCE.search(path):
        return path
    text = gzip.decompress(body) if b"content-encoding: gzip" in head.lower() else body
    found = VERSION.search(text)
    return SINCE.sub(found[1].decode(), path) if found else path


async def _browse(root: str, paths: list[str], browsers: int) -> Figures:
    seconds: list[float] = []
    opened = [Browser(root, paths, seconds) for _ in range(browsers)]
    for browser in opened:
        await browser.open()
    seconds.clear()
    print("ready", file=sys.__stdout__, flush=True)
    tasks = [asyncio.create_task(work()) for b in opened for work in (b.listen, b.follow)]
    cpu = time.process_time()
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    done, _ = await asyncio.wait([*tasks, ended], return_when=asyncio.FIRST_COMPLETED)
    errors = [repr(task.exception()) for task in done if task is not ended and task.exception()]
    for task in tasks:
        task.cancel()
    seconds.sort()
    places = {"median": len(seconds) // 2, "p99": len(seconds) * 99 // 100}
    figures: Figures = {name: seconds[i] for name, i in places.items()} if seconds else {}
    return {
        **figures, "answers": len(seconds), "errors": errors, "cpu": time.process_time() - cpu,
    }  # fmt: skip


def browse(root: str, paths: list[str], browsers: int) -> Figures:
    """Says ``ready`` on stdout, and goes on until its stdin ends."""
    return asyncio.run(_browse(root, paths, browsers))


if __name__ == "__main__":
    main({"browse": browse})
