"""Tables, transactions and the default store, under the names of Ax's SQL store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ax.core.arm import Arm
from ax.core.batch_trial import BatchTrial
from ax.core.experiment import Experiment
from ax.core.parameter import ParameterType, RangeParameter
from ax.core.search_space import SearchSpace
from ax.runners.synthetic import SyntheticRunner

import runbase
from runbase.ax import (
    load_experiment,
    save_experiment,
    set_default_store,
    update_runner_on_experiment,
)
from runbase.ax.database import (
    create_all_tables,
    init_engine_and_session_factory,
    init_test_engine_and_session_factory,
    session_scope,
)
from runbase.ax.store import store_of
from runbase.errors import ConfigError, NotFoundError, SchemaError


@pytest.fixture(autouse=True)
def _no_default() -> Iterator[None]:
    yield
    set_default_store(None)


def experiment(name: str) -> Experiment:
    space = SearchSpace([RangeParameter("x", ParameterType.FLOAT, 0.0, 1.0)])
    return Experiment(space, name=name)


@pytest.mark.item("AX13")
def test_tables_are_made_where_there_are_none(url: str):
    if not url.startswith("sqlite"):
        with pytest.raises(SchemaError):
            save_experiment(experiment("e"), store=url)
    create_all_tables(url)
    create_all_tables(url)
    save_experiment(experiment("e"), store=url)
    assert store_of(url).names() == ["e"]
    store_of(url).close()


@pytest.mark.item("AX13")
def test_what_is_saved_in_a_scope_is_saved_together(client: runbase.Client):
    with session_scope(client) as inside:
        assert inside is client
        save_experiment(experiment("one"), store=client)
        save_experiment(experiment("two"), store=client)
    assert store_of(client).names() == ["one", "two"]


@pytest.mark.item("AX13")
def test_what_was_saved_in_a_scope_that_failed_can_be_saved_again(client: runbase.Client):
    old, new = experiment("old"), experiment("new")
    save_experiment(old, store=client)
    new.new_trial().add_arm(Arm({"x": 0.5}))

    def save_both_and_fail() -> None:
        with session_scope(client):
            old.description = "changed"
            save_experiment(old, store=client)
            save_experiment(new, store=client)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        save_both_and_fail()
    assert store_of(client).names() == ["old"]
    for each in (old, new):
        save_experiment(each, store=client)
        assert load_experiment(each.name, store=client) == each


@pytest.mark.item("AX13")
def test_the_default_store_is_the_one_that_was_chosen_last(url: str):
    create_all_tables(url)
    init_test_engine_and_session_factory()
    save_experiment(experiment("in memory"))
    init_engine_and_session_factory(url=url)
    save_experiment(experiment("on disk"))
    assert load_experiment("on disk", store=url).name == "on disk"
    with pytest.raises(NotFoundError):
        load_experiment("in memory")
    store_of(url).close()


@pytest.mark.item("AX13")
def test_a_function_that_makes_connections_is_refused():
    with pytest.raises(ConfigError, match=r"give the url .* creator= is not used"):
        init_engine_and_session_factory(creator=lambda: None)


@pytest.mark.item("AX14")
def test_runs_keep_their_ids_and_arms_that_are_gone_are_deleted(client: runbase.Client):
    one = experiment("e")
    batch = one.new_batch_trial()
    batch.add_arm(Arm({"x": 0.1}, name="kept"))
    batch.add_arm(Arm({"x": 0.2}, name="gone"))
    save_experiment(one, store=client)
    query = "SELECT name, id FROM runs WHERE parent_id IS NOT NULL ORDER BY id"
    before = dict(client.execute(query).fetchall())

    again = load_experiment("e", store=client)
    trial = again.trials[0]
    assert isinstance(trial, BatchTrial)
    trial._generator_runs = [run for run in trial.generator_runs if run.arms[0].name == "kept"]
    trial._refresh_arms_by_name()
    trial.add_arm(Arm({"x": 0.3}, name="new"))
    trial.mark_running(no_runner_required=True)
    save_experiment(again, store=client)
    after = dict(client.execute(query).fetchall())
    assert list(after) == ["kept", "new"]
    assert after["kept"] == before["kept"]
    assert client.execute("SELECT id FROM runs WHERE number = 0").fetchone() == (trial.db_id,)
    assert load_experiment("e", store=client).trials[0] == trial


@pytest.mark.item("AX18")
def test_another_runner_is_given_to_an_experiment_and_saved(client: runbase.Client):
    one = experiment("e")
    save_experiment(one, store=client)
    update_runner_on_experiment(one, SyntheticRunner(dummy_metadata="new"), client)
    assert load_experiment("e", store=client).runner == one.runner
    assert one.runner.dummy_metadata == "new"
