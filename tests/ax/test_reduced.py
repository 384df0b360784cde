"""What is not loaded is not lost: reduced generator runs, skipped runners and classes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from ax.adapter.registry import Generators
from ax.core.experiment import Experiment
from ax.core.metric import Metric
from ax.core.runner import Runner
from ax.generation_strategy.generation_node import GenerationNode
from ax.generation_strategy.generation_strategy import GenerationStrategy
from ax.generation_strategy.generator_spec import GeneratorSpec
from ax.runners.synthetic import SyntheticRunner
from ax.utils.testing import core_stubs
from ax.utils.testing.core_stubs import CustomTestMetric, CustomTestRunner

from runbase import Client
from runbase.ax import (
    Store,
    load_experiment,
    load_generation_strategy_by_experiment_name,
    save_experiment,
    save_generation_strategy,
    save_or_update_trial,
)
from runbase.ax.reduced import LARGE
from tests.ax.experiments import observe, small_experiment

CUSTOM: dict[str, Any] = {"metrics": [CustomTestMetric], "runners": [CustomTestRunner]}


def documents(client: Client, name: str) -> dict[str, str]:
    """All documents of an experiment, by where they are."""
    found: dict[str, str] = {}
    of = f"FROM experiments e {{}} WHERE e.name = '{name}'"
    queries = {
        "head": ("0, h.doc", "JOIN ax_experiments h ON h.experiment_id = e.id"),
        "trial": (
            "r.number, t.doc",
            "JOIN runs r ON r.experiment_id = e.id JOIN ax_trials t ON t.run_id = r.id",
        ),
        "layout": (
            "r.number, t.layout",
            "JOIN runs r ON r.experiment_id = e.id JOIN ax_trials t ON t.run_id = r.id",
        ),
        "strategy": ("s.id, s.doc", "JOIN ax_strategies s ON s.experiment_id = e.id"),
        "run": (
            "g.ordinal, COALESCE(g.doc, '')",
            "JOIN ax_strategies s ON s.experiment_id = e.id"
            " JOIN ax_generator_runs g ON g.strategy_id = s.id",
        ),
    }
    for kind, (columns, joins) in queries.items():
        rows = client.execute(f"SELECT {columns} {of.format(joins)}").fetchall()
        found |= {f"{kind} {key}": text for key, text in rows}
    return found


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def tuned(name: str) -> tuple[Experiment, GenerationStrategy]:
    """An experiment whose trials a strategy generated; the last run has no trial yet."""
    experiment = small_experiment(name, runner=SyntheticRunner())
    node = GenerationNode(name="sobol", generator_specs=[GeneratorSpec(Generators.SOBOL)])
    strategy = GenerationStrategy(name="sobol", nodes=[node])
    strategy.experiment = experiment
    for _ in range(3):
        [[run]] = strategy.gen(experiment, n=1)
        trial = experiment.new_trial(run)
        trial.run()
    for _ in range(2):
        strategy.gen(experiment, n=1)
    observe(experiment.trials[0], 0.5, 0.1)
    return experiment, strategy


def custom(name: str) -> Experiment:
    """An experiment with a runner, metrics and trials of classes that have to be registered."""
    experiment = core_stubs.get_experiment_with_custom_runner_and_metric(
        multi_objective=True, has_outcome_constraint=True, num_trials=2
    )
    experiment._name = name
    return experiment


# ---- reduced_state


@pytest.fixture(scope="module")
def reduced(shared: Client) -> str:
    """The name of an experiment with a strategy, in the database."""
    name = "tuned"
    experiment, strategy = tuned(name)
    save_experiment(experiment, store=shared)
    save_generation_strategy(strategy, shared)
    return name


@pytest.mark.item("AX17")
def test_reduced_runs_lack_their_large_parts(shared: Client, reduced: str) -> None:
    whole = load_experiment(reduced, store=Store(shared))
    less = load_experiment(reduced, store=Store(shared), reduced_state=True)
    assert any(getattr(whole.trials[0].generator_run, f"_{key}", None) for key in LARGE)
    for trial in less.trials.values():
        for key in LARGE:
            assert getattr(trial.generator_run, f"_{key}", None) is None
        assert trial.arm == whole.trials[trial.index].arm
    assert [repr(vars(row)) for row in less.data._data_rows] == [
        repr(vars(row)) for row in whole.data._data_rows
    ]


def test_saving_what_was_loaded_reduced_writes_nothing(shared: Client, reduced: str) -> None:
    before = documents(shared, reduced)
    store = Store(shared)
    strategy = load_generation_strategy_by_experiment_name(reduced, store, reduced_state=True)
    experiment = strategy._experiment
    assert experiment is not None
    save_experiment(experiment, store=store)
    save_generation_strategy(strategy, store)
    for trial in experiment.trials.values():
        save_or_update_trial(experiment, trial, store)
    assert documents(shared, reduced) == before


def test_the_last_run_of_a_reduced_strategy_is_whole(shared: Client, reduced: str) -> None:
    whole = load_generation_strategy_by_experiment_name(reduced, Store(shared))
    less = load_generation_strategy_by_experiment_name(reduced, Store(shared), reduced_state=True)
    assert len(less._generator_runs) == len(whole._generator_runs) == 5
    assert less._generator_runs[-1] == whole._generator_runs[-1]
    assert less._generator_runs[3]._generator_state_after_gen is None
    assert whole._generator_runs[3]._generator_state_after_gen is not None


def test_a_change_of_a_reduced_trial_changes_its_document_only(shared: Client) -> None:
    experiment, strategy = tuned("changed")
    save_experiment(experiment, store=shared)
    save_generation_strategy(strategy, shared)
    before = documents(shared, "changed")
    store = Store(shared)
    less = load_experiment("changed", store=store, reduced_state=True)
    observe(less.trials[1], 0.25)
    less.trials[1].mark_completed()
    less.trials[2].update_run_metadata({"it": 1})
    save_experiment(less, store=store)
    after = documents(shared, "changed")
    assert changed(before, after) == {"trial 1", "layout 1", "trial 2"}
    one, two = (json.loads(each["trial 1"])["generator_run"] for each in (before, after))
    assert one == two
    loaded = load_experiment("changed", store=Store(shared))
    assert loaded.trials[1].status.is_completed
    assert loaded.trials[1].generator_run == experiment.trials[1].generator_run
    assert loaded.trials[2].run_metadata["it"] == 1


def test_a_reduced_strategy_goes_on(shared: Client) -> None:
    experiment, strategy = tuned("goes on")
    save_experiment(experiment, store=shared)
    save_generation_strategy(strategy, shared)
    before = documents(shared, "goes on")
    store = Store(shared)
    less = load_generation_strategy_by_experiment_name("goes on", store, reduced_state=True)
    experiment = less.experiment
    experiment.new_trial(less._generator_runs[3])  # was without a trial, and is reduced
    [[run]] = less.gen(experiment, n=1)
    experiment.new_trial(run)
    save_experiment(experiment, store=store)
    save_generation_strategy(less, store)
    after = documents(shared, "goes on")
    assert {key for key in changed(before, after) if key in before} <= {"run 3", "strategy 1"} | {
        key for key in before if key.startswith("strategy")
    }
    loaded = load_generation_strategy_by_experiment_name("goes on", Store(shared))
    assert len(loaded._generator_runs) == 6
    for one, two in zip(loaded._generator_runs[:5], strategy._generator_runs, strict=True):
        assert one._generator_state_after_gen == two._generator_state_after_gen


# ---- skip_runners_and_metrics


@pytest.fixture
def skipped(shared: Client, request: pytest.FixtureRequest) -> str:
    """The name of an experiment of classes that nobody registered, in the database."""
    name: str = request.node.name
    save_experiment(custom(name), store=Store(shared, **CUSTOM))
    return name


def less_of(store: Store, name: str) -> Experiment:
    return load_experiment(name, store=store, skip_runners_and_metrics=True)


@pytest.mark.item("AX17")
def test_classes_that_nobody_registered_can_be_skipped(shared: Client, skipped: str) -> None:
    whole = load_experiment(skipped, store=Store(shared, **CUSTOM))
    less = less_of(Store(shared), skipped)
    assert less.runner is None
    assert all(trial.runner is None for trial in less.trials.values())
    assert {type(metric) for metric in less.metrics.values()} == {Metric}
    assert less.metrics.keys() == whole.metrics.keys()
    assert [m.lower_is_better for m in less.metrics.values()] == [
        m.lower_is_better for m in whole.metrics.values()
    ]
    assert less.optimization_config.objective.expression == (
        whole.optimization_config.objective.expression
    )
    assert less.trials.keys() == whole.trials.keys()
    assert less.lookup_data() == whole.lookup_data()


def test_saving_what_was_skipped_writes_nothing(shared: Client, skipped: str) -> None:
    before = documents(shared, skipped)
    store = Store(shared)
    less = less_of(store, skipped)
    save_experiment(less, store=store)
    for trial in less.trials.values():
        save_or_update_trial(less, trial, store)
    assert documents(shared, skipped) == before


CHANGES: dict[str, tuple[Callable[[Experiment], Any], set[str]]] = {
    "of the description": (lambda e: setattr(e, "description", "new"), {"head 0"}),
    "of a property": (lambda e: e._properties.update(it=1), {"head 0"}),
    "of another metric": (lambda e: e.add_tracking_metric(Metric("another")), {"head 0"}),
    "of a trial": (lambda e: e.trials[1]._properties.update(it=1), {"trial 1"}),
    "of both": (
        lambda e: (e._properties.update(it=1), e.trials[0]._properties.update(it=1)),
        {"head 0", "trial 0"},
    ),
}


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES)
def test_a_change_of_what_was_skipped_erases_nothing(
    shared: Client, skipped: str, change: Callable[[Experiment], Any], expected: set[str]
) -> None:
    before = documents(shared, skipped)
    whole = load_experiment(skipped, store=Store(shared, **CUSTOM))
    store = Store(shared)
    less = less_of(store, skipped)
    change(less)
    save_experiment(less, store=store)
    assert changed(before, documents(shared, skipped)) == expected
    change(whole)
    assert load_experiment(skipped, store=Store(shared, **CUSTOM)) == whole


def test_a_plain_metric_that_was_edited_is_saved(shared: Client, skipped: str) -> None:
    whole = load_experiment(skipped, store=(store := Store(shared, **CUSTOM)))
    whole.add_tracking_metric(Metric("plain", lower_is_better=True, properties={"unit": "s"}))
    save_experiment(whole, store=store)
    before = documents(shared, skipped)
    less = less_of(store := Store(shared), skipped)
    assert less.metrics["plain"] == whole.metrics["plain"]
    save_experiment(less, store=store)
    assert documents(shared, skipped) == before
    less.metrics["plain"].lower_is_better = False
    save_experiment(less, store=store)
    loaded = load_experiment(skipped, store=Store(shared, **CUSTOM))
    assert loaded.metrics["plain"].lower_is_better is False
    assert loaded.metrics["plain"].properties == {"unit": "s"}
    assert isinstance(loaded.metrics["m1"], CustomTestMetric)


def test_a_runner_that_is_set_afterwards_is_saved(shared: Client, skipped: str) -> None:
    store = Store(shared)
    less = less_of(store, skipped)
    less.runner = SyntheticRunner()
    save_experiment(less, store=store)
    runner: Runner = load_experiment(skipped, store=Store(shared, **CUSTOM)).runner
    assert isinstance(runner, SyntheticRunner)


def test_a_metric_that_is_removed_afterwards_is_gone(shared: Client, skipped: str) -> None:
    store = Store(shared)
    less = less_of(store, skipped)
    less.remove_tracking_metric("custom_test_metric")
    save_experiment(less, store=store)
    whole = load_experiment(skipped, store=Store(shared, **CUSTOM))
    assert "custom_test_metric" not in whole.metrics
    assert isinstance(whole.metrics["m1"], CustomTestMetric)


def test_a_new_trial_of_what_was_skipped(shared: Client, skipped: str) -> None:
    store = Store(shared)
    less = less_of(store, skipped)
    trial = less.new_trial(less.trials[0].generator_run.clone())
    save_or_update_trial(less, trial, store)
    whole = load_experiment(skipped, store=Store(shared, **CUSTOM))
    assert whole.trials[2].arm.parameters == less.trials[0].arm.parameters
    assert isinstance(whole.runner, CustomTestRunner)
