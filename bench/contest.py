"""What all contestants share: the data, the clock, and the way to answer the main program.

A contestant is a function of `writers` or `readers`. It runs in a process of its own, in a folder
of its own, and leaves its figures as JSON in the last line of stdout.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, redirect_stdout
from typing import Any

Step = Callable[[int], object]
Writer = AbstractContextManager[Step]
Figures = dict[str, Any]

NAMES = [
    "train/loss", "train/accuracy", "train/lr", "train/grad_norm", "train/throughput",
    "valid/loss", "valid/accuracy", "valid/f1", "valid/auc", "valid/ece",
]  # fmt: skip
POINTS = 10_000
WARM_UP = 200


def points(count: int = POINTS) -> list[dict[str, float]]:
    """The metrics of each step; no two alike, none of them a whole number."""
    generate = random.Random(1).random
    return [{name: generate() for name in NAMES} for _ in range(count)]


def rows(count: int = POINTS) -> list[tuple[float, ...]]:
    """The same as tuples, as those take them who write SQL themselves."""
    return [tuple(point.values()) for point in points(count)]


def measure(
    writer: Writer, steps: int, start: Callable[[], object] = lambda: None, period: float = 0.0
) -> Figures:
    """Run ``steps`` steps: the time of each, and of all until they are stored.

    They follow each other at full speed, or with ``period`` seconds of other work for each.
    """
    times, clock = [], time.perf_counter
    with writer as step:
        for i in range(WARM_UP):
            step(i)
        start()
        begin = clock()
        for i in range(WARM_UP, WARM_UP + steps):
            before = clock()
            step(i)
            times.append(clock() - before)
            while clock() < before + period:
                pass
    end = clock()
    times.sort()
    return {
        "rate": steps / (end - begin),
        "median": times[steps // 2],
        "p99": times[steps * 99 // 100],
        "begin": begin,
        "end": end,
    }


def measure_together(make: Callable[[], Writer], steps: int, processes: int = 4) -> Figures:
    """`measure` in several processes at once: their rate together, the worst p99, all errors."""
    context = multiprocessing.get_context("fork")
    barrier, answers = context.Barrier(processes), context.SimpleQueue()

    def work() -> None:
        try:
            answers.put(measure(make(), steps, barrier.wait))
        except Exception as error:
            barrier.abort()
            answers.put({"error": repr(error)})

    children = [context.Process(target=work) for _ in range(processes)]
    for child in children:
        child.start()
    found = [answers.get() for _ in children]
    for child in children:
        child.join()
    done = [figures for figures in found if "error" not in figures]
    seconds = max(f["end"] for f in done) - min(f["begin"] for f in done) if done else 1.0
    return {
        "rate": len(done) * steps / seconds,
        "p99": max((f["p99"] for f in done), default=0.0),
        "errors": [f["error"] for f in found if "error" in f],
        "expected": processes * (steps + WARM_UP),
    }


def repeat(function: Callable[[], object], times: int) -> Figures:
    """The median time of one call."""
    function()
    found = []
    for _ in range(times):
        before = time.perf_counter()
        function()
        found.append(time.perf_counter() - before)
    return {"seconds": sorted(found)[times // 2]}


def main(contestants: dict[str, Callable[..., Figures]]) -> None:
    """``python -m MODULE NAME OPTIONS``, the options being a JSON object."""
    name, options = sys.argv[1:]
    with redirect_stdout(sys.stderr):  # some peers talk
        figures = contestants[name](**json.loads(options))
    print(json.dumps(figures))
