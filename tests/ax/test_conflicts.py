"""What one program wrote is not written over by another, or by an object of elsewhere."""

from __future__ import annotations

import copy
from contextlib import closing
from pathlib import Path

import pytest
from ax.core.arm import Arm
from ax.core.data import Data, DataRow
from ax.core.experiment import Experiment
from ax.core.metric import Metric
from ax.core.objective import Objective
from ax.core.optimization_config import OptimizationConfig
from ax.core.parameter import ParameterType, RangeParameter
from ax.core.search_space import SearchSpace

import runbase
from runbase import Run
from runbase.ax import (
    ExperimentConflictError,
    Store,
    TrialConflictError,
    delete_generation_strategy,
    hooks,
    load_experiment,
    load_generation_strategy_by_experiment_name,
    save_experiment,
    save_or_update_trial,
)
from runbase.errors import ConflictError
from tests.ax.clients import NAME, ask_and_tell, begin


def experiment(name: str = "e") -> Experiment:
    space = SearchSpace([RangeParameter("x", ParameterType.FLOAT, 0.0, 1.0)])
    return Experiment(space, name=name, tracking_metrics=[Metric("loss")])


def add_trial(one: Experiment, x: float) -> None:
    trial = one.new_trial()
    trial.add_arm(Arm({"x": x}))
    trial.mark_running(no_runner_required=True)


def observe(one: Experiment, trial: int, mean: float, step: float | None = None) -> None:
    row = DataRow(trial, f"{trial}_0", "loss", "loss", mean, 0.1, step)
    one.attach_data(Data(data_rows=[row]))


def means(name: str, client: runbase.Client) -> list[tuple[float, float | None]]:
    found = load_experiment(name, store=Store(client)).data._data_rows
    return [(row.mean, row.step) for row in found]


def test_observations_of_another_program_are_not_written_over(client: runbase.Client):
    one = experiment()
    add_trial(one, 0.5)
    observe(one, 0, 1.0, 0.0)
    save_experiment(one, store=Store(client))
    here, there = Store(client), Store(client)
    mine, theirs = (load_experiment("e", store=store) for store in (here, there))
    observe(theirs, 0, 2.0, 1.0)
    save_or_update_trial(theirs, theirs.trials[0], there)
    observe(mine, 0, 9.0, 2.0)
    with pytest.raises(TrialConflictError, match="trial 0 of 'e' was changed by another program"):
        save_or_update_trial(mine, mine.trials[0], here)
    assert means("e", client) == [(1.0, 0.0), (2.0, 1.0)]


def test_an_experiment_of_another_database_is_another_one(client: runbase.Client, tmp_path: Path):
    with closing(runbase.Client(str(tmp_path / "other.db"))) as other:
        for place, x in ((client, 0.1), (other, 0.9)):
            one = experiment()
            add_trial(one, x)
            save_experiment(one, store=place)
        assert one.db_id == load_experiment("e", store=client).db_id
        with pytest.raises(ExperimentConflictError, match="to replace it, save with overwrite"):
            save_experiment(one, store=client)
        arm = load_experiment("e", store=client).trials[0].arms[0]
        assert arm.parameters == {"x": 0.1}


def test_a_copy_does_not_take_the_trial_of_another_program(client: runbase.Client):
    one = experiment()
    save_experiment(one, store=client)
    other = copy.deepcopy(one)
    add_trial(one, 0.1)
    save_or_update_trial(one, one.trials[0], client)
    add_trial(other, 0.9)
    with pytest.raises(TrialConflictError, match="trial 0 of 'e' is another one"):
        save_or_update_trial(other, other.trials[0], Store(client))
    arm = load_experiment("e", store=client).trials[0].arms[0]
    assert arm.parameters == {"x": 0.1}


def test_overwriting_an_experiment_by_itself_keeps_its_strategy(client: runbase.Client):
    store = Store(client)
    ax = begin(store)
    ask_and_tell(ax)
    save_experiment(ax._experiment, store=store, overwrite=True)
    ask_and_tell(ax)
    strategy = load_generation_strategy_by_experiment_name(NAME, store)
    assert len(strategy._generator_runs) == 2


def test_a_strategy_that_another_program_deleted_is_missed(client: runbase.Client):
    store = Store(client)
    ask_and_tell(begin(store))
    strategy = load_generation_strategy_by_experiment_name(NAME, store)
    delete_generation_strategy(NAME, Store(client))
    runs = strategy.gen(strategy._experiment, n=1)
    trial = strategy._experiment.new_trial(generator_run=runs[0][0])
    with pytest.raises(ExperimentConflictError, match="strategy of 'cnn' was deleted by another"):
        runbase.ax.save_generation_strategy(strategy, store)
    assert trial.db_id is None


def test_a_client_whose_strategy_was_deleted_says_so_at_once(
    client: runbase.Client, monkeypatch: pytest.MonkeyPatch
):
    store = Store(client)
    ax = begin(store)
    ask_and_tell(ax)
    delete_generation_strategy(NAME, Store(client))
    monkeypatch.setattr(hooks, "time", None)  # no waiting for another attempt
    with pytest.raises(ExperimentConflictError, match="give the experiment another strategy"):
        ask_and_tell(ax)
    ax.configure_generation_strategy("random_search", initialize_with_center=False)
    ask_and_tell(ax)
    assert len(load_experiment(NAME, store=Store(client)).trials) == 2


