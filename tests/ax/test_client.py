"""Ax's ``Client``, storing: what its methods change is stored when they return."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ax.analysis.summary import Summary
from ax.api.configs import StorageConfig
from ax.api.protocols.metric import IMetric
from ax.api.protocols.runner import IRunner
from ax.core.experiment_status import ExperimentStatus
from ax.core.objective import Objective
from ax.core.optimization_config import OptimizationConfig
from ax.core.trial_status import TrialStatus
from ax.exceptions.core import TrialMutationError

import runbase
from runbase.ax import (
    Client,
    ExperimentConflictError,
    ExperimentNotFoundError,
    Store,
    UnregisteredClassError,
    load_analysis_cards_by_experiment_name,
    register_metric,
    register_runner,
    registry,
    save_analysis_card,
)
from runbase.ax.client import METHODS
from runbase.errors import ConfigError
from runbase.queries import first_value
from tests.ax.clients import (
    BY_HAND,
    NAME,
    PARAMETERS,
    ask,
    ask_and_tell,
    begin,
    check_stored,
    check_strategy,
    load,
    measured,
    tell,
)


class Pays(IMetric):
    """A metric of a user's."""

    def fetch(
        self, trial_index: int, trial_metadata: Mapping[str, Any]
    ) -> tuple[int, float | tuple[float, float]]:
        return 7, (trial_metadata["seen"] * 2, 0.5)


class Machine(IRunner):
    """A runner of a user's."""

    def run_trial(self, trial_index: int, parameterization: Any) -> dict[str, Any]:
        return {"seen": parameterization["lr"]}

    def poll_trial(self, trial_index: int, trial_metadata: Mapping[str, Any]) -> TrialStatus:
        return TrialStatus.FAILED if trial_index == 1 else TrialStatus.COMPLETED

    def stop_trial(self, trial_index: int, trial_metadata: Mapping[str, Any]) -> dict[str, Any]:
        return {}


@pytest.fixture
def store(client: runbase.Client) -> Store:
    """A store whose tables are there."""
    return Store(client)


