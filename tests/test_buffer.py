"""Buffered logging: what was taken is written, in its order, once."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest

import runbase
from runbase import buffer as module
from runbase.db import Database
from runbase.errors import InvalidValueError, NotFoundError
from runbase.store import curves, schema
from runbase.store.columns import Metric

NEVER = 3600.0  # an interval that does not end during a test


@pytest.fixture
def buffered(url: str) -> Iterator[runbase.Client]:
    client = runbase.Client(url, flush_interval=NEVER)
    schema.setup(client.database)
    yield client
    client.close()


@pytest.fixture
def tracked(buffered: runbase.Client) -> runbase.Run:
    return runbase.Experiment(buffered, name="buffered").get_run()


def values(run: runbase.Run, name: str) -> list[Any]:
    return [point.value for point in run.get_metric(name)]


def count(client: runbase.Client) -> int:
    return int(client.execute("SELECT COUNT(*) FROM metrics").fetchone()[0])


def test_nothing_is_written_before_the_interval_ends(
    buffered: runbase.Client, tracked: runbase.Run
):
    tracked.add_metrics({"loss": 1.0}, step=1)
    assert count(buffered) == 0
    buffered.flush()
    assert count(buffered) == 1


def test_the_thread_writes_after_the_interval(url: str):
    client = runbase.Client(url, flush_interval=0.02)
    schema.setup(client.database)
    run = runbase.Experiment(client, name="buffered").get_run()
    run.add_metrics({"loss": 1.0}, step=1)
    give_up = time.monotonic() + 20
    while count(client) == 0 and time.monotonic() < give_up:
        time.sleep(0.01)
    assert count(client) == 1
    client.close()


def test_the_last_value_of_a_point_wins_over_other_sets_of_names(tracked: runbase.Run):
    tracked.add_metrics({"a": 1.0}, step=5)
    tracked.add_metrics({"a": 2.0, "b": 1.0}, step=5)
    tracked.add_metrics({"a": 3.0}, step=5)
    assert (values(tracked, "a"), values(tracked, "b")) == ([3.0], [1.0])


def test_points_that_exist_already_are_merged(buffered: runbase.Client, tracked: runbase.Run):
    for value in (1.0, 2.0):
        for step in range(5):
            tracked.add_metrics({"loss": value * step}, step=step)
        buffered.flush()
    rows = buffered.execute("SELECT n, min, max FROM run_best WHERE name = 'loss'").fetchall()
    assert [tuple(row) for row in rows] == [(5, 0.0, 8.0)]


def test_all_kinds_of_values_are_taken(tracked: runbase.Run):
    tracked.add_metrics({"x": math.inf, "note": "first", "big": 2**60 + 1, "none": None}, step=1)
    assert values(tracked, "x") == [math.inf]
    assert values(tracked, "note") == ["first"]
    assert values(tracked, "big") == [2**60 + 1]


@pytest.mark.parametrize("bad", [{"loss": [1, 2]}, {"": 1.0}, {1: 1.0}])
def test_bad_metrics_are_refused_at_once(
    buffered: runbase.Client, tracked: runbase.Run, bad: dict[str, float]
):
    with pytest.raises(InvalidValueError):
        tracked.add_metrics(bad, step=1)
    buffered.flush()
    assert count(buffered) == 0


def test_a_deleted_run_is_reported_and_the_next_points_are_written(
    buffered: runbase.Client, tracked: runbase.Run
):
    other = runbase.Run(buffered, tracked.experiment_id)
    buffered.execute("DELETE FROM runs WHERE id = ?", (other.id,))
    other.add_metrics({"loss": 1.0}, step=1)
    with pytest.raises(NotFoundError, match=f"no run {other.id}"):
        buffered.flush()
    tracked.add_metrics({"loss": 1.0}, step=1)
    buffered.flush()
    assert count(buffered) == 1


def test_stopping_a_run_writes_its_points(buffered: runbase.Client, tracked: runbase.Run):
    with tracked.track():
        tracked.add_metrics({"loss": 1.0}, step=1)
    assert count(buffered) == 1


def test_the_caller_helps_when_the_queue_grows_too_long(
    buffered: runbase.Client, tracked: runbase.Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "BATCH", 10)
    monkeypatch.setattr(module, "BACKLOG", 20)
    for step in range(100):
        tracked.add_metrics({"loss": float(step)}, step=step)
    assert buffered.buffer is not None
    assert len(buffered.buffer._queue) <= 20
    buffered.flush()
    assert count(buffered) == 100


def test_threads_lose_nothing(buffered: runbase.Client, tracked: runbase.Run):
    def log(first: int) -> None:
        for step in range(first, first + 200):
            tracked.add_metrics({"loss": float(step)}, step=step)
            if step % 50 == 0:
                buffered.flush()

    threads = [threading.Thread(target=log, args=(i * 200,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values(tracked, "loss") == [float(step) for step in range(800)]


def test_points_may_come_while_a_batch_is_taken():
    queue: deque[Any] = deque([(("loss",), (1, 0, 0.0, 1.0))])
    done = threading.Event()

    def add() -> None:
        while not done.is_set():
            queue.append(queue[0])
            if len(queue) > 1000:
                queue.pop()

    thread = threading.Thread(target=add)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread.start()
    try:
        assert all(module.first(queue, 50) for _ in range(100_000))
    finally:
        done.set()
        sys.setswitchinterval(interval)
        thread.join()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_writes_only_its_own_points(buffered: runbase.Client, tracked: runbase.Run):
    tracked.add_metrics({"loss": 1.0}, step=1)
    child = os.fork()
    if child == 0:
        try:
            assert buffered.buffer is not None
            assert not buffered.buffer._queue
            tracked.add_metrics({"loss": 2.0}, step=2)
            buffered.close()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert count(buffered) == 1
    assert values(tracked, "loss") == [1.0, 2.0]


def test_the_end_of_the_program_writes_the_rest(url: str):
    program = """
import sys, runbase
from runbase.db import Database
from runbase.store import curves, schema
from runbase.store.columns import Metric
client = runbase.Client(sys.argv[1], flush_interval=3600)
schema.setup(client.database)
run = runbase.Experiment(client, name="at exit").get_run()
for step in range(100):
    run.add_metrics({"loss": float(step)}, step=step)
"""
    subprocess.run([sys.executable, "-c", program, url], check=True, timeout=60)
    client = runbase.Client(url)
    assert count(client) == 100
    client.close()


def test_points_written_again_are_summed_up_once(
    buffered: runbase.Client, tracked: runbase.Run, monkeypatch: pytest.MonkeyPatch
):
    """Once for each point, a program that goes on from its checkpoint would stand for minutes."""
    read: list[str] = []
    curve = curves.read

    def counting(db: Database, run_id: int, metric: Metric) -> list[curves.Point]:
        read.append(metric.name)
        return curve(db, run_id, metric)

    monkeypatch.setattr(curves, "read", counting)
    for value in (1.0, 2.0):
        for step in range(500):
            tracked.add_metrics({"loss": value + step, "acc": -value}, step=step)
        buffered.flush()
    assert sorted(read) == ["acc", "loss"]
    assert values(tracked, "loss") == [2.0 + step for step in range(500)]
    query = "SELECT n, min, max FROM run_metrics ORDER BY min"
    assert buffered.execute(query).fetchall() == [(500, -2.0, -2.0), (500, 2.0, 501.0)]
