"""Optuna's own conformance suite for storages, on every engine and through SQLAlchemy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from optuna.testing.pytest_storages import StorageTestCase

from runbase import Client
from runbase.optuna import RDBStorage


class TestOnEachEngine(StorageTestCase):
    @pytest.fixture
    def storage(self, url: str) -> Iterator[RDBStorage]:
        with closing(RDBStorage(url)) as storage:
            yield storage


class TestInMemory(StorageTestCase):
    @pytest.fixture(params=["sqlite:///:memory:", "sqlite://"])
    def storage(self, request: pytest.FixtureRequest) -> Iterator[RDBStorage]:
        with closing(RDBStorage(request.param)) as storage:
            yield storage


class TestOfAClient(StorageTestCase):
    @pytest.fixture
    def storage(self, client: Client) -> RDBStorage:
        return RDBStorage(client)


class TestThroughSQLAlchemy(StorageTestCase):
    @pytest.fixture
    def storage(self, url: str) -> Iterator[RDBStorage]:
        with closing(RDBStorage(url, {"pool_size": 20, "pool_pre_ping": True})) as storage:
            yield storage


class TestSynced(StorageTestCase):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> Iterator[RDBStorage]:
        with closing(RDBStorage(f"sqlite:///{tmp_path}/runs.db", durability="full")) as storage:
            yield storage
