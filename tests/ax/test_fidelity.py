"""What Ax's own stores lose, cut short or cannot load comes back exactly, on each engine."""

from __future__ import annotations

import itertools
import math
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from ax.core.arm import Arm
from ax.core.auxiliary import AuxiliaryExperiment, AuxiliaryExperimentPurpose
from ax.core.data import Data, DataRow
from ax.core.experiment import Experiment
from ax.core.experiment_status import ExperimentStatus
from ax.core.generator_run import GeneratorRun
from ax.core.metric import Metric
from ax.core.objective import MultiObjective, Objective
from ax.core.optimization_config import OptimizationConfig, PreferenceOptimizationConfig
from ax.core.outcome_constraint import (
    ComparisonOp,
    OutcomeConstraint,
    ScalarizedOutcomeConstraint,
)
from ax.core.parameter import ChoiceParameter, FixedParameter, ParameterType, RangeParameter
from ax.core.search_space import SearchSpace
from ax.utils.common.constants import Keys

from runbase import Client
from runbase.ax import Store, load_experiment, save_experiment
from tests.ax.experiments import observe, run_trial, small_experiment, stored

FLOAT = ParameterType.FLOAT
PE, TRANSFER = (
    AuxiliaryExperimentPurpose.PE_EXPERIMENT,
    AuxiliaryExperimentPurpose.TRANSFERABLE_EXPERIMENT,
)
#: Names that SQL, drivers and formats might take for something else.
NAMES = [
    "run_id", "step", "progress", "a:b", ":id", "?", "100%", "%s", 'quo"te', "`tick`", "it's",
    "back\\slash", "__type", "loss_sem", "naïve 😀", "ä" * 60, "x" * 300, "UPPER", "upper", " ",
]  # fmt: skip


def rows_of(experiment: Experiment) -> list[str]:
    """All data rows, exactly; those of one arm keep their order, arms stand together."""
    rows = sorted(experiment.data._data_rows, key=lambda row: (row.trial_index, row.arm_name))
    return [repr(vars(row)) for row in rows]


# ---- experiments


@pytest.mark.parametrize("status", [*ExperimentStatus, None])
def test_the_status_of_an_experiment(shared: Client, status: ExperimentStatus | None) -> None:
    experiment = small_experiment()
    experiment._status = status
    assert stored(experiment, shared).status is status


def test_auxiliary_experiments_that_are_stored_are_kept_by_name(shared: Client) -> None:
    others = [small_experiment(name) for name in ("one", "two", "three")]
    for other in others:
        observe(run_trial(other), 0.5)
        save_experiment(other, store=shared, overwrite=True)
    one, two, three = (AuxiliaryExperiment(other) for other in others)
    two.is_active = False
    experiment = small_experiment(
        auxiliary_experiments_by_purpose={PE: [one, two], TRANSFER: [three]}
    )
    loaded = stored(experiment, shared)
    assert loaded == experiment
    assert [each.experiment.name for each in loaded.auxiliary_experiments_by_purpose[PE]] == ["one"]
    kept = loaded.auxiliary_experiments_by_purpose_for_storage
    assert [(a.experiment.name, a.is_active) for a in kept[PE]] == [("one", True), ("two", False)]
    assert [(a.experiment.name, a.is_active) for a in kept[TRANSFER]] == [("three", True)]
    [document] = shared.execute(
        "SELECT h.doc FROM ax_experiments h JOIN experiments e ON e.id = h.experiment_id"
        " WHERE e.name = 'small'"
    ).fetchone()
    assert '"auxiliary":{"PE_EXPERIMENT":[["one",true],["two",false]]' in document


def test_auxiliary_experiments_that_are_not_stored_are_kept_whole(shared: Client) -> None:
    other = small_experiment(None)
    observe(run_trial(other), 0.5)
    auxiliary = {PE: [AuxiliaryExperiment(other)]}
    experiment = small_experiment("with another", auxiliary_experiments_by_purpose=auxiliary)
    loaded = stored(experiment, shared)
    assert loaded == experiment
    [found] = loaded.auxiliary_experiments_by_purpose[PE]
    assert rows_of(found.experiment) == rows_of(other)


