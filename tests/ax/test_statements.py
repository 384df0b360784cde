"""How many statements saving and loading take: the same, however many trials there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

import runbase
from runbase.ax import (
    Client,
    Store,
    load_experiment,
    save_experiment,
    save_generation_strategy,
    save_or_update_trial,
)
from runbase.ax.loading import load_both
from runbase.session import Session
from tests.ax.clients import NAME, ask, ask_and_tell, begin, tell


@pytest.fixture
def store(client: runbase.Client) -> Store:
    """A store whose tables are there."""
    return Store(client)


@contextmanager
def statements(client: runbase.Client) -> Iterator[list[str]]:
    """What the driver is told to run, the begin and the end of transactions included."""
    ran: list[str] = []
    if client.dialect == "sqlite":
        connection = client.db.session.open()
        connection.set_trace_callback(ran.append)
        yield ran
        connection.set_trace_callback(None)
        return
    stock = Session.run

    def run(self: Session, sql: str, parameters: Any = None, *, many: bool = False) -> Any:
        ran.append(sql)
        return stock(self, sql, parameters, many=many)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "run", run)
        yield ran


def count(store: Store, call: Callable[[], Any]) -> int:
    """How many statements a call runs."""
    with statements(store.client) as ran:
        call()
    return len(ran)


def grow(client: Client, trials: int) -> None:
    """Try by hand until there are as many trials."""
    missing = trials - len(client._experiment.trials)
    for i in range(missing):
        parameters = {"lr": 1 / (2 + i), "layers": 2, "act": "relu"}
        tell(client, client.attach_trial(parameters), parameters)


def test_asking_and_telling_take_as_many_statements_with_few_trials_as_with_many(store: Store):
    client = begin(store)
    found = []
    for number in (5, 60):
        grow(client, number)
        ask_and_tell(client)  # a client fits its model to what came by hand
        with statements(store.client) as asking:
            index, parameters = ask(client)
        with statements(store.client) as telling:
            tell(client, index, parameters)
        found.append((len(asking), len(telling)))
    assert found[0] == found[1]
    assert sum(found[0]) <= 20  # BEGIN, COMMIT and savepoints are six of them


def test_saving_one_trial_takes_as_many_statements_with_few_trials_as_with_many(store: Store):
    client = begin(store)
    found = []
    for number in (5, 60):
        grow(client, number)
        experiment, _ = load_both(fresh := Store(store.client), NAME)
        trial = experiment.trials[3]
        trial._properties["seen"] = number
        found.append(count(store, partial(save_or_update_trial, experiment, trial, fresh)))
    assert found[0] == found[1] <= 7


def test_loading_takes_few_statements(store: Store):
    client = begin(store)
    grow(client, 20)
    assert count(store, lambda: load_both(Store(store.client), NAME)) <= 8
    assert count(store, lambda: load_experiment(NAME, store=store)) <= 6


def test_saving_what_has_not_changed_takes_hardly_any_statements(store: Store):
    client = begin(store)
    grow(client, 20)
    for place in (store, Store(store.client)):
        experiment, strategy = load_both(place, NAME)
        assert strategy is not None
        assert count(store, partial(save_experiment, experiment, store=place)) == 0
        assert count(store, partial(save_generation_strategy, strategy, place)) == 0
    fresh = Store(store.client)  # which has to read first what is stored
    assert count(store, partial(save_experiment, client._experiment, store=fresh)) <= 7
