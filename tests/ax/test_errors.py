"""What cannot be saved or loaded says what it is, where it is and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ax.core.analysis_card import AnalysisCard
from ax.core.experiment import Experiment
from ax.core.metric import Metric
from ax.core.runner import Runner
from ax.exceptions import core as ax_errors
from ax.generation_strategy.generation_strategy import GenerationStrategy
from ax.runners.synthetic import SyntheticRunner

import runbase.ax
from runbase import Client
from runbase.ax import (
    ExperimentConflictError,
    ExperimentNotFoundError,
    NewerAxError,
    NotSavedError,
    NotStorableError,
    ObjectNotFoundError,
    Store,
    UnregisteredClassError,
    delete_experiment,
    delete_generation_strategy,
    files,
    load_analysis_cards_by_experiment_name,
    load_experiment,
    load_generation_strategy_by_experiment_name,
    load_generation_strategy_by_id,
    object_from_json,
    object_to_json,
    register_metric,
    register_runner,
    registry,
    save_analysis_card,
    save_experiment,
    save_generation_strategy,
    save_or_update_trial,
    set_default_store,
    update_experiment_status,
    update_generation_strategy,
    update_trial_status,
)
from runbase.errors import CorruptDatabaseError, InvalidValueError, NotFoundError, RunbaseError
from tests.ax.experiments import observe, run_trial, small_experiment, stored
from tests.ax.test_reduced import tuned


class OwnMetric(Metric):
    """A metric of a class that nobody registered."""


class OwnRunner(SyntheticRunner):
    """A runner of a class that nobody registered."""


@pytest.fixture(autouse=True)
def _registries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_metrics", {})
    monkeypatch.setattr(registry, "_runners", {})


@pytest.fixture
def _own_default() -> Iterator[None]:
    yield
    set_default_store(None)


def count(client: Client, table: str) -> int:
    return int(client.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])


# ---- classes


def test_an_unregistered_metric_is_refused(shared: Client) -> None:
    before = count(shared, "experiments")
    experiment = small_experiment("own", tracking_metrics=[OwnMetric("m")])
    message = r"of the class OwnMetric cannot be written.*runbase\.ax\.register_metric\(OwnMetric\)"
    with pytest.raises(NotStorableError, match=message):
        save_experiment(experiment, store=Store(shared))
    assert count(shared, "experiments") == before
    assert experiment.db_id is None


def test_an_unregistered_runner_is_refused(shared: Client) -> None:
    experiment = small_experiment("own runner")
    store = Store(shared)
    save_experiment(experiment, store=store, overwrite=True)
    experiment.runner = OwnRunner()
    run_trial(experiment)
    before = count(shared, "runs")
    with pytest.raises(NotStorableError, match=r"register_runner\(OwnRunner\)"):
        save_experiment(experiment, store=store)
    assert count(shared, "runs") == before


def test_a_trial_with_what_cannot_be_stored_is_refused(shared: Client) -> None:
    experiment = small_experiment("own trial")
    store = Store(shared)
    save_experiment(experiment, store=store, overwrite=True)
    trial = run_trial(experiment)
    trial.update_run_metadata({"it": OwnMetric("m")})
    before = count(shared, "runs")
    with pytest.raises(NotStorableError, match=r"register_metric\(OwnMetric\)"):
        save_or_update_trial(experiment, trial, store)
    assert count(shared, "runs") == before


@pytest.mark.item("AX11")
def test_a_metric_that_is_not_registered_on_load(shared: Client) -> None:
    experiment = small_experiment("own", tracking_metrics=[OwnMetric("m")])
    save_experiment(experiment, store=Store(shared, metrics=[OwnMetric]), overwrite=True)
    message = (
        r"the experiment 'own' .*no class called OwnMetric.*register_metric\(OwnMetric\)"
        r".*skip_runners_and_metrics=True"
    )
    with pytest.raises(UnregisteredClassError, match=message):
        load_experiment("own", store=Store(shared))
    store = Store(shared)
    register_metric(OwnMetric)
    assert type(load_experiment("own", store=store).metrics["m"]) is OwnMetric


@pytest.mark.item("AX12")
def test_a_runner_that_is_not_registered_on_load(shared: Client) -> None:
    experiment = small_experiment("own", runner=OwnRunner())
    save_experiment(experiment, store=Store(shared, runners=[OwnRunner]), overwrite=True)
    message = r"experiment 'own' .*no class called OwnRunner.*register_runner\(OwnRunner\)"
    with pytest.raises(UnregisteredClassError, match=message):
        load_experiment("own", store=Store(shared))
    register_runner(OwnRunner)
    assert type(load_experiment("own", store=Store(shared)).runner) is OwnRunner


def test_what_is_not_registered_in_a_trial_names_it(shared: Client) -> None:
    experiment = small_experiment("own trial")
    run_trial(experiment)
    run_trial(experiment).update_run_metadata({"it": OwnMetric("m")})
    save_experiment(experiment, store=Store(shared, metrics=[OwnMetric]), overwrite=True)
    message = r"trial 1 of 'own trial' .*no class called OwnMetric.*register_metric\(OwnMetric\)"
    with pytest.raises(UnregisteredClassError, match=message):
        load_experiment("own trial", store=Store(shared))


@pytest.mark.item("AX11", "AX12")
def test_a_class_is_registered_by_a_decorator() -> None:
    @register_metric
    class Decorated(Metric):
        pass

    @register_runner
    class DecoratedRunner(SyntheticRunner):
        pass

    experiment = small_experiment(tracking_metrics=[Decorated("m")], runner=DecoratedRunner())
    loaded = stored(experiment, Client("sqlite://"))
    assert (type(loaded.metrics["m"]), type(loaded.runner)) == (Decorated, DecoratedRunner)


def test_a_class_that_is_defined_again_takes_the_place_of_the_first() -> None:
    store = Store("sqlite://")
    for _ in range(2):
        again = type("Again", (Metric,), {})
        register_metric(again)
        experiment = small_experiment(tracking_metrics=[again("m")])
        save_experiment(experiment, store=store, overwrite=True)
        assert type(load_experiment("small", store=store).metrics["m"]) is again


@pytest.mark.parametrize("wrong", ["Metric", None, 7, int, Runner, Metric("m")], ids=repr)
def test_only_classes_of_metrics_are_registered(wrong: Any) -> None:
    with pytest.raises(TypeError, match="register_metric takes a subclass of Metric, not"):
        register_metric(wrong)


@pytest.mark.item("AX22")
def test_classes_of_a_store_are_not_those_of_others() -> None:
    client = Client("sqlite://")
    experiment = small_experiment(tracking_metrics=[OwnMetric("m")])
    save_experiment(experiment, store=Store(client, metrics=[OwnMetric]))
    with pytest.raises(UnregisteredClassError):
        load_experiment("small", store=Store(client))


@pytest.mark.parametrize(
    "value", [object(), {"a": [object()]}, lambda: None], ids=["object", "deep", "function"]
)
def test_properties_that_are_no_json(shared: Client, value: Any) -> None:
    before = count(shared, "experiments")
    with pytest.raises(NotStorableError, match="cannot be written as JSON"):
        save_experiment(small_experiment("no json", properties={"it": value}), store=Store(shared))
    assert count(shared, "experiments") == before


def test_only_what_is_in_a_database_can_be_loaded_without_classes(tmp_path: Path) -> None:
    register_metric(OwnMetric)
    experiment = small_experiment("own", tracking_metrics=[OwnMetric("m")])
    json = object_to_json(experiment)
    files.save_experiment(experiment, tmp_path / "own.json")
    registry._metrics.clear()
    for load in (
        lambda: object_from_json(json),
        lambda: files.load_experiment(tmp_path / "own.json"),
    ):
        with pytest.raises(UnregisteredClassError, match=r"register_metric\(OwnMet") as caught:
            load()
        assert "skip_runners_and_metrics" not in str(caught.value)


# ---- damage


#: How to damage each document, and what the message names.
TABLES = {
    "ax_experiments": ("doc", "experiment_id = {experiment}", "experiment {experiment}"),
    "ax_trials": ("doc", "run_id = {run}", r"of run {run}\b"),
    "ax_trials.layout": ("layout", "run_id = {run}", "of run {run} "),
    "ax_strategies": ("doc", "id = {strategy}", "strategy {strategy}"),
    "ax_generator_runs": (
        "doc",
        "strategy_id = {strategy} AND ordinal = 3",
        "3 of strategy {strategy}",
    ),
    "ax_cards": ("doc", "id = {card}", "card {card}"),
}


@pytest.mark.item("AX24")
@pytest.mark.parametrize("damage", ["", "{", "null", "[]", "7", "{}", '{"__type": "Arm"}'])
@pytest.mark.parametrize("table", TABLES)
def test_a_damaged_document_names_its_row(shared: Client, table: str, damage: str) -> None:
    store = Store(shared)
    experiment, strategy = tuned("damaged")
    save_experiment(experiment, store=store, overwrite=True)
    id = save_generation_strategy(strategy, store)
    card = AnalysisCard(name="c", title="t", subtitle="s", df=_frame(), blob="b")
    ids = {
        "experiment": experiment.db_id, "run": experiment.trials[0].db_id, "strategy": id,
        "card": save_analysis_card(card, experiment, store),
    }  # fmt: skip
    column, where, named = TABLES[table]
    shared.execute(
        f"UPDATE {table.partition('.')[0]} SET {column} = :doc WHERE {where.format(**ids)}",
        {"doc": damage},
    )
    with pytest.raises(RunbaseError, match=named.format(**ids)) as caught:
        load_all("damaged", Store(shared))
    assert isinstance(caught.value, CorruptDatabaseError | UnregisteredClassError)


def load_all(name: str, store: Store) -> None:
    load_generation_strategy_by_experiment_name(name, store)
    load_analysis_cards_by_experiment_name(name, store)


def _frame() -> Any:
    import pandas as pd

    return pd.DataFrame({"a": [1]})


def test_observations_that_somebody_deleted_are_missed(shared: Client) -> None:
    experiment = small_experiment("deleted")
    trial = run_trial(experiment)
    for step, metric in ((1.0, "loss"), (2.0, "loss"), (2.0, "other"), (1.0, "other")):
        observe(trial, 0.5, step=step, metric=metric, n=int(step))
    save_experiment(experiment, store=Store(shared), overwrite=True)
    shared.execute(f"DELETE FROM metrics WHERE run_id = {trial.db_id} AND step = 1")
    with pytest.raises(CorruptDatabaseError, match=rf"layout of run {trial.db_id} \(trial 0\)"):
        load_experiment("deleted", store=Store(shared))


@pytest.mark.parametrize("table", ["ax_experiments", "ax_trials", "ax_strategies", "ax_cards"])
def test_what_a_newer_ax_wrote_is_refused(shared: Client, table: str) -> None:
    store = Store(shared)
    experiment, strategy = tuned("newer")
    save_experiment(experiment, store=store, overwrite=True)
    save_generation_strategy(strategy, store)
    card = AnalysisCard(name="c", title="t", subtitle="s", df=_frame(), blob="b")
    save_analysis_card(card, experiment, store)
    shared.execute(f"UPDATE {table} SET ax_version = '9.0'")
    message = rf"{table}\.doc of .* was written by Ax 9\.0.*pip install 'ax-platform>=9\.0'"
    try:
        with pytest.raises(NewerAxError, match=message):
            load_all("newer", Store(shared))
    finally:
        shared.execute(f"UPDATE {table} SET ax_version = '1.3.1'")


# ---- what is not there


@pytest.mark.item("AX17")
def test_errors_for_what_is_not_there_are_those_of_ax_as_well(shared: Client) -> None:
    save_experiment(small_experiment("there"), store=Store(shared), overwrite=True)
    for error in (ax_errors.ExperimentNotFoundError, NotFoundError, ExperimentNotFoundError):
        with pytest.raises(error, match=r"'gone' not found in .*: there are .*'"):
            load_experiment("gone", store=Store(shared))
    for look in (
        load_generation_strategy_by_experiment_name,
        load_analysis_cards_by_experiment_name,
        delete_generation_strategy,
    ):
        with pytest.raises(ExperimentNotFoundError, match=r"'gone' not found in .*: there are .*'"):
            look("gone", Store(shared))
    for error in (ax_errors.ObjectNotFoundError, NotFoundError, ObjectNotFoundError):
        with pytest.raises(error, match="does not have a generation strategy"):
            load_generation_strategy_by_experiment_name("there", Store(shared))
        with pytest.raises(error, match="there is no generation strategy 10000"):
            load_generation_strategy_by_id(10000, Store(shared))
    with pytest.raises(NotFoundError, match="there is no Ax experiment 'gone'"):
        delete_experiment("gone", Store(shared))


# ---- names


@pytest.mark.item("AX25")
@pytest.mark.parametrize("name", ["a\0b", "\ud800", "", "x" * 501])
def test_names_of_experiments_that_no_engine_keeps(shared: Client, name: str) -> None:
    before = count(shared, "experiments")
    with pytest.raises(InvalidValueError, match="name"):
        save_experiment(small_experiment(name), store=Store(shared))
    assert count(shared, "experiments") == before


@pytest.mark.item("AX25")
@pytest.mark.parametrize("name", ["a\0b", "\ud800", ""])
def test_names_of_metrics_that_no_engine_keeps(shared: Client, name: str) -> None:
    before = count(shared, "experiments")
    experiment = small_experiment("odd metric")
    observe(run_trial(experiment), 0.5, metric=name)
    with pytest.raises(InvalidValueError):
        save_experiment(experiment, store=Store(shared))
    assert count(shared, "experiments") == before


def test_an_experiment_without_a_name(shared: Client) -> None:
    with pytest.raises(InvalidValueError, match="name must be set"):
        save_experiment(small_experiment(None), store=Store(shared))


def test_what_is_no_experiment(shared: Client) -> None:
    with pytest.raises(InvalidValueError, match="Can only save instances of Experiment"):
        save_experiment(run_trial(small_experiment()), store=Store(shared))


@pytest.mark.item("AX15")
def test_a_saved_experiment_keeps_its_name(shared: Client) -> None:
    store = Store(shared)
    experiment = small_experiment("first name")
    save_experiment(experiment, store=store, overwrite=True)
    experiment._name = "second name"
    with pytest.raises(InvalidValueError, match="not allowed: it is stored as 'first name'"):
        save_experiment(experiment, store=store)
    assert "second name" not in store.names()


@pytest.mark.item("AX15")
def test_a_name_that_is_taken(shared: Client) -> None:
    save_experiment(
        small_experiment("taken", description="one"), store=Store(shared), overwrite=True
    )
    other = small_experiment("taken", description="two")
    for store in (Store(shared), Store(shared)):
        with pytest.raises(ExperimentConflictError, match="already exists with the name taken"):
            save_experiment(other, store=store)
    assert load_experiment("taken", store=Store(shared)).description == "one"


@pytest.mark.item("AX15")
def test_overwriting_replaces_all(shared: Client) -> None:
    first, strategy = tuned("replaced")
    save_experiment(first, store=shared, overwrite=True)
    save_generation_strategy(strategy, shared)
    other = small_experiment("replaced")
    save_experiment(other, store=shared, overwrite=True)
    assert other.db_id != first.db_id
    assert load_experiment("replaced", store=Store(shared)) == other
    for table in ("ax_experiments", "ax_strategies"):
        [left] = shared.execute(
            f"SELECT COUNT(*) FROM {table} WHERE experiment_id = {first.db_id}"
        ).fetchone()
        assert left == 0


def test_overwriting_itself_keeps_all(shared: Client) -> None:
    experiment = small_experiment("itself")
    observe(run_trial(experiment), 0.5)
    save_experiment(experiment, store=shared, overwrite=True)
    save_experiment(experiment, store=shared, overwrite=True)
    assert load_experiment("itself", store=Store(shared)) == experiment


@pytest.mark.item("AX16")
def test_a_strategy_of_an_experiment_that_was_not_saved() -> None:
    _, strategy = tuned("not saved")
    with pytest.raises(InvalidValueError, match="not saved should be saved before generation"):
        save_generation_strategy(strategy, Store("sqlite://"))


def test_what_was_not_saved_names_the_call_that_saves_it() -> None:
    store = Store("sqlite://")
    experiment, strategy = tuned("not saved")
    trial = experiment.trials[0]
    card = AnalysisCard(name="c", title="t", subtitle="s", df=_frame(), blob="b")
    first = r"Experiment not saved should be saved before"
    calls: list[tuple[Callable[[], Any], str]] = [
        (lambda: save_generation_strategy(strategy, store), rf"{first} .*: call save_experiment\("),
        (lambda: save_analysis_card(card, experiment, store), rf"{first} .*: call save_experiment"),
        (
            lambda: save_or_update_trial(experiment, trial, store),
            r"Must save experiment before .*: call save_experiment\(experiment, store=",
        ),
        (
            lambda: update_experiment_status(experiment, store),
            r"Experiment must be saved before .*: call save_experiment\(experiment, store=",
        ),
        (
            lambda: update_trial_status(trial, store),
            r"Trial must be saved before being updated: call save_or_update_trial\(",
        ),
        (
            lambda: update_generation_strategy(strategy, store=store),
            r"GenerationStrategy must be saved .*: call save_generation_strategy\(",
        ),
    ]
    for call, message in calls:
        with pytest.raises(NotSavedError, match=f"^{message}"):
            call()


# ---- the default store


@pytest.mark.item("AX13")
@pytest.mark.usefixtures("_own_default")
def test_the_default_store(tmp_path: Path) -> None:
    set_default_store(tmp_path / "default.db")
    save_experiment(small_experiment("of the default"))
    assert load_experiment("of the default").name == "of the default"
    assert Store(tmp_path / "default.db").names() == ["of the default"]
    other = Client("sqlite://")
    set_default_store(other)
    with pytest.raises(ExperimentNotFoundError, match="there are no Ax experiments"):
        load_experiment("of the default")
    assert load_experiment("of the default", store=tmp_path / "default.db") is not None


def test_a_name_that_is_none() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        runbase.ax.nothing  # noqa: B018
    assert all(getattr(runbase.ax, name) is not None for name in runbase.ax.__all__)


def test_types_of_what_is_loaded(shared: Client) -> None:
    experiment, strategy = tuned("types")
    save_experiment(experiment, store=shared, overwrite=True)
    id = save_generation_strategy(strategy, shared)
    assert type(load_experiment("types", store=Store(shared))) is Experiment
    assert type(load_generation_strategy_by_id(id, Store(shared))) is GenerationStrategy