def test_auxiliary_experiments_can_be_left_out(shared: Client) -> None:
    other = small_experiment("left out")
    save_experiment(other, store=shared, overwrite=True)
    auxiliary = {PE: [AuxiliaryExperiment(other)]}
    experiment = small_experiment("alone", auxiliary_experiments_by_purpose=auxiliary)
    save_experiment(experiment, store=shared, overwrite=True)
    store = Store(shared)
    loaded = load_experiment("alone", store=store, load_auxiliary_experiments=False)
    assert not any(loaded.auxiliary_experiments_by_purpose.values())
    loaded.description = "changed"
    save_experiment(loaded, store=store)
    [found] = load_experiment("alone", store=Store(shared)).auxiliary_experiments_by_purpose[PE]
    assert found.experiment.name == "left out"


def test_values_of_parameters_that_were_added_or_disabled_later(shared: Client) -> None:
    added = RangeParameter("added", FLOAT, 0, 1, backfill_value=0.25)
    switch = ChoiceParameter(
        "switch", ParameterType.BOOL, [True, False], backfill_value=False, is_ordered=False,
        sort_values=False,
    )  # fmt: skip
    disabled = RangeParameter("disabled", FLOAT, 0, 1)
    disabled.disable(0.75)
    fixed = FixedParameter("fixed", ParameterType.STRING, "a")
    space = SearchSpace([added, switch, disabled, fixed])
    loaded = stored(small_experiment(search_space=space), shared)
    found = loaded.search_space.parameters
    values = {name: (each.backfill_value, each.default_value) for name, each in found.items()}
    assert values == {
        "added": (0.25, None), "switch": (False, None), "disabled": (None, 0.75),
        "fixed": (None, None),
    }  # fmt: skip


def test_scales_of_parameters(shared: Client) -> None:
    space = SearchSpace([
        RangeParameter("odds", FLOAT, 0.001, 0.999, logit_scale=True),
        RangeParameter("rate", FLOAT, 1e-5, 1, log_scale=True, digits=7),
        RangeParameter("size", FLOAT, 0, 1, is_fidelity=True, target_value=1.0),
    ])  # fmt: skip
    found = stored(small_experiment(search_space=space), shared).search_space.parameters
    assert found["odds"].logit_scale
    assert found["rate"].log_scale
    assert found["rate"].digits == 7
    assert (found["size"].is_fidelity, found["size"].target_value) == (True, 1.0)


@pytest.mark.item("AX24")
def test_times_to_the_microsecond(shared: Client) -> None:
    experiment = small_experiment()
    trial = run_trial(experiment)
    trial.mark_completed()
    noon = datetime(2024, 5, 17, 12, 30, 59, 123457)
    experiment._time_created = noon
    trial._time_created = noon + timedelta(microseconds=1)
    trial._time_staged = noon + timedelta(microseconds=2)
    trial._time_run_started = noon + timedelta(microseconds=3)
    trial._time_completed = noon + timedelta(microseconds=4)
    loaded = stored(experiment, shared)
    found = loaded.trials[0]
    assert loaded.time_created == noon
    assert [
        found.time_created,
        found.time_staged,
        found.time_run_started,
        found.time_completed,
    ] == [noon + timedelta(microseconds=n) for n in (1, 2, 3, 4)]


KEYS: list[dict[Any, Any]] = [
    {1: "int", 2: {3: [{4: "deep"}]}},
    {True: "bool", False: {None: 1}},
    {0.5: "float", math.inf: 1},
    {None: "none", "null": "text"},
    {"null": 1},
    {"1": "text", 1: "int"},
    {None: 1},
    {"plain": True, "__type": None, "value": [1]},
    {"__type": "a note", "inner": {"__type": "", "deep": [{"__type": "cat.jpg", 1: 2}]}},
    {"": "", "a": {}},
    {-1: math.nan, 2**70: 1},
    {(1, (2, "a")): "pair"},
]


@pytest.mark.parametrize("value", KEYS, ids=repr)
def test_keys_of_dictionaries(shared: Client, value: dict[Any, Any]) -> None:
    experiment = small_experiment(properties={"it": value})
    trial = run_trial(experiment)
    trial.update_run_metadata({"it": value, 7: value})
    trial._properties["it"] = value
    loaded = stored(experiment, shared)
    found = loaded.trials[0]
    assert repr(loaded._properties["it"]) == repr(value)
    assert repr(found.run_metadata) == repr({"it": value, 7: value})
    assert repr(found._properties["it"]) == repr(value)


