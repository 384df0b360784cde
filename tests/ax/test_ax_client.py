"""Ax's older clients, storing: ``AxClient`` and ``Orchestrator``."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ax.exceptions.core import UnsupportedError
from ax.orchestration.orchestrator import OrchestratorOptions
from ax.service.ax_client import AxClient as StockAxClient
from ax.storage.sqa_store.structs import DBSettings

import runbase
from runbase.ax import AxClient, Client, ExperimentConflictError, Orchestrator, Store
from runbase.ax.loading import load_both
from runbase.errors import ConfigError, ReadOnlyError
from tests.ax.clients import NAME, PARAMETERS, check_stored, check_strategy, load
from tests.ax.test_client import Machine, Pays

SPACE: list[Any] = [
    {"name": "lr", "type": "range", "bounds": [1e-4, 1.0], "log_scale": True},
    {"name": "layers", "type": "range", "bounds": [1, 6], "value_type": "int"},
]


@pytest.fixture(autouse=True)
def _deprecated() -> Iterator[None]:
    """Ax warns of each ``AxClient`` that it will go."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


@pytest.fixture
def store(client: runbase.Client) -> Store:
    """A store whose tables are there, which knows the runner and the metric."""
    return Store(client, metrics=[Pays], runners=[Machine])


def begin(store: Store, **settings: Any) -> AxClient:
    client = AxClient(storage=store, verbose_logging=False, **settings)
    client.create_experiment(SPACE, name=NAME, choose_generation_strategy_kwargs={
        "force_random_search": True})  # fmt: skip
    return client


@pytest.mark.item("AX19")
def test_ax_client_saves_what_its_methods_change(url: str, store: Store):
    client = begin(store)

    def check() -> None:
        check_stored(url, client.experiment, client.generation_strategy)

    parameters, index = client.get_next_trial()
    check()
    client.update_running_trial_with_intermediate_data(index, {"objective": (2.0, 0.1)})
    check()
    client.complete_trial(index, {"objective": (1.0, 0.1)})
    check()
    client.log_trial_failure(client.get_next_trial()[1])
    check()
    client.abandon_trial(client.get_next_trial()[1], "too large")  # Ax's own store misses this
    check()
    client.set_status_quo(parameters)  # and this
    client.attach_trial({"lr": 0.5, "layers": 3})
    client.update_running_trial_with_intermediate_data(3, {"objective": (2.0, 0.1)})
    client.stop_trial_early(3)
    check()
    statuses = [trial.status.name for trial in load(url)[0].trials.values()]
    assert statuses == ["COMPLETED", "FAILED", "ABANDONED", "EARLY_STOPPED"]
    assert load(url)[0].status_quo == client.experiment.status_quo is not None


def test_ax_client_goes_on_with_what_is_stored(url: str, store: Store):
    client = begin(store)
    client.complete_trial(client.get_next_trial()[1], 1.0)
    for again in (AxClient.load_from_database(NAME, store), AxClient(storage=store)):
        if again._experiment is None:
            again.load_experiment_from_database(NAME)
        again.complete_trial(again.get_next_trial()[1], 2.0)
    assert len(load(url)[0].trials) == 3
    check_strategy(*load(url))
    with pytest.raises((ExperimentConflictError, ValueError), match=NAME):
        begin(store)
    assert len(load(url)[0].trials) == 3


def test_methods_that_read_see_what_others_did(store: Store, tmp_path: Path):
    client = begin(store)
    parameters, index = AxClient.load_from_database(NAME, store.client).get_next_trial()
    assert client.get_trial_parameters(index) == parameters
    client = AxClient.load_from_database(NAME, store)
    AxClient.load_from_database(NAME, store.client).get_next_trial()
    client.save_to_json_file(str(tmp_path / "client.json"))
    assert len(AxClient.load_from_json_file(str(tmp_path / "client.json")).experiment.trials) == 2


def test_a_file_is_stored_when_it_is_loaded(url: str, store: Store, tmp_path: Path):
    first = begin(Store("sqlite:///:memory:"), enforce_sequential_optimization=False)
    first.complete_trial(first.get_next_trial()[1], 1.0)
    first.experiment._properties["own"] = {7: "stock Ax makes text of such a key"}
    file = str(tmp_path / "client.json")
    first.save_to_json_file(file)
    client = AxClient.load_from_json_file(file, storage=store, verbose_logging=False)
    assert not client._enforce_sequential_optimization
    assert list(client.experiment._properties["own"]) == [7]
    check_stored(url, client.experiment, client.generation_strategy)
    client.complete_trial(client.get_next_trial()[1], 2.0)
    check_stored(url, client.experiment, client.generation_strategy)
    with pytest.raises(ExperimentConflictError, match="already exists"):
        AxClient.load_from_json_file(file, storage=store)
    alone = AxClient.load_from_json_file(file)
    alone.get_next_trial()
    assert len(load(url)[0].trials) == 2
    assert len(StockAxClient.load_from_json_file(file).experiment.trials) == 1


