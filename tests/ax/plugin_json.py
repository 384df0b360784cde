"""Lets Ax's tests of its JSON store run against ours.

Those of our functions that take registries are methods of a `Codec`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ax.core.experiment import Experiment
from ax.storage.json_store import registry

import runbase.ax
from runbase.ax import Registries
from runbase.ax.codec import Codec
from tests.ax.suites import register


def object_to_json(
    obj: Any,
    encoder_registry: Any = registry.CORE_ENCODER_REGISTRY,
    class_encoder_registry: Any = registry.CORE_CLASS_ENCODER_REGISTRY,
) -> Any:
    return Codec(given=Registries(encoder_registry, {}, class_encoder_registry, {})).encode(obj)


def object_from_json(
    object_json: Any,
    decoder_registry: Any = registry.CORE_DECODER_REGISTRY,
    class_decoder_registry: Any = registry.CORE_CLASS_DECODER_REGISTRY,
) -> Any:
    given = Registries({}, decoder_registry, {}, class_decoder_registry)
    return Codec(given=given).decode(object_json)


def save_experiment(
    experiment: Experiment, filepath: str, encoder_registry: Any, class_encoder_registry: Any = None
) -> None:
    register(encoder_registry)
    runbase.ax.save_experiment(experiment, Path(filepath))


def load_experiment(
    filepath: str, decoder_registry: Any, class_decoder_registry: Any = None
) -> Experiment:
    return runbase.ax.load_experiment(filepath)


OURS = {
    "object_to_json": object_to_json,
    "object_from_json": object_from_json,
    "save_experiment": save_experiment,
    "load_experiment": load_experiment,
}


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    for module in {item.module for item in items}:
        for name, ours in OURS.items():
            setattr(module, name, ours)