def test_numbers_as_keys_of_properties(shared: Client) -> None:
    other = small_experiment("beside", properties={1: "one"})
    save_experiment(other, store=shared, overwrite=True)
    experiment = small_experiment(
        properties={1: "int", "1": "text", Keys.LONG_RUN: "member of an enumeration"},
        auxiliary_experiments_by_purpose={PE: [AuxiliaryExperiment(other)]},
    )
    experiment._status = ExperimentStatus.COMPLETED
    loaded = stored(experiment, shared)  # Ax's own equality cannot sort such keys
    assert loaded._properties == experiment._properties
    assert loaded.status is ExperimentStatus.COMPLETED
    [found] = loaded.auxiliary_experiments_by_purpose[PE]
    assert found.experiment._properties == {1: "one"}


@pytest.mark.parametrize(
    "value",
    [-0.0, 1e-320, 5e-324, 1.7976931348623157e308, math.nan, math.inf, -math.inf, 2**53 + 1, 2**80],
)
def test_numbers_in_properties(shared: Client, value: float) -> None:
    found = stored(small_experiment(properties={"it": [value]}), shared)._properties["it"]
    assert repr(found) == repr([value])


def test_scalarised_constraints(shared: Client) -> None:
    metrics = [Metric(name=name) for name in ("m1", "m2")]
    constraint = ScalarizedOutcomeConstraint(
        metrics=metrics, op=ComparisonOp.LEQ, bound=10, weights=[2.0, 3.0], relative=False
    )
    config = OptimizationConfig(
        objective=Objective(metric=Metric(name="m3"), minimize=True),
        outcome_constraints=[constraint],
    )
    experiment = small_experiment(optimization_config=config, tracking_metrics=metrics)
    trial = run_trial(experiment)
    for name, mean in {"m1": 4.0, "m2": 1.0, "m3": 0.5}.items():
        observe(trial, mean, metric=name)
    loaded = stored(experiment, shared)
    assert loaded == experiment
    [found] = loaded.optimization_config.outcome_constraints
    assert isinstance(found, ScalarizedOutcomeConstraint)
    assert found.metric_weights == [("m1", 2.0), ("m2", 3.0)]
    [violations] = shared.execute(
        "SELECT a.value FROM run_attrs a JOIN runs r ON r.id = a.owner_id"
        " JOIN experiments e ON e.id = r.experiment_id"
        " WHERE e.name = 'small' AND a.scope = 'system'"
    ).fetchone()
    assert violations in ("[1.0]", [1.0])


@pytest.mark.parametrize("text", ["2*m1 + m2 <= 3", "2*m1 <= 3", "m1>=0.9*baseline", "1 >= m2"])
def test_constraints_that_are_expressions(shared: Client, text: str) -> None:
    names = {"m1": "m1", "m2": "m2"}
    config = OptimizationConfig(
        objective=Objective(metric=Metric(name="loss"), minimize=True),
        outcome_constraints=[OutcomeConstraint(text, metric_name_to_signature=names)],
    )
    metrics = [Metric(name=name) for name in names]
    experiment = small_experiment(optimization_config=config, tracking_metrics=metrics)
    loaded = stored(experiment, shared)
    assert loaded == experiment
    [found] = loaded.optimization_config.outcome_constraints
    assert found.expression == text


@pytest.mark.parametrize("name", ["top-1 acc", "100%", "2x", "x*y", "a(b)", "pi", "a:b", "é"])
def test_objectives_with_names_like_formulas(shared: Client, name: str) -> None:
    objective = Objective(metric=Metric(name=name), minimize=True)
    experiment = small_experiment(optimization_config=OptimizationConfig(objective=objective))
    trial = run_trial(experiment)
    observe(trial, 1.5, metric=name)
    loaded = stored(experiment, shared)
    assert loaded == experiment
    assert loaded.optimization_config.objective.metric_names == [name]
    sql = f"SELECT value FROM runs WHERE id = {loaded.trials[0].db_id}"
    assert shared.execute(sql).fetchone() == (1.5,)


def test_preference_configurations(shared: Client) -> None:
    objectives = [Objective(metric=Metric(name=name), minimize=False) for name in ("m1", "m2")]
    config = PreferenceOptimizationConfig(
        objective=MultiObjective(objectives=objectives), preference_profile_name="profile",
        expect_relativized_outcomes=True,
    )  # fmt: skip
    experiment = small_experiment(optimization_config=config)
    loaded = stored(experiment, shared)
    assert loaded == experiment
    assert loaded.optimization_config.preference_profile_name == "profile"
    assert loaded.optimization_config.expect_relativized_outcomes is True


