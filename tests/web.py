"""Requests to the dashboard's application without a network, and to servers with one."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx

from runbase import Client
from runbase.dashboard.board import Board
from runbase.dashboard.server.app import create_app
from runbase.dashboard.server.guard import Guard

HERE = "http://127.0.0.1:8080"
TIMEOUT = 20.0


class Web:
    """The application over a board, as a browser or a program sees it."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer to one request; it does not follow redirects."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
            async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
                return await client.request(method, path, **options)

        # Where a test drives a browser, its thread has a running event loop already.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, ask()).result()

    def get(self, path: str, **options: Any) -> httpx.Response:
        """The answer to a GET."""
        return self.ask("GET", path, **options)


@contextmanager
def web_of(client: Client, guard: Guard | None = None, **options: Any) -> Iterator[Web]:
    """The application over a database."""
    board = Board(client, **options)
    try:
        yield Web(create_app(board, guard or Guard(host="127.0.0.1")))
    finally:
        board.close()


def reason(response: httpx.Response) -> str:
    """What is wrong, which is a sentence."""
    text = response.json()["reason"]
    assert isinstance(text, str)
    assert " " in text
    assert "Traceback" not in text
    return text


class Process:
    """A program that serves, and the lines that it printed."""

    def __init__(self, *command: str, **options: Any) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **options.pop("env", {})}
        self.process = subprocess.Popen(
            [sys.executable, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            **options,
        )
        self.lines: list[str] = []
        self.errors: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in ((self.process.stdout, self.lines), (self.process.stderr, self.errors))
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream: Any, lines: list[str]) -> None:
        for line in stream:
            lines.append(line.rstrip("\n"))

    def url(self, mark: str = "Listening on ") -> str:
        """The address that the program printed."""
        line = self.line(mark)
        return line[line.index("http") :].split()[0].rstrip("/")

    def line(self, mark: str) -> str:
        """The first line with ``mark`` in it, as soon as it is printed."""
        give_up = time.monotonic() + TIMEOUT
        while time.monotonic() < give_up:
            for line in [*self.lines, *self.errors]:
                if mark in line:
                    return line
            if self.process.poll() is not None and not any(r.is_alive() for r in self._readers):
                break
            time.sleep(0.01)
        raise AssertionError(f"no {mark!r} in {self.lines} and {self.errors}")

    def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Signal the program; its exit status, and the seconds that it took to end."""
        begun = time.monotonic()
        self.process.send_signal(how)
        return self.wait(), time.monotonic() - begun

    def wait(self) -> int:
        """The exit status; all that was printed is read."""
        status = self.process.wait(TIMEOUT)
        for reader in self._readers:
            reader.join(TIMEOUT)
        return status

    def close(self) -> None:
        """End it, however it is."""
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


@contextmanager
def running(*command: str, **options: Any) -> Iterator[Process]:
    """A program that serves, for as long as the block."""
    process = Process(*command, **options)
    try:
        yield process
    finally:
        process.close()


@contextmanager
def dashboard(*arguments: str, **options: Any) -> Iterator[Process]:
    """``runbase dashboard`` on a free port."""
    with running("-m", "runbase", "dashboard", *arguments, "--port", "0", **options) as process:
        yield process
