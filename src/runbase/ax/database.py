"""What Ax's ``sqa_store.db`` has for engines and sessions, for Runbase's databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..client import Client
from ..errors import ConfigError
from ..store import schema
from .store import set_default_store, store_of


def create_all_tables(store: Any = None) -> None:
    """Make the tables, or bring them up to date.

    A new SQLite file needs no such call.
    """
    schema.setup(store_of(store).client.database)


@contextmanager
def session_scope(store: Any = None) -> Iterator[Client]:
    """A block that is one transaction: everything in it is saved, or nothing.

    It gives the client of the store. ::

        with session_scope() as client:
            save_experiment(one)
            save_experiment(two)
    """
    place = store_of(store)
    try:
        with place.client as client:
            yield client
    except BaseException:
        place.forget_all()  # it was rolled back
        raise


def init_engine_and_session_factory(
    url: str | None = None,
    creator: Callable[..., Any] | None = None,
    echo: bool = False,
    force_init: bool = False,
    **kwargs: Any,
) -> None:
    """Choose the default store by its URL.

    ``echo``, ``force_init`` and other arguments of SQLAlchemy's are ignored.

    Raises:
        ConfigError: there is no URL. A function that makes connections cannot be used here.
    """
    if url is None:
        raise ConfigError(
            "give the url of a database, such as sqlite:///exp.db or postgresql://host/name"
            + ("; creator= is not used by Runbase" if creator is not None else "")
        )
    set_default_store(url)


def init_test_engine_and_session_factory(**kwargs: Any) -> None:
    """Make a new, empty database in memory the default store."""
    set_default_store(Client("sqlite://"))