def test_a_client_without_an_experiment_goes_to_a_file(tmp_path: Path):
    AxClient().save_to_json_file(str(tmp_path / "client.json"))
    again = AxClient.load_from_json_file(str(tmp_path / "client.json"), storage="sqlite://")
    assert again._experiment is None


#: Statements after which a connection cannot write, and can again.
READ_ONLY = {
    "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
    "postgresql": (
        "SET default_transaction_read_only = on", "SET default_transaction_read_only = off",
    ),
    "mysql": ("SET SESSION TRANSACTION READ ONLY", "SET SESSION TRANSACTION READ WRITE"),
}  # fmt: skip


@contextmanager
def read_only(client: runbase.Client) -> Iterator[None]:
    """A block in which the database refuses all writes."""
    off, on = READ_ONLY[client.dialect]
    client.execute(off)
    yield
    client.execute(on)


def test_storage_errors_are_suppressed_where_ax_is_told_so(
    url: str, store: Store, caplog: pytest.LogCaptureFixture
):
    client = begin(store)
    _, index = client.get_next_trial()
    with read_only(store.client), pytest.raises(ReadOnlyError):
        client.complete_trial(index, 1.0)
    assert load(url)[0].trials[index].status.name == "RUNNING"
    _, index = client.get_next_trial()
    check_stored(url, client.experiment, client.generation_strategy)
    client = AxClient.load_from_database(
        NAME, store, suppress_storage_errors=True, verbose_logging=False
    )
    with read_only(store.client), caplog.at_level(logging.WARNING, "runbase"):
        client.complete_trial(index, 2.0)
        _, other = client.get_next_trial()
    assert "storage errors are suppressed" in caplog.text
    assert load(url)[0].trials[index].status.name == "RUNNING"
    client.complete_trial(other, 3.0)  # and now what was not saved is saved as well
    check_stored(url, client.experiment, client.generation_strategy)


def test_an_experiment_is_saved_as_soon_as_it_can_be(url: str, store: Store):
    with read_only(store.client):
        client = begin(store, suppress_storage_errors=True)
        _, index = client.get_next_trial()
    client.complete_trial(index, 1.0)
    check_stored(url, client.experiment, client.generation_strategy)


def test_settings_of_axs_own_store_are_refused(tmp_path: Path):
    settings = DBSettings(url=f"sqlite:///{tmp_path}/ax.db")
    options = OrchestratorOptions()
    file = str(tmp_path / "client.json")
    AxClient().save_to_json_file(file)
    client = automatic(Store("sqlite:///:memory:", metrics=[Pays], runners=[Machine]))
    parts = client._experiment, client._generation_strategy, options
    for call in (
        partial(AxClient, db_settings=settings),
        partial(AxClient.load_from_database, NAME, db_settings=settings),
        partial(AxClient.load_from_json_file, file, db_settings=settings),
        partial(Orchestrator, *parts, db_settings=settings),
        partial(Orchestrator.from_stored_experiment, NAME, options, db_settings=settings),
    ):
        with pytest.raises(ConfigError, match="not in a DBSettings: give storage="):
            call()


def automatic(store: Store) -> Client:
    """A client whose experiment can run by itself."""
    client = Client(store)
    client.configure_experiment(PARAMETERS, name=NAME)
    client.configure_optimization("-seconds")
    client.configure_generation_strategy("random_search", initialize_with_center=False)
    client.configure_runner(Machine())
    client.configure_metrics([Pays("seconds")])
    return client


@pytest.mark.item("AX19")
def test_an_orchestrator_saves_and_goes_on(url: str, store: Store):
    automatic(store)
    options = OrchestratorOptions(init_seconds_between_polls=0, max_pending_trials=3)
    first = Orchestrator(*load_both(store, NAME), options, storage=store)
    first.run_n_trials(2)
    again = Orchestrator.from_stored_experiment(NAME, options, store, reduced_state=True)
    again.run_n_trials(1)
    experiment, strategy = load_both(store, NAME)
    statuses = [trial.status.name for trial in experiment.trials.values()]
    assert statuses == ["COMPLETED", "FAILED", "COMPLETED"]
    check_strategy(experiment, strategy)
    # What the reduced ones were without is still there.
    assert all(run._generator_kwargs for trial in experiment.trials.values()
               for run in trial.generator_runs)  # fmt: skip
    other = strategy.clone_reset() if strategy is not None else None
    with pytest.raises(UnsupportedError, match="stored with"):
        Orchestrator(experiment, other, options, storage=store)


def test_an_orchestrator_runs_on_without_storage_where_ax_is_told_so(store: Store):
    automatic(store)
    options = OrchestratorOptions(
        init_seconds_between_polls=0, suppress_storage_errors_after_retries=True
    )
    experiment, strategy = load_both(store, NAME)
    assert strategy is not None
    with read_only(store.client):
        orchestrator = Orchestrator(experiment, strategy, options, storage=store)
        orchestrator.run_n_trials(1)
    there = Store(store.client, metrics=[Pays], runners=[Machine])
    assert not load_both(there, NAME)[0].trials
    orchestrator.run_n_trials(1)
    trials = load_both(there, NAME)[0].trials.values()
    assert [trial.status.name for trial in trials] == ["COMPLETED", "FAILED"]