@pytest.mark.parametrize("name", ["e" * 500, "ünï 😀", "100%", ":id", "a.json", "it's", 'x"y', " "])
def test_names_of_experiments(shared: Client, name: str) -> None:
    assert stored(small_experiment(name), shared).name == name


# ---- trials


def test_the_status_quo_of_some_batches(shared: Client) -> None:
    quo = Arm({"x": 0.5}, name="status_quo")
    experiment = small_experiment(status_quo=quo)
    arms = [Arm({"x": n / 10}) for n in range(4)]
    experiment.new_batch_trial(GeneratorRun(arms[:2], weights=[1.0, 0.25]))
    second = experiment.new_batch_trial(GeneratorRun(arms[2:]))
    second.add_status_quo_arm(weight=2.5)
    experiment.new_batch_trial(GeneratorRun([arms[0], quo]))
    experiment.new_batch_trial(GeneratorRun(arms[:1]), should_add_status_quo_arm=True)
    experiment.new_batch_trial()
    for trial in experiment.trials.values():
        trial.mark_running(no_runner_required=True)
    loaded = stored(experiment, shared)
    assert loaded == experiment
    for index, trial in experiment.trials.items():
        found = loaded.trials[index]
        assert weights(found) == weights(trial)
        assert found.should_add_status_quo_arm is trial.should_add_status_quo_arm
        assert len(found.generator_runs) == len(trial.generator_runs)
    assert weights(loaded.trials[0]) == {"0_0": 1.0, "0_1": 0.25}
    assert weights(loaded.trials[1])["status_quo"] == 2.5


def weights(trial: Any) -> dict[str, float]:
    return {arm.name: weight for arm, weight in trial.arm_weights.items()}


@pytest.mark.item("AX24")
@pytest.mark.parametrize("how", ["failed", "abandoned", "early_stopped"])
def test_long_reasons(shared: Client, how: str) -> None:
    experiment = small_experiment()
    trial = run_trial(experiment)
    observe(trial, 0.5)
    reason = "out of memory: 😀 " * 59
    getattr(trial, f"mark_{how}")(reason=reason[:1000])
    found = stored(experiment, shared).trials[0]
    assert found.status_reason == reason[:1000]
    assert found.status is trial.status


def test_abandoned_arms(shared: Client) -> None:
    experiment = small_experiment()
    batch = experiment.new_batch_trial(GeneratorRun([Arm({"x": 0.1}), Arm({"x": 0.2})]))
    batch.mark_running(no_runner_required=True)
    batch.mark_arm_abandoned("0_1", reason="r" * 1000)
    [found] = stored(experiment, shared).trials[0].abandoned_arms_metadata
    assert (found.name, found.reason) == ("0_1", "r" * 1000)


@pytest.mark.parametrize("name", NAMES)
def test_names_of_metrics_and_parameters(shared: Client, name: str) -> None:
    space = SearchSpace([
        RangeParameter(name, FLOAT, 0, 1), ChoiceParameter(f"{name}!", ParameterType.STRING, NAMES),
    ])  # fmt: skip
    experiment = small_experiment(search_space=space)
    experiment.add_tracking_metric(Metric(name=name))
    trial = run_trial(experiment, **{name: 0.5, f"{name}!": name})
    observe(trial, 1.5, 0.5, metric=name)
    observe(trial, 2.5, None, metric=f"{name}_sem")
    loaded = stored(experiment, shared)
    assert loaded == experiment
    assert loaded.trials[0].arm.parameters == {name: 0.5, f"{name}!": name}
    assert rows_of(loaded) == rows_of(experiment)


# ---- observations


NUMBERS = [
    0.0, -0.0, 1e-320, -5e-324, float(2**53), 2**53 + 2.0, 0.1 + 0.2, 1e308, math.nan, math.inf,
    -math.inf,
]  # fmt: skip


def test_means_and_errors(shared: Client) -> None:
    experiment = small_experiment()
    for mean, sem in itertools.product(NUMBERS, NUMBERS):
        observe(run_trial(experiment), mean, sem)
    assert rows_of(stored(experiment, shared)) == rows_of(experiment)


