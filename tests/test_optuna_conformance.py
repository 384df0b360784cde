"""Optuna's own conformance suite for storages, on every engine and through SQLAlchemy.

A test of the suite expects to be alone in the database: its studies are deleted afterwards, which
takes less time than to make a database for each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from optuna.testing.pytest_storages import StorageTestCase

from runbase import Client
from runbase.optuna import RDBStorage
from runbase.store import schema


@pytest.fixture(scope="session", params=["sqlite", "postgres", "mysql"])
def shared_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a database that the tests here share."""
    name = f"conformance_{os.getpid()}"
    if request.param == "postgres":
        request.getfixturevalue("postgres_admin").execute(f"CREATE DATABASE {name}")
        return str(request.getfixturevalue("postgres_server").url(name))
    if request.param == "mysql":
        with request.getfixturevalue("mariadb_admin").cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
        return str(request.getfixturevalue("mariadb_server").url(name))
    return f"sqlite:///{tmp_path_factory.mktemp('conformance')}/runs.db"


@pytest.fixture
def emptied(shared_url: str) -> Iterator[str]:
    """The same without studies."""
    with closing(Client(shared_url)) as client:
        schema.setup(client.database)
        yield shared_url
        client.execute("DELETE FROM experiments")


class TestOnEachEngine(StorageTestCase):
    @pytest.fixture
    def storage(self, emptied: str) -> Iterator[RDBStorage]:
        with closing(RDBStorage(emptied)) as storage:
            yield storage


class TestInMemory(StorageTestCase):
    @pytest.fixture(params=["sqlite:///:memory:", "sqlite://"])
    def storage(self, request: pytest.FixtureRequest) -> Iterator[RDBStorage]:
        with closing(RDBStorage(request.param)) as storage:
            yield storage


class TestOfAClient(StorageTestCase):
    @pytest.fixture
    def storage(self, emptied: str) -> Iterator[RDBStorage]:
        with closing(Client(emptied)) as client:
            yield RDBStorage(client)


class TestThroughSQLAlchemy(StorageTestCase):
    @pytest.fixture
    def storage(self, emptied: str) -> Iterator[RDBStorage]:
        kwargs: dict[str, Any] = {"pool_size": 20, "pool_pre_ping": True}
        with closing(RDBStorage(emptied, kwargs)) as storage:
            yield storage


class TestSynced(StorageTestCase):
    @pytest.fixture
    def storage(self, emptied: str) -> Iterator[RDBStorage]:
        with closing(RDBStorage(emptied, durability="full")) as storage:
            yield storage
