"""A process that asks and tells may be killed at any moment: what it was told is stored."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.connection import Connection
from typing import Any

import pytest

import runbase
from runbase.ax import Client, Store
from runbase.store import schema
from tests.ax.clients import NAME, ask, ask_and_tell, begin, check_strategy, load, measured, tell
from tests.ax.processes import Worker, workers

LATEST = 0.05  # seconds until a process is killed after what it said


def try_for_ever(store: Store, pipe: Connection) -> None:
    """Say what is stored, after each method has returned."""
    client = Client.load(NAME, store)
    pipe.send("loaded")
    while True:
        index, parameters = ask(client)
        pipe.send((index, parameters, "RUNNING"))
        client.attach_data(index, {"loss": 100.0}, progression=0)
        tell(client, index, parameters)
        pipe.send((index, parameters, "COMPLETED"))


def said(worker: Worker) -> Iterator[Any]:
    """What a process has said until it was killed."""
    try:
        while True:
            yield worker.pipe.recv()
    except (EOFError, OSError):
        return


@pytest.mark.parametrize(("engine", "kills"), [("sqlite", 45), ("postgres", 12), ("mysql", 8)])
def test_a_process_is_killed_at_any_moment(
    engine: str, kills: int, tmp_path: Any, request: pytest.FixtureRequest
):
    url = f"sqlite:///{tmp_path}/runs.db"
    if engine != "sqlite":
        url = str(request.getfixturevalue(f"{engine}_url"))
        with closing(runbase.Client(url)) as database:
            schema.setup(database.database)
    with closing(Store(url)) as store:
        begin(store)
        told: dict[int, Any] = {}
        for _ in range(kills):
            with workers(try_for_ever, url, ()) as [worker]:
                assert worker.receive() == "loaded"
                for index, *rest in [worker.receive() for _ in range(random.randrange(4))]:
                    told[index] = rest
                time.sleep(random.uniform(0, LATEST))
                worker.process.kill()
                told |= {index: rest for index, *rest in said(worker)}
        assert len(told) > kills / 5
        experiment, strategy = load(url)
        check_strategy(experiment, strategy)
        trials = experiment.trials
        assert list(trials) == list(range(len(trials)))
        assert len(trials) - len(told) <= kills
        for index, (parameters, status) in told.items():
            assert trials[index].arms[0].parameters == parameters
            assert trials[index].status.name in (status, "COMPLETED")
        for index, trial in trials.items():
            rows = experiment.lookup_data(trial_indices=[index]).full_df
            means = sorted((row.metric_name, row.mean) for row in rows.itertuples())
            whole = sorted([("loss", 100.0), *measured(trial.arms[0].parameters).items()])
            assert means == whole or trial.status.name == "RUNNING"
        ask_and_tell(Client.load(NAME, store))
        assert load(url)[0].trials[len(trials)].status.name == "COMPLETED"
