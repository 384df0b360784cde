"""Whatever Ax's own tests make comes back equal, on each engine: experiments, and all parts."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import pytest
import torch
from ax.benchmark.benchmark_method import BenchmarkMethod
from ax.core.analysis_card import AnalysisCardBase
from ax.core.auxiliary import AuxiliaryExperiment
from ax.core.base_trial import BaseTrial
from ax.core.experiment import Experiment
from ax.generation_strategy.generation_node import GenerationNode
from ax.generation_strategy.generation_strategy import GenerationStrategy
from ax.storage.json_store.tests.test_json_store import TEST_CASES
from ax.utils.common.equality import is_ax_equal
from ax.utils.testing import core_stubs

from runbase import Client
from runbase.ax import (
    Store,
    load_analysis_cards_by_experiment_name,
    load_generation_strategy_by_id,
    save_analysis_card,
    save_experiment,
    save_generation_strategy,
)
from runbase.ax.codec import Codec
from tests.ax.experiments import small_experiment, stored

CUSTOM: dict[str, Any] = {
    "metrics": [core_stubs.CustomTestMetric],
    "runners": [core_stubs.CustomTestRunner],
}
#: Lists of many like those of their subsets; they take a minute to make.
LARGE = ("get_offline_experiments", "get_online_experiments")


def factories() -> dict[str, Callable[[], Any]]:
    """Those functions of Ax's that make experiments and need no arguments."""
    found: dict[str, Callable[[], Any]] = {}
    for name, function in inspect.getmembers(core_stubs, inspect.isfunction):
        parameters = inspect.signature(function).parameters.values()
        is_one = name.startswith("get_") and "experiment" in name and name not in LARGE
        if not is_one or any(one.default is one.empty for one in parameters):
            continue
        if name.endswith("_subset"):
            found |= {f"{name}-{i}": partial(_one_of, name, i) for i in range(4)}
        else:
            found[name] = function
    return found


@cache
def _all_of(name: str) -> list[Experiment]:
    found: list[Experiment] = getattr(core_stubs, name)()
    return found


def _one_of(name: str, index: int) -> Experiment:
    return _all_of(name)[index]


CODEC = Codec(CUSTOM["metrics"], CUSTOM["runners"])


def text(obj: Any) -> str:
    """All of an object; Ax's own equality is content with floats and times that are near."""
    return json.dumps(CODEC.encode(obj))


def without_ids(experiment: Experiment) -> Experiment:
    """The experiment as it was before it was saved."""
    experiment._db_id = None
    for trial in experiment.trials.values():
        trial._db_id = None
    return experiment


@pytest.mark.item("AX15", "AX17")
@pytest.mark.parametrize("name", factories())
def test_experiments(shared: Client, name: str) -> None:
    made = factories()[name]()
    experiment = made.experiment if isinstance(made, AuxiliaryExperiment) else made
    experiment._name = name
    before = text(without_ids(experiment))
    loaded = stored(experiment, shared, **CUSTOM)
    assert loaded == experiment
    assert text(loaded) == before == text(experiment)
    assert loaded.db_id == experiment.db_id


CASES = {f"{i}-{name}": make for i, (name, make) in enumerate(TEST_CASES)}


@pytest.mark.item("AX01", "AX04")
@pytest.mark.parametrize("name", CASES)
def test_cases_of_ax(shared: Client, name: str) -> None:
    original = CASES[name]()
    if isinstance(original, Experiment):
        original._name = name
        assert stored(original, shared) == original
    elif isinstance(original, BaseTrial):
        original.experiment._name = name
        assert stored(original.experiment, shared).trials[original.index] == original
    elif isinstance(original, GenerationStrategy):
        check_strategy(original, shared, name)
    elif isinstance(original, AnalysisCardBase):
        check_card(original, shared, name)
    else:
        properties = {"it": original, "all": [{"of": original}]}
        found = stored(small_experiment(name, properties=properties), shared)._properties
        check(original, found["it"])
        check(original, found["all"][0]["of"])


def check_strategy(original: GenerationStrategy, client: Client, name: str) -> None:
    store = Store(client)
    if original._experiment is not None:
        original._experiment._name = name
        save_experiment(original._experiment, store=store)
    id = save_generation_strategy(original, store)
    assert load_generation_strategy_by_id(id, Store(client)) == original


def check_card(original: AnalysisCardBase, client: Client, name: str) -> None:
    experiment = small_experiment(name)
    save_experiment(experiment, store=client)
    id = save_analysis_card(original, experiment, client)
    [card] = load_analysis_cards_by_experiment_name(name, Store(client))
    assert card.db_id == id
    assert text(card) == text(original)


def check(original: Any, loaded: Any) -> None:
    assert type(loaded) is type(original)
    forget_what_ax_does_not_store(original)
    if isinstance(original, torch.nn.Module):
        one, two = original.state_dict(), loaded.state_dict()
        assert one.keys() == two.keys()
        assert all(torch.equal(one[name], two[name]) for name in one)
    else:
        assert is_ax_equal(original, loaded)


def forget_what_ax_does_not_store(original: Any) -> None:
    """As Ax's own test does: state of strategies, and what decoding steps of old fills in."""
    if isinstance(original, BenchmarkMethod):
        original.generation_strategy._unset_non_persistent_state_fields()
    if isinstance(original, GenerationNode) and hasattr(original, "_step_index"):
        original._step_index = None
        for criterion in original.transition_criteria:
            criterion._transition_to = criterion.transition_to or original.name