@pytest.fixture
def own_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The classes above are registered."""
    monkeypatch.setattr(registry, "_metrics", {})
    monkeypatch.setattr(registry, "_runners", {})
    register_metric(Pays)
    register_runner(Machine)


def check(client: Client, url: str) -> None:
    """What a client has in memory is what is stored."""
    check_stored(url, client._experiment, client._maybe_generation_strategy)


# -- every method ----------------------------------------------------------------------------------

VERSION = "SELECT MAX(version) FROM experiments"
READS = {
    "should_stop_trial_early", "summarize", "compute_analyses", "get_best_parameterization",
    "get_pareto_frontier", "predict", "save_to_json_file",
}  # fmt: skip


def changes(client: Client) -> Iterator[Callable[[], Any]]:
    """A call of each method that changes something, in an order in which they work."""
    yield lambda: client.configure_experiment(PARAMETERS, name=NAME, description="a CNN")
    yield lambda: client.configure_tracking_metrics(["seconds"])
    yield lambda: client.configure_optimization("-loss", outcome_constraints=["size <= 5"])
    yield lambda: client.configure_generation_strategy("random_search")
    yield lambda: client.get_next_trials(2)
    yield lambda: client.attach_data(0, {"loss": 2.5}, progression=1)
    yield lambda: client.complete_trial(0, {"loss": (2.0, 0.1), "size": 2.0})
    yield lambda: client.mark_trial_failed(1, "no memory")
    yield lambda: client.attach_trial(BY_HAND, "by hand")
    yield lambda: client.mark_trial_abandoned(2)
    yield lambda: client.attach_baseline(BY_HAND | {"layers": 3})
    yield lambda: client.attach_data(3, {"loss": 2.5, "unheard of": 1.0}, progression=2)
    yield lambda: client.mark_trial_early_stopped(3)
    yield lambda: client.configure_runner(Machine())
    yield lambda: client.configure_metrics([Pays("seconds")])
    seconds = client._experiment.metrics["seconds"]
    goals = OptimizationConfig(Objective(metric=seconds, minimize=True))
    yield lambda: client.set_optimization_config(goals)


@pytest.mark.item("AX18")
def test_each_method_saves_what_it_changes(url: str, store: Store, own_classes: None):
    client = Client(store)
    called = {"set_experiment", "set_generation_strategy"}  # see below
    version = 0
    for call in changes(client):
        call()
        check(client, url)
        before, version = version, first_value(store.client, VERSION)
        assert version > before, call.__code__.co_names
        called |= set(call.__code__.co_names)
    assert set(METHODS) - READS <= called


def test_experiments_and_strategies_that_are_set_are_saved(url: str, store: Store):
    client = begin(store)
    ask_and_tell(client, 2)
    strategy = client._generation_strategy.clone_reset()
    copied = client._experiment.clone_with(name="another")
    client.set_experiment(copied)
    client.set_generation_strategy(strategy)
    assert client._experiment is copied
    ask(client)
    stored, stored_strategy = load(url, "another")
    assert stored == copied
    assert stored_strategy is not None
    assert stored_strategy._generator_runs == stored.trials[2].generator_runs
    check_strategy(*load(url))  # the first one is what it was
    assert len(load(url)[0].trials) == 2


@pytest.mark.item("AX19")
def test_a_store_may_be_a_url_a_path_or_a_client(tmp_path: Path):
    path = tmp_path / "runs.db"
    ask_and_tell(begin(f"sqlite:///{path}"))
    ask_and_tell(Client.load(NAME, storage=path))
    with closing(runbase.Client(path)) as database:
        client = Client.load(NAME, storage=database)
        ask_and_tell(client)
        assert Client.load_from_database(NAME, database)._experiment == client._experiment
        assert first_value(database, "SELECT COUNT(*) FROM runs WHERE status = 'COMPLETED'") == 3


def test_without_a_store_it_is_the_client_of_ax(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    client = begin(None)
    ask_and_tell(client, 2)
    client.save_to_json_file("client.json")
    assert client.refresh() is False
    assert [file.name for file in tmp_path.iterdir()] == ["client.json"]
    loaded = Client.load_from_json_file("client.json")
    ask_and_tell(loaded)
    assert len(loaded._experiment.trials) == 3


def test_a_client_of_a_file_stores_what_is_in_it_and_goes_on(
    url: str, store: Store, tmp_path: Path
):
    client = begin(None)
    ask_and_tell(client, 2)
    client._experiment.status = ExperimentStatus.COMPLETED  # Ax's own JSON loses it
    file = str(tmp_path / "client.json")
    client.save_to_json_file(file)
    loaded = Client.load_from_json_file(file, storage=store)
    check(loaded, url)
    assert load(url)[0].status == ExperimentStatus.COMPLETED
    assert len(load(url)[0].trials) == 2
    ask_and_tell(loaded)
    check(loaded, url)
    with pytest.raises(ExperimentConflictError, match=NAME):
        Client.load_from_json_file(file, storage=store)


def test_a_client_of_a_file_knows_the_classes_of_its_store(tmp_path: Path):
    store = Store(f"sqlite:///{tmp_path}/runs.db", metrics=[Pays], runners=[Machine])
    client = begin(store)
    client.configure_runner(Machine())
    file = str(tmp_path / "client.json")
    client.save_to_json_file(file)
    other = Store(f"sqlite:///{tmp_path}/other.db", runners=[Machine])
    assert isinstance(Client.load_from_json_file(file, other)._experiment.runner, Machine)
    with pytest.raises(UnregisteredClassError, match="Machine"):
        Client.load_from_json_file(file)


def test_a_storage_config_of_ax_is_refused(tmp_path: Path):
    file = str(tmp_path / "client.json")
    begin(None).save_to_json_file(file)
    for call in (
        partial(Client.load_from_json_file, file, storage_config=StorageConfig()),
        partial(Client.load_from_json_file, file, StorageConfig()),
        partial(Client.load_from_database, NAME, storage_config=StorageConfig()),
        partial(Client, storage_config=StorageConfig()),
        partial(Client, StorageConfig()),
    ):
        with pytest.raises(ConfigError, match="not in a StorageConfig: give storage="):
            call()


def test_a_file_has_what_others_did(store: Store, tmp_path: Path):
    client = begin(store)
    ask_and_tell(Client.load(NAME, store.client))
    file = str(tmp_path / "client.json")
    client.save_to_json_file(file)
    assert len(Client.load_from_json_file(file)._experiment.trials) == 1


# -- resuming --------------------------------------------------------------------------------------


def test_the_default_strategy_goes_on_with_bayesian_optimisation(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/runs.db"
    client = Client(storage=url)
    client.configure_experiment(PARAMETERS, name=NAME)
    client.configure_optimization("-loss")
    client.configure_generation_strategy(initialization_budget=2)
    ask_and_tell(client, 2)
    client.mark_trial_failed(ask(client)[0])
    client = Client.load(NAME, storage=Store(url))
    ask_and_tell(client)
    check(client, url)
    nodes = [run._generation_node_name for run in client._generation_strategy._generator_runs]
    assert nodes == ["CenterOfSearchSpace", "Sobol", "MBM", "MBM"]
    keys = [trial.generator_runs[0]._generator_key for trial in client._experiment.trials.values()]
    assert keys[-1] == "BoTorch"


def test_a_client_without_a_strategy_of_its_own_chooses_the_same_after_loading(
    url: str, store: Store
):
    client = Client(store)
    client.configure_experiment(PARAMETERS, name=NAME)
    client.configure_optimization("-loss")
    client = Client.load(NAME, store)
    assert client._maybe_generation_strategy is None
    ask_and_tell(client, 2)
    names = [
        run._generation_node_name
        for run in Client.load(NAME, store)._generation_strategy._generator_runs
    ]
    assert names == ["CenterOfSearchSpace", "Sobol"]


def test_random_search_goes_on_with_its_sequence_after_loading(url: str, store: Store):
    def tried(storage: Any, again: bool) -> list[Any]:
        client = Client(storage)
        client.configure_experiment(PARAMETERS, name=f"again: {again}")
        client.configure_optimization("-loss")
        client.configure_generation_strategy("random_search", initialization_random_seed=7)
        for _ in range(5):
            ask_and_tell(client)
            client = Client.load(client._experiment.name, storage) if again else client
        return [trial.arms[0].parameters for trial in client._experiment.trials.values()]

    assert tried(store, True) == tried(store, False)


def test_a_name_that_nobody_has_is_an_error_that_lists_the_names(url: str, store: Store):
    with pytest.raises(ExperimentNotFoundError, match="there are no Ax experiments"):
        Client.load(NAME, store)
    begin(store)
    with pytest.raises(ExperimentNotFoundError, match=r"there are 'cnn'$"):
        Client.load("rnn", store)


def test_a_name_that_is_taken_is_an_error_and_nothing_is_written(url: str, store: Store):
    ask_and_tell(begin(store), 2)
    before = load(url)
    client = Client(Store(url))
    with pytest.raises(ExperimentConflictError, match="already exists with the name cnn"):
        client.configure_experiment(PARAMETERS[:1], name=NAME)
    with pytest.raises(ExperimentConflictError):  # again: it has not become the stored one
        client.configure_optimization("-loss")
    assert list(client._experiment.search_space.parameters) == ["lr"]
    assert load(url)[0] == before[0]
    assert first_value(store.client, "SELECT COUNT(*) FROM experiments") == 1


def test_a_client_does_not_go_over_to_the_experiment_that_has_the_name(url: str, store: Store):
    ask_and_tell(begin(store), 2)
    client = begin(store, "another")
    taken = client._experiment.clone_with(name=NAME)
    with pytest.raises(ExperimentConflictError):
        client.set_experiment(taken)
    assert client._experiment is taken
    assert len(load(url)[0].trials) == 2


# -- trials ----------------------------------------------------------------------------------------


def test_learning_curves(url: str, store: Store):
    client = begin(store)
    index, _ = ask(client)
    for step in range(5):
        client.attach_data(index, {"loss": (1 / (1 + step), 0.1), "size": 2.0}, step)
    client.complete_trial(index, {"size": 3.0}, 5)
    check(client, url)
    rows = store.client.execute(
        "SELECT step, loss, loss_sem, size FROM metrics ORDER BY step"
    ).fetchall()
    curve: list[Any] = [(step, 1 / (1 + step), 0.1, 2.0) for step in range(5)]
    assert [tuple(row) for row in rows] == [*curve, (5, None, None, 3.0)]
    client = Client.load(NAME, store)
    assert client.should_stop_trial_early(index) is False


def test_statuses_and_their_reasons(url: str, store: Store):
    client = begin(store)
    client.get_next_trials(5)
    client.mark_trial_failed(0, "no memory " * 30)
    client.mark_trial_abandoned(1)
    client.attach_data(2, {"loss": 1.0})
    client.mark_trial_early_stopped(2)
    client.complete_trial(3, {"loss": 1.0, "size": 1.0})
    trials = load(url)[0].trials
    names = [trial.status.name for trial in trials.values()]
    assert names == ["FAILED", "ABANDONED", "EARLY_STOPPED", "COMPLETED", "RUNNING"]
    assert trials[0].status_reason == "no memory " * 30
    check(client, url)


def test_the_best_trial_is_the_same_after_loading(url: str, store: Store):
    client = begin(store)
    client.complete_trial(client.attach_baseline(BY_HAND), measured(BY_HAND))
    ask_and_tell(client, 4)
    loaded = Client.load(NAME, store)
    assert loaded._experiment.status_quo == client._experiment.status_quo
    best = client.get_best_parameterization(use_model_predictions=False)
    assert repr(loaded.get_best_parameterization(use_model_predictions=False)) == repr(best)
    assert loaded.summarize().equals(client.summarize())


def test_metrics_that_come_with_data_are_tracked(url: str, store: Store):
    client = begin(store)
    index, parameters = ask(client)
    client.complete_trial(index, {**measured(parameters), "seconds": 3.5})
    stored, _ = load(url)
    assert [metric.name for metric in stored.tracking_metrics] == ["seconds"]
    check(client, url)


def test_a_method_that_fails_has_saved_what_it_did_before(url: str, store: Store):
    client = begin(store)
    index, parameters = ask(client)
    client.mark_trial_failed(index)
    with pytest.raises(TrialMutationError, match="only complete trial that is currently running"):
        client.complete_trial(index, {**measured(parameters), "seconds": 3.5})
    check(client, url)
    assert sorted(load(url)[0].lookup_data().df["metric_name"]) == ["loss", "seconds", "size"]
    assert Client.load(NAME, store)._experiment.trials[index].status == TrialStatus.FAILED


def test_a_client_reads_what_others_did_before_it_does_anything(url: str, store: Store):
    with closing(Store(url)) as another_store:
        one, other = begin(store), Client.load(NAME, another_store)
        for client in (one, other, other, one):
            ask_and_tell(client)
        index, parameters = ask(one)
        tell(other, index, parameters)
        assert len(one.summarize()) == 5
        assert one._experiment == other._experiment
        assert (one.refresh(), other.refresh()) == (False, False)
        check(one, url)
        check(other, url)
        one.configure_tracking_metrics(["seconds"])  # the head, which is loaded as a whole
        assert other.refresh()
        assert "seconds" in other._experiment.metrics


# -- classes of a user's ---------------------------------------------------------------------------


def test_run_trials_with_a_runner_and_metrics_of_a_users(url: str, store: Store, own_classes: None):
    client = Client(store)
    client.configure_experiment(PARAMETERS, name=NAME)
    client.configure_optimization("-seconds")
    client.configure_generation_strategy("random_search")
    client.configure_runner(Machine())
    client.configure_metrics([Pays("seconds")])
    client.run_trials(2, parallelism=2, initial_seconds_between_polls=0)
    check(client, url)
    client = Client.load(NAME, store)
    client.run_trials(1, initial_seconds_between_polls=0)
    trials = load(url)[0].trials
    names = [trial.status.name for trial in trials.values()]
    assert names == ["COMPLETED", "FAILED", "COMPLETED"]
    for index in (0, 2):
        row = load(url)[0].lookup_data(trial_indices=[index]).df.iloc[0]
        assert (row["mean"], row["sem"], row["step"]) == (
            2 * trials[index].arms[0].parameters["lr"], 0.5, 7
        )  # fmt: skip


def test_classes_that_are_given_to_a_store_are_known_to_it_alone(store: Store):
    knowing = Store(store.client, metrics=[Pays], runners=[Machine])
    client = begin(knowing)
    client.configure_runner(Machine())
    client.configure_metrics([Pays("loss")])
    loaded = Client.load(NAME, knowing)._experiment
    assert isinstance(loaded.metrics["loss"], Pays)
    assert isinstance(loaded.runner, Machine)
    with pytest.raises(
        UnregisteredClassError, match=r"'cnn' .*cannot be loaded: .*register_metric"
    ):
        Client.load(NAME, store)


# -- analyses --------------------------------------------------------------------------------------


@pytest.mark.item("AX18")
def test_analysis_cards(url: str, store: Store):
    client = begin(store)
    ask_and_tell(client, 3)
    [card] = client.compute_analyses([Summary()], display=False)
    id = save_analysis_card(card, client._experiment, store)
    client._save_analysis_card_to_db_if_possible(client._experiment, card)
    first, second = load_analysis_cards_by_experiment_name(NAME, store)
    assert (first.db_id, second.db_id) == (id, id + 1)
    assert list(first.df["arm_name"]) == list(card.df["arm_name"])
    assert first.title == card.title
