"""What the tests of Ax's clients share: an experiment that needs no model, and what is stored."""

from __future__ import annotations

import logging
from contextlib import closing
from typing import Any

import torch
from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig
from ax.core.experiment import Experiment
from ax.generation_strategy.generation_strategy import GenerationStrategy
from ax.utils.common.logger import set_stderr_log_level

from runbase.ax import Client, Store
from runbase.ax.loading import load_both

set_stderr_log_level(logging.ERROR)
torch.set_num_threads(1)  # processes with several threads each get in each other's way

NAME = "cnn"
PARAMETERS = [
    RangeParameterConfig(name="lr", bounds=(1e-4, 1.0), parameter_type="float", scaling="log"),
    RangeParameterConfig(name="layers", bounds=(1, 6), parameter_type="int"),
    ChoiceParameterConfig(name="act", values=["relu", "tanh"], parameter_type="str"),
]
BY_HAND = {"lr": 0.1, "layers": 2, "act": "relu"}


def begin(storage: Any = None, name: str = NAME, **settings: Any) -> Client:
    """A client of a new experiment: random search for the least loss, a size of 5 at most."""
    client = Client(storage, **settings)
    client.configure_experiment(PARAMETERS, name=name)
    client.configure_optimization("-loss", outcome_constraints=["size <= 5"])
    client.configure_generation_strategy("random_search", initialize_with_center=False)
    return client


def measured(parameters: Any) -> dict[str, float]:
    """What a trial with these parameters measures."""
    return {"loss": parameters["lr"] * parameters["layers"], "size": float(parameters["layers"])}


def ask(client: Client) -> tuple[int, Any]:
    """One new trial: its index and parameters."""
    [(index, parameters)] = client.get_next_trials(1).items()
    return index, parameters


def tell(client: Client, index: int, parameters: Any) -> None:
    """Complete a trial with what it measured."""
    client.complete_trial(index, measured(parameters))


def ask_and_tell(client: Client, count: int = 1) -> None:
    """Try that many trials, one after the other."""
    for _ in range(count):
        tell(client, *ask(client))


def load(url: str, name: str = NAME) -> tuple[Experiment, GenerationStrategy | None]:
    """What is stored, as another process would load it."""
    with closing(Store(url)) as store:
        return load_both(store, name)


def check_stored(url: str, experiment: Experiment, strategy: GenerationStrategy | None) -> None:
    """What is in memory is what is stored."""
    stored, stored_strategy = load(url, experiment.name)
    assert stored == experiment
    if strategy is None or stored_strategy is None:
        assert strategy is stored_strategy
        return
    check_strategy(stored, stored_strategy)
    assert stored_strategy._generator_runs == strategy._generator_runs
    # Without fitted models and caches, which nobody stores
    codec = Store("sqlite:///:memory:").codec
    assert codec.strategy(stored_strategy) == codec.strategy(strategy)


def check_strategy(experiment: Experiment, strategy: GenerationStrategy | None) -> None:
    """What a strategy generated and what the trials came from are the same."""
    assert strategy is not None
    generated = [id(run) for run in strategy._generator_runs]
    assert len(set(generated)) == len(generated)
    runs = [run for trial in experiment.trials.values() for run in trial.generator_runs]
    asked = [id(run) for run in runs if run._generator_key is not None]  # the rest is by hand
    assert sorted(generated) == sorted(asked)
