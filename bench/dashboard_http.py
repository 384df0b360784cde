"""Requests over the loopback, as pages send them, and what follows a change."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import time
from typing import Any, NamedTuple
from urllib.parse import urlsplit

#: Seconds for which a server keeps a connection without requests.
KEPT = 2.0
SINCE = re.compile(r"(?<=[?&]since=)\d+")


class Answer(NamedTuple):
    seconds: float
    #: As it comes over the wire, without headers.
    bytes: int
    content: Any


class Http:
    """A connection that is kept, and made anew before servers close it."""

    def __init__(self, root: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(root).netloc, timeout=600)
        self._used = float("-inf")

    def get(self, path: str) -> Answer:
        """Ask, and decode the answer after the clock was stopped."""
        if time.monotonic() - self._used > KEPT:
            self._connection.close()
            self._connection.connect()
        begun = time.perf_counter()
        self._connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        response = self._connection.getresponse()
        body = response.read()
        seconds = time.perf_counter() - begun
        self._used = time.monotonic()
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status} {body[:500]!r}")
        is_small = response.getheader("Content-Encoding") == "gzip"
        content = json.loads(gzip.decompress(body) if is_small else body)
        return Answer(seconds, len(body), content)


class Stream:
    """Server-sent events of a page."""

    def __init__(self, root: str, since: int) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(root).netloc, timeout=60)
        self._connection.request("GET", f"/api/events?since={since}")
        self._response = self._connection.getresponse()

    def next(self) -> Answer:
        """Wait for the next event; its seconds are those of waiting."""
        begun, size = time.perf_counter(), 0
        while True:
            line = self._response.readline()
            size += len(line)
            if line.startswith(b"data: "):
                return Answer(time.perf_counter() - begun, size + 1, json.loads(line[6:]))

    def close(self) -> None:
        self._connection.close()


class Follower:
    """Sends what a page sends when something changed, each time since what it knows."""

    def __init__(self, root: str, paths: list[str]) -> None:
        self.http = Http(root)
        self.paths = paths

    def follow(self) -> tuple[float, int]:
        """Seconds and bytes of all requests, one after the other."""
        answers = [self.http.get(path) for path in self.paths]
        self.paths = [
            _since(path, answer) for path, answer in zip(self.paths, answers, strict=True)
        ]
        return sum(a.seconds for a in answers), sum(a.bytes for a in answers)


def _since(path: str, answer: Answer) -> str:
    if not SINCE.search(path):
        return path
    return SINCE.sub(str(answer.content["version"]), path)
