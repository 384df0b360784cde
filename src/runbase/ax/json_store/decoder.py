"""``ax.storage.json_store.decoder``, with the repairs of `runbase.ax`.

The functions for parts take JSON with or without its ``__type``, and leave it as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ax.core.base_trial import BaseTrial
from ax.core.data import Data
from ax.core.experiment import Experiment
from ax.core.generator_run import GeneratorRun
from ax.core.search_space import SearchSpace
from ax.generation_strategy.generation_strategy import GenerationStrategy
from ax.storage.json_store.decoder import parameter_constraints_from_json
from ax.storage.json_store.decoders import transform_type_from_json

from ..files import decode_data, decode_strategy, decode_trials, object_from_json

__all__ = [
    "data_from_json",
    "experiment_from_json",
    "generation_strategy_from_json",
    "generator_run_from_json",
    "object_from_json",
    "parameter_constraints_from_json",
    "search_space_from_json",
    "transform_type_from_json",
    "trials_from_json",
]


def experiment_from_json(object_json: Mapping[str, Any]) -> Experiment:
    """The experiment of its JSON."""
    experiment: Experiment = object_from_json({"__type": "Experiment", **object_json})
    return experiment


def generation_strategy_from_json(
    generation_strategy_json: Mapping[str, Any], experiment: Experiment | None = None
) -> GenerationStrategy:
    """The strategy of its JSON, with the experiment in it or another one."""
    return decode_strategy(generation_strategy_json, experiment)


def generator_run_from_json(object_json: Mapping[str, Any]) -> GeneratorRun:
    """The generator run of its JSON."""
    run: GeneratorRun = object_from_json({"__type": "GeneratorRun", **object_json})
    return run


def search_space_from_json(search_space_json: Mapping[str, Any]) -> SearchSpace:
    """The search space of its JSON."""
    space: SearchSpace = object_from_json({"__type": "SearchSpace", **search_space_json})
    return space


def trials_from_json(
    experiment: Experiment, trials_json: Mapping[str, Any]
) -> dict[int, BaseTrial]:
    """The trials of their JSON by index; they are on the experiment afterwards."""
    return decode_trials(experiment, trials_json)


def data_from_json(data_by_trial_json: Mapping[str, Any]) -> Data:
    """The data of ``data_by_trial``, every number exact."""
    return decode_data(data_by_trial_json)
