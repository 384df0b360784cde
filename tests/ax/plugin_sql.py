"""Lets Ax's tests of its SQL store run against ours, on SQLite.

They name no database, and expect that each test begins with an empty one; and they hand over
classes of their own in an `SQAConfig`, which is a store here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Self

import pytest
from ax.storage.sqa_store.sqa_config import SQAConfig

import runbase.ax
from runbase import Client
from runbase.ax import Registries, Store
from tests.ax.suites import register

REPLACED = (
    "save_experiment",
    "load_experiment",
    "delete_experiment",
    "save_generation_strategy",
    "update_generation_strategy",
    "load_generation_strategy_by_experiment_name",
    "load_generation_strategy_by_id",
    "delete_generation_strategy",
    "save_or_update_trial",
    "save_or_update_trials",
    "update_trial_status",
    "update_experiment_status",
    "update_properties_on_trial",
    "update_properties_on_experiment",
    "update_runner_on_experiment",
    "save_analysis_card",
    "load_analysis_cards_by_experiment_name",
)
#: How Ax reads and writes in parts; here one statement or transaction does it.
PARTS = ("load_trials_in_batches_of_size",)

DEFAULT = SQAConfig()
_client = Client("sqlite:///:memory:")
_stores: dict[int, tuple[SQAConfig, Store]] = {}


def begin(*args: Any, **kwargs: Any) -> None:
    """Begin with an empty database."""
    global _client
    _client = Client("sqlite:///:memory:")
    _stores.clear()


@pytest.fixture(autouse=True)
def _empty() -> None:
    begin()


def store(config: SQAConfig | None) -> Store:
    """The store that knows what a configuration does."""
    config = config or DEFAULT
    if id(config) not in _stores:
        registries = Registries(
            config.json_encoder_registry,
            config.json_decoder_registry,
            config.json_class_encoder_registry,
            config.json_class_decoder_registry,
        )
        new = Store(
            _client,
            registries=registries,
            metrics=config.metric_registry,
            runners=config.runner_registry,
        )
        _stores[id(config)] = (config, new)
    return _stores[id(config)][1]


def with_config(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of ours that takes Ax's arguments."""

    @wraps(function)
    def call(*args: Any, config: Any = None, **kwargs: Any) -> Any:
        kwargs = {name: value for name, value in kwargs.items() if name not in PARTS}
        if "encoder" in kwargs:
            config = kwargs.pop("encoder").config
            del kwargs["decoder"]
        return function(*args, store=store(config), **kwargs)

    return call


class AxClient(runbase.ax.AxClient):
    """Our client, with the arguments of Ax's."""

    def __init__(self, *args: Any, db_settings: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, storage=of_settings(db_settings), **kwargs)


class Orchestrator(runbase.ax.Orchestrator):
    """Our orchestrator, with the arguments of Ax's."""

    def __init__(self, *args: Any, db_settings: Any = None, **kwargs: Any) -> None:
        kwargs.setdefault("storage", of_settings(db_settings))
        super().__init__(*args, **kwargs)

    @classmethod
    def from_stored_experiment(  # type: ignore[override]
        cls, experiment_name: str, options: Any, db_settings: Any = None, **kwargs: Any
    ) -> Self:
        return super().from_stored_experiment(
            experiment_name, options, of_settings(db_settings), **kwargs
        )


def of_settings(settings: Any) -> Store | None:
    return None if settings is None else store(settings.encoder.config)


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    functions = {name: with_config(getattr(runbase.ax, name)) for name in REPLACED}
    classes = {"AxClient": AxClient, "Orchestrator": Orchestrator}
    ours = functions | classes | {"init_test_engine_and_session_factory": begin}
    for module in {item.module for item in items}:
        for name in ours.keys() & vars(module).keys():
            setattr(module, name, ours[name])
        if hasattr(module, "MockOrchestrator"):  # Inherits from Ax's
            register(vars(module).values())
            bases = (module.MockOrchestrator, Orchestrator)
            module.MockOrchestrator = type("MockOrchestrator", bases, {})
    for cls in {item.cls for item in items}:
        cls.ALWAYS_USE_DB = True  # Of the tests of orchestrators
