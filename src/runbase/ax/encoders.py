"""Ax's encoders, and those of ours in the place of some: what `repairs` mends at writing."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

from ax.core.batch_trial import BatchTrial
from ax.core.data import Data
from ax.core.experiment import Experiment
from ax.core.objective import Objective
from ax.core.outcome_constraint import OutcomeConstraint
from ax.core.parameter import Parameter

from . import repairs
from .data import data_to_json
from .registry import Encoder, Registries

#: Ax makes a table of data whenever it encodes an experiment; that of this one is kept.
NO_DATA = Data()
#: The JSON of an experiment's auxiliary experiments.
Auxiliary = Callable[[Experiment], dict[str, Any]]


def repaired(known: Registries, auxiliary: Auxiliary) -> dict[type[Any], Encoder]:
    """Ax's encoders, with ours for experiments, for their parts and for dictionaries."""
    found = dict(known.encoders)
    for cls, stock in known.encoders.items():
        if Experiment in cls.__mro__:  # issubclass asks all subclasses of Ax's abstract classes
            found[cls] = _experiment_encoder(stock, auxiliary)
        elif BatchTrial in cls.__mro__:
            found[cls] = repairs.batch_encoder(stock)
        elif cls is Objective:
            found[cls] = repairs.objective_encoder(stock)
        elif cls is OutcomeConstraint:
            found[cls] = repairs.constraint_encoder(stock)
        elif Parameter in cls.__mro__:
            found[cls] = repairs.with_text_keys(stock, "dependents")
    encoded = {cls.__name__ for cls in known.encoders}
    classes = encoded | known.decoders.keys() | known.class_decoders.keys()
    found[dict] = partial(repairs.plain_keys, classes=classes)
    return found


def hollow(experiment: Experiment) -> Experiment:
    """The same experiment without trials, data and auxiliary experiments."""
    found = copy.copy(experiment)
    found._trials, found.data, found._trials_have_ttl = {}, NO_DATA, False
    found._initial_auxiliary_experiments_by_purpose = {}
    found.auxiliary_experiments_by_purpose = {}
    return found


def _experiment_encoder(stock: Encoder, auxiliary: Auxiliary) -> Encoder:
    def encode(experiment: Experiment) -> dict[str, Any]:
        found = stock(hollow(experiment))
        config, written = experiment.optimization_config, found["optimization_config"]
        if repairs.is_encoded_wrongly(config):
            found["optimization_config"] = config
        elif isinstance(written, dict) and type(config.objective) is Objective:
            written["objective"] = config.objective  # Ax 1.2 leaves it to the objective's encoder
        found["trials"] = {str(index): trial for index, trial in experiment.trials.items()}
        found["data_by_trial"] = data_to_json(experiment.data)
        extras = repairs.extras(experiment)
        if others := auxiliary(experiment):
            extras["auxiliary"] = others
        if extras:
            found["properties"] = {**found["properties"], repairs.PROPERTY: extras}
        return found

    return encode
