"""What the tests of Ax share: to do without Ax, and without its warnings."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from runbase import Client
from runbase.store import schema
from tests.conftest import mysql_database, postgres_database, skip_missing


class WithoutAx(pytest.Module):
    """A module of tests that are skipped, or that fail where Ax is required."""

    def collect(self) -> list[pytest.Item | pytest.Collector]:
        skip_missing("ax", "Ax is not installed: make ax")
        return []


def pytest_pycollect_makemodule(module_path: Path, parent: Any) -> pytest.Module | None:
    if find_spec("ax") is not None:
        return None
    module: pytest.Module = WithoutAx.from_parent(parent, path=module_path)
    return module


@contextmanager
def only_our_warnings() -> Iterator[None]:
    """Let warnings of our own be errors, and those of Ax and what it brings along be nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", module=r"runbase\b")
        yield


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    with only_our_warnings():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    with only_our_warnings():
        return (yield)


@pytest.fixture(scope="module", params=["sqlite", "postgres", "mysql"])
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """A database that the tests of a module share, on each engine."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('shared')}/exp.db"
        elif request.param == "postgres":
            server, admin = map(request.getfixturevalue, ("postgres_server", "postgres_admin"))
            url = stack.enter_context(postgres_database(server, admin))
        else:
            server, admin = map(request.getfixturevalue, ("mariadb_server", "mariadb_admin"))
            url = stack.enter_context(mysql_database(server, admin))
        client = stack.enter_context(closing(Client(url)))
        schema.setup(client.database)
        yield client
