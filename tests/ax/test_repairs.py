"""Each repair does what it is for, and is still needed: Ax has not mended the fault itself.

Where ``ax_mended`` fails, the Ax that is installed no longer has the fault. Delete the repair when
the oldest Ax that Runbase supports has it mended too.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from ax.core.arm import Arm
from ax.core.auxiliary import AuxiliaryExperiment, AuxiliaryExperimentPurpose
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
from ax.core.parameter import ChoiceParameter, ParameterType, RangeParameter
from ax.core.search_space import SearchSpace
from ax.storage.json_store.decoder import object_from_json as ax_from_json
from ax.storage.json_store.encoder import object_to_json as ax_to_json
from ax.utils.testing import core_stubs

from runbase.ax import object_from_json, object_to_json
from tests.ax.experiments import observe, run_trial, small_experiment

#: Whether what came back is what was saved, as far as a fault is concerned.
Check = Callable[[Experiment, Experiment], bool]
METRICS = [Metric(name=name) for name in ("m1", "m2")]


def scalarised_constraint() -> Experiment:
    constraint = ScalarizedOutcomeConstraint(
        metrics=METRICS, op=ComparisonOp.LEQ, bound=10, weights=[2.0, 3.0], relative=False
    )
    return _with_constraint(constraint)


def constraint_of_two_metrics() -> Experiment:
    names = {metric.name: metric.name for metric in METRICS}
    return _with_constraint(OutcomeConstraint("2*m1 + m2 <= 3", metric_name_to_signature=names))


def _with_constraint(constraint: OutcomeConstraint) -> Experiment:
    objective = Objective(metric=Metric(name="loss"), minimize=True)
    config = OptimizationConfig(objective=objective, outcome_constraints=[constraint])
    return small_experiment(optimization_config=config, tracking_metrics=METRICS)


def preferences() -> Experiment:
    objectives = [Objective(metric=metric, minimize=False) for metric in METRICS]
    return small_experiment(
        optimization_config=PreferenceOptimizationConfig(
            objective=MultiObjective(objectives=objectives), preference_profile_name="profile"
        )
    )


def objective_that_looks_like_a_formula() -> Experiment:
    objective = Objective(metric=Metric(name="100%"), minimize=True)
    return small_experiment(optimization_config=OptimizationConfig(objective=objective))


def status_quo_beside_a_batch() -> Experiment:
    experiment = small_experiment(status_quo=Arm({"x": 0.5}, name="status_quo"))
    experiment.new_batch_trial(GeneratorRun([Arm({"x": 0.25})]))
    return experiment


def status_quo_with_a_weight() -> Experiment:
    experiment = small_experiment(status_quo=Arm({"x": 0.5}, name="status_quo"))
    experiment.new_batch_trial(GeneratorRun([Arm({"x": 0.25})])).add_status_quo_arm(weight=2.5)
    return experiment


def batch_that_asks_for_no_status_quo() -> Experiment:
    experiment = small_experiment(status_quo=Arm({"x": 0.5}, name="status_quo"))
    batch = experiment.new_batch_trial(GeneratorRun([Arm({"x": 0.25})]))
    batch.add_arm(experiment.status_quo)
    return experiment


def status_of_an_experiment() -> Experiment:
    experiment = small_experiment()
    experiment._status = ExperimentStatus.COMPLETED
    return experiment


def values_of_disabled_parameters() -> Experiment:
    parameter = RangeParameter("x", ParameterType.FLOAT, 0, 1, backfill_value=0.25)
    parameter.disable(0.75)
    return small_experiment(search_space=SearchSpace([parameter]))


def auxiliary_experiments() -> Experiment:
    others = [AuxiliaryExperiment(small_experiment("other"))]
    purpose = AuxiliaryExperimentPurpose.PE_EXPERIMENT
    return small_experiment(auxiliary_experiments_by_purpose={purpose: others})


def keys_that_are_no_text() -> Experiment:
    return small_experiment(properties={"it": {1: "one", 2: "two"}})


def a_key_that_looks_like_a_class() -> Experiment:
    properties = {"note": {"__type": "a note", "by": {"__type": "somebody"}}}
    return small_experiment(properties=properties)


def a_long_number() -> Experiment:
    experiment = small_experiment()
    observe(run_trial(experiment), 1 / 3 * 1e-12, 0.1 + 0.2)
    return experiment


def is_equal(before: Experiment, after: Experiment) -> bool:
    return bool(before == after)


def has_its_batch(before: Experiment, after: Experiment) -> bool:
    one, two = before.trials[0], after.trials[0]
    weights = [{arm.name: w for arm, w in trial.arm_weights.items()} for trial in (one, two)]
    flags = [trial.should_add_status_quo_arm for trial in (one, two)]
    return weights[0] == weights[1] and flags[0] == flags[1]


def has_its_status(before: Experiment, after: Experiment) -> bool:
    return before.status is after.status


def has_its_values(before: Experiment, after: Experiment) -> bool:
    one, two = (each.search_space.parameters["x"] for each in (before, after))
    return (one.backfill_value, one.default_value) == (two.backfill_value, two.default_value)


def has_its_auxiliary(before: Experiment, after: Experiment) -> bool:
    return bool(after.auxiliary_experiments_by_purpose_for_storage) and before == after


def has_its_keys(before: Experiment, after: Experiment) -> bool:
    return bool(before._properties == after._properties)


def has_its_data(before: Experiment, after: Experiment) -> bool:
    one, two = ([repr(vars(row)) for row in each.data._data_rows] for each in (before, after))
    return one == two


#: The fault, how to see it, and what to delete once it is mended.
FAULTS: dict[Callable[[], Experiment], tuple[Check, str]] = {
    scalarised_constraint: (is_equal, "is_encoded_wrongly"),
    constraint_of_two_metrics: (is_equal, "constraint_encoder"),
    preferences: (is_equal, "is_encoded_wrongly"),
    objective_that_looks_like_a_formula: (is_equal, "objective_encoder"),
    status_quo_beside_a_batch: (has_its_batch, "without_status_quo"),
    status_quo_with_a_weight: (has_its_batch, "without_status_quo"),
    batch_that_asks_for_no_status_quo: (has_its_batch, "batch_encoder"),
    status_of_an_experiment: (has_its_status, "extras: status"),
    values_of_disabled_parameters: (has_its_values, "extras: parameters"),
    auxiliary_experiments: (has_its_auxiliary, "Codec._auxiliary"),
    keys_that_are_no_text: (has_its_keys, "plain_keys"),
    a_key_that_looks_like_a_class: (has_its_keys, "plain_keys"),
    a_long_number: (has_its_data, "data_to_json"),
}


def through_text(value: Any) -> Any:
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("make", FAULTS, ids=lambda make: make.__name__)
def test_ours_keeps_it(make: Callable[[], Experiment]) -> None:
    check, _ = FAULTS[make]
    before = make()
    after = object_from_json(through_text(object_to_json(before)))
    assert check(before, after)
    assert is_equal(before, after)


@pytest.mark.parametrize("make", FAULTS, ids=lambda make: make.__name__)
def test_ax_has_not_mended_it(make: Callable[[], Experiment]) -> None:
    check, repair = FAULTS[make]
    before = make()
    try:
        after = ax_from_json(through_text(ax_to_json(before)))
        ax_mended = check(before, after)
    except Exception:
        ax_mended = False
    assert not ax_mended, f"this Ax does without the repair runbase.ax.repairs: {repair}"


#: What Ax cannot load whoever writes it.
ONLY_OURS = {status_quo_with_a_weight}


@pytest.mark.parametrize(
    "make", [f for f in FAULTS if f not in ONLY_OURS], ids=lambda f: f.__name__
)
def test_ax_loads_what_ours_writes(make: Callable[[], Experiment]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = ax_from_json(through_text(object_to_json(make())))
    assert isinstance(loaded, Experiment)
    assert loaded.optimization_config == make().optimization_config


@pytest.mark.parametrize(
    "make",
    [
        core_stubs.get_branin_experiment,
        core_stubs.get_experiment_with_trial,
        core_stubs.get_experiment_with_data,
        core_stubs.get_experiment_with_map_data,
        core_stubs.get_experiment_with_multi_objective,
        core_stubs.get_experiment_with_scalarized_objective_and_outcome_constraint,
        core_stubs.get_factorial_experiment,
        core_stubs.get_hierarchical_search_space_experiment,
        core_stubs.get_multi_type_experiment,
    ],
)
def test_ax_loads_experiments_that_ours_writes(make: Callable[[], Experiment]) -> None:
    before = make()
    after = ax_from_json(through_text(object_to_json(before)))
    before._properties = after._properties  # What Ax lacks is there
    assert after.search_space == before.search_space
    assert after.optimization_config == before.optimization_config
    assert after.trials.keys() == before.trials.keys()
    assert after.lookup_data() == before.lookup_data()


def test_ours_loads_what_ax_writes() -> None:
    before = core_stubs.get_experiment_with_map_data()
    assert object_from_json(through_text(ax_to_json(before))) == before


@pytest.mark.item("AX04")
def test_json_is_not_changed_by_loading() -> None:
    value = through_text(object_to_json(core_stubs.get_experiment_with_batch_and_single_trial()))
    before = json.dumps(value)
    assert object_from_json(value) == object_from_json(value)
    assert json.dumps(value) == before


def test_dependents_of_a_parameter_have_keys_of_its_type() -> None:
    for kind, values in ((ParameterType.INT, [1, 2, 3]), (ParameterType.BOOL, [False, True])):
        parameter = ChoiceParameter(
            "p", kind, values, is_ordered=True, dependents={values[0]: ["x"]}
        )
        found = object_from_json(through_text(object_to_json(parameter)))
        assert found == parameter
        assert list(map(repr, found.dependents)) == [repr(values[0])]
