"""Lets Ax's tests of its ``Client`` run with ours, on SQLite.

The few that name a storage share a database, as they do in Ax. With ``--store-all`` each of the
other clients has one of its own, so that every test is one of storing as well.
"""

from __future__ import annotations

from typing import Any, Self

import pytest
from ax.api.configs import StorageConfig

import runbase.ax
from runbase import Client as Database
from tests.ax.suites import register

MEMORY = "sqlite:///:memory:"
_shared = Database(MEMORY)


def init_test_engine_and_session_factory(*args: Any, **kwargs: Any) -> None:
    """Begin with an empty database."""
    global _shared
    _shared = Database(MEMORY)


class Client(runbase.ax.Client):
    """Our client, with the arguments of Ax's."""

    is_always_stored = False

    def __init__(
        self, storage_config: StorageConfig | None = None, random_seed: int | None = None
    ) -> None:
        own = Database(MEMORY) if self.is_always_stored else None
        super().__init__(own if storage_config is None else _shared, random_seed)

    @classmethod
    def load_from_database(
        cls, experiment_name: str, storage_config: StorageConfig | None = None
    ) -> Self:
        return super().load_from_database(experiment_name, _shared)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--store-all", action="store_true")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Function]) -> None:
    Client.is_always_stored = config.getoption("--store-all")
    for module in {item.module for item in items}:
        for ours in (Client, init_test_engine_and_session_factory):
            setattr(module, ours.__name__, ours)
        register(vars(module).values())
