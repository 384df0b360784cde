"""Answers to questions that many pages ask at the same time: worked out once, and never stale."""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from ..board import Board

#: Each has connections of its own to the database.
THREADS = 8
#: Bytes of all answers that are kept, and of one.
MOST, LARGEST = 64 * 2**20, 8 * 2**20
#: Seconds for which an answer is good while nothing is written; what tells of time goes by itself.
AGE, AGE_OF_TIMES = 600.0, 1.0
TIMES = {
    "experiments.list_experiments",
    "study.get_study",
    "study.get_summary",
    "trials.get_trials",
    "trials.get_trial",
    "run.get_run",
    "run_compare.get_run_comparison",
}
#: Bytes from which on an answer is compressed. Level 1 takes a quarter of the time of level 6 and
#: makes columns of numbers less than a tenth larger.
WORTH_IT, LEVEL = 1024, 1


class Answer(NamedTuple):
    """An encoded answer, also compressed if that is worth it."""

    content: bytes
    compressed: bytes | None
    etag: str


Key = tuple[str, ...]


class _Kept(NamedTuple):
    answer: Answer
    tick: int
    until: float

    @property
    def size(self) -> int:
        return len(self.answer.content) + len(self.answer.compressed or b"")


class Answers:
    """The worker threads of a server, and what they found out.

    Who asks while the same is being worked out may need what was written since that began. So it
    waits for the next time, which begins after that, with all others who came meanwhile.
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self._threads: ThreadPoolExecutor | None = None
        self._lock = threading.RLock()
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._size = 0
        self._busy: set[Key] = set()
        self._next: dict[Key, tuple[Future[Answer], Callable[[], bytes]]] = {}

    def of(self, key: Key, work: Callable[[], bytes], *, tells_time: bool) -> Future[Answer]:
        """The answer that ``work`` gives, in which all is seen that was written before."""
        with self._lock:
            if key in self._next:
                return self._next[key][0]
            future: Future[Answer] = Future()
            self._next[key] = future, work
            if key not in self._busy:
                self._busy.add(key)
                self.threads.submit(self._run, key, AGE_OF_TIMES if tells_time else AGE)
        return future

    @property
    def threads(self) -> ThreadPoolExecutor:
        """The worker threads; an application that is shut down may be started again."""
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(THREADS, "runbase-dashboard")
            return self._threads

    def close(self) -> None:
        """Let the threads end."""
        with self._lock:
            threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=False)

    def _run(self, key: Key, age: float) -> None:
        with self._lock:
            future, work = self._next.pop(key)
        try:
            future.set_result(self._answer(key, work, age))
        except BaseException as error:
            future.set_exception(error)
        with self._lock:
            if key in self._next:
                self.threads.submit(self._run, key, age)
            else:
                self._busy.discard(key)

    def _answer(self, key: Key, work: Callable[[], bytes], age: float) -> Answer:
        tick = self.board.watcher.look()
        is_settled = self.board.watcher.is_settled()
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and kept.tick == tick and time.monotonic() < kept.until:
            return kept.answer
        until = time.monotonic() + age
        answer = encoded(work())
        if is_settled:
            self._keep(key, _Kept(answer, tick, until))
        return answer

    def _keep(self, key: Key, kept: _Kept) -> None:
        with self._lock:
            if (known := self._kept.pop(key, None)) is not None:
                self._size -= known.size
            if kept.size > LARGEST:
                return
            self._kept[key] = kept
            self._size += kept.size
            while self._size > MOST:
                self._size -= self._kept.popitem(last=False)[1].size


def encoded(content: bytes) -> Answer:
    """Content with its compressed form and its tag."""
    compressed = gzip.compress(content, LEVEL, mtime=0) if len(content) >= WORTH_IT else None
    return Answer(content, compressed, f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"')