def test_trials_are_not_judged_by_goals_of_yesterday(client: runbase.Client):
    here, there = Store(client), Store(client)
    one = experiment()
    add_trial(one, 0.5)
    save_experiment(one, store=here)
    other = load_experiment("e", store=there)
    one.optimization_config = OptimizationConfig(Objective(metric=Metric("loss"), minimize=True))
    save_experiment(one, store=here)
    observe(other, 0, 1.0)
    with pytest.raises(ExperimentConflictError, match="'e' was changed by another program"):
        save_or_update_trial(other, other.trials[0], there)
    other = load_experiment("e", store=there)
    observe(other, 0, 1.0)
    save_or_update_trial(other, other.trials[0], there)
    assert client.execute("SELECT value FROM runs").fetchone() == (1.0,)


def test_a_change_that_is_none_of_the_goals_does_not_stand_in_the_way(client: runbase.Client):
    here, there = Store(client), Store(client)
    one = experiment()
    add_trial(one, 0.5)
    save_experiment(one, store=here)
    other = load_experiment("e", store=there)
    one.description = "new"
    save_experiment(one, store=here)
    observe(other, 0, 1.0)
    save_or_update_trial(other, other.trials[0], there)
    assert load_experiment("e", store=client).description == "new"
    assert means("e", client) == [(1.0, None)]


def test_new_goals_do_not_pass_over_trials_that_nobody_here_has_seen(client: runbase.Client):
    here, there = Store(client), Store(client)
    one = experiment()
    save_experiment(one, store=here)
    other = load_experiment("e", store=there)
    add_trial(other, 0.5)
    save_or_update_trial(other, other.trials[0], there)
    one.optimization_config = OptimizationConfig(Objective(metric=Metric("loss"), minimize=True))
    with pytest.raises(ExperimentConflictError, match="'e' was changed by another program"):
        save_experiment(one, store=here)


def test_no_run_is_created_in_an_ax_experiment(client: runbase.Client):
    id = save_experiment_and_get_id(client)
    with pytest.raises(ConflictError, match="is an Ax experiment: its trials come from Ax"):
        Run(client, id)


def save_experiment_and_get_id(client: runbase.Client) -> int:
    one = experiment()
    save_experiment(one, store=client)
    return int(one.db_id)


def test_other_metrics_of_a_trials_run_are_not_observations(client: runbase.Client):
    one = experiment()
    add_trial(one, 0.5)
    observe(one, 0, 1.0)
    save_experiment(one, store=client)
    run = Run(client, run_id=one.trials[0].db_id)
    run.add_metrics({"gpu": 0.9}, step=5)
    assert means("e", client) == [(1.0, None)]


def test_a_curve_of_the_same_name_is_no_observation_of_a_trial_without_steps(
    client: runbase.Client,
):
    one = experiment()
    add_trial(one, 0.5)
    save_experiment(one, store=client)
    run = Run(client, run_id=one.trials[0].db_id)
    for step in (1, 2):
        run.add_metrics({"loss": 10.0 * step, "gpu": 0.9}, step=step)
    observe(one, 0, 1.0)
    save_experiment(one, store=client)
    assert means("e", client) == [(1.0, None)]
    curve = [(p.step, p.value) for p in run.get_metric("loss")]
    assert curve == [(0, 1.0), (1, 10.0), (2, 20.0)]


def test_in_a_trial_with_steps_it_is_a_part_of_the_curve(client: runbase.Client):
    one = experiment()
    add_trial(one, 0.5)
    observe(one, 0, 3.0, 3.0)
    observe(one, 0, 1.0, 1.0)
    save_experiment(one, store=client)
    assert means("e", client) == [(3.0, 3.0), (1.0, 1.0)]
    Run(client, run_id=one.trials[0].db_id).add_metrics({"loss": 2.0}, step=2)
    assert sorted(means("e", client)) == [(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)]


def test_what_others_logged_stays_when_observations_move(client: runbase.Client):
    one = experiment()
    add_trial(one, 0.5)
    observe(one, 0, 1.0)
    save_experiment(one, store=client)
    run = Run(client, run_id=one.trials[0].db_id)
    run.add_metrics({"gpu": 0.9, "note": "hot"}, step=0)
    run.add_metrics({"gpu": 0.8}, step=7)
    observe(one, 0, 2.0, 4.0)  # what has no step stands after the last one from now on
    save_experiment(one, store=client)
    assert sorted(means("e", client), key=repr) == [(1.0, None), (2.0, 4.0)]
    assert [(p.step, p.value) for p in run.get_metric("gpu")] == [(0, 0.9), (7, 0.8)]
    assert [p.value for p in run.get_metric("note")] == ["hot"]
    assert [(p.step, p.progress) for p in run.get_metric("loss")] == [(4, 0.0), (4, 1.0)]