CURVES: dict[str, list[Any]] = {
    "whole": [0.0, 1.0, 2.0, 10.0],
    "fractional": [0.5, 0.1 + 0.2, 1 / 3, 7.25],
    "with a final value": [1.0, 2.0, 3.0, math.nan],
    "with a final value of None": [1.0, 2.0, 3.0, None],
    "with a first value without step": [None, 1.0, 2.0],
    "backwards": [3.0, 2.0, 1.0],
    "twice at a step": [1.0, 1.0, 2.0, None, None],
    "negative and huge": [-3.0, -0.25, 1e300, float(2**53), 2**53 + 2.0],
    "infinite": [math.inf, -math.inf, 1.0],
    "near a whole step": [math.nextafter(2.0, 1.0), 2.0, math.nextafter(2.0, 3.0), 1e-320],
    "without any step": [None],
    "without any step, NaN": [math.nan],
    "both absences": [None, math.nan, 1.0],
    "only zero": [0.0],
    "minus zero": [-0.0, 1.0],
}


@pytest.mark.parametrize("steps", CURVES.values(), ids=CURVES)
def test_curves(shared: Client, steps: list[Any]) -> None:
    experiment = small_experiment()
    for _ in range(2):
        trial = run_trial(experiment)
        for i, step in enumerate(steps):
            observe(trial, float(i), 0.5 if i % 2 else None, step=step)
    assert rows_of(stored(experiment, shared)) == rows_of(experiment)


def test_a_curve_goes_on_where_it_was(shared: Client) -> None:
    experiment = small_experiment()
    trial = run_trial(experiment)
    store = Store(shared)
    for step in (1.0, 2.0, None, 3.0, 2.5, None):
        observe(trial, 0.5, step=step)
        save_experiment(experiment, store=store, overwrite=step == 1.0)
        loaded = load_experiment(experiment.name, store=Store(shared))
        assert rows_of(loaded) == rows_of(experiment)


DETAILS = {
    "times": {"start_time": pd.Timestamp("2024-01-01 01:02:03.123456789"), "end_time": pd.NaT},
    "zones": {"start_time": pd.Timestamp("2024-01-01", tz="Europe/Paris")},
    "texts": {"start_time": "2024-01-01 01:02:03", "end_time": "later"},
    "numbers": {"start_time": 1_700_000_000_123, "end_time": 1.5, "n": 10},
    "n": {"n": 2**60},
}


@pytest.mark.parametrize("details", DETAILS.values(), ids=DETAILS)
def test_times_and_sizes_of_observations(shared: Client, details: dict[str, Any]) -> None:
    experiment = small_experiment()
    trial = run_trial(experiment)
    observe(trial, 0.5, step=1.0, **details)
    observe(trial, 0.25, step=2.0)
    observe(trial, 0.25, step=3.0, **details)
    assert rows_of(stored(experiment, shared)) == rows_of(experiment)


def test_signatures_of_metrics(shared: Client) -> None:
    experiment = small_experiment()
    trial = run_trial(experiment)
    observe(trial, 1.0, signature="loss_v1", step=1.0)
    observe(trial, 2.0, signature="loss_v1", step=2.0)
    observe(trial, 3.0, signature="loss_v2", step=3.0)
    observe(trial, 4.0, metric="other", signature="loss", step=3.0)
    assert rows_of(stored(experiment, shared)) == rows_of(experiment)


def test_observations_in_no_order_of_arms(shared: Client) -> None:
    experiment = small_experiment()
    for _ in range(2):
        batch = experiment.new_batch_trial(GeneratorRun([Arm({"x": n / 7}) for n in range(3)]))
        batch.mark_running(no_runner_required=True)
    experiment.data = Data(data_rows=[
        DataRow(trial, f"{trial}_{arm}", metric, metric, float(n), 0.1 * n, step)
        for n, (trial, arm, metric, step) in enumerate([
            (1, 2, "b", 2.0), (0, 0, "a", None), (1, 0, "a", 1.0), (0, 2, "b", None),
            (1, 2, "a", 1.0), (0, 0, "b", None), (1, 2, "b", 1.0), (0, 1, "a", None),
        ])
    ])  # fmt: skip
    loaded = stored(experiment, shared)
    assert rows_of(loaded) == rows_of(experiment)
    assert loaded == experiment


def test_observations_of_an_arm_that_the_trial_has_not(shared: Client) -> None:
    experiment = small_experiment()
    trial = run_trial(experiment)
    observe(trial, 0.5)
    observe(trial, 0.75, arm="somebody else's")
    assert rows_of(stored(experiment, shared)) == rows_of(experiment)
