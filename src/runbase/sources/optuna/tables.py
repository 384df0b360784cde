"""Opens Optuna's own tables in a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import ConfigError, NotFoundError, SchemaError, require
from ...store import studies

if TYPE_CHECKING:
    from optuna.storages import RDBStorage
    from sqlalchemy import URL, Engine

#: The drivers that Runbase brings, for URLs that name none and SQLAlchemy's own is missing.
DRIVERS = {"postgresql": ("psycopg2", "psycopg"), "mysql": ("MySQLdb", "pymysql")}


def url_of_file(path: str) -> URL:
    """The URL of an SQLite file."""
    from sqlalchemy import URL

    return URL.create("sqlite", database=path)


def to_url(text: str) -> URL:
    """The URL with a driver that is installed.

    Raises:
        ConfigError: it is no URL of a database.
        MissingExtraError: there is no driver.
    """
    from importlib.util import find_spec

    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise ConfigError(f"this is no database URL: {error}") from error
    name = {"postgres": "postgresql", "mariadb": "mysql"}.get(url.drivername, url.drivername)
    if name in DRIVERS:
        stock, own = DRIVERS[name]
        if find_spec(stock) is None:
            require(own, {"psycopg": "postgres", "pymysql": "mysql"}[own])
            name = f"{name}+{own}"
    return url.set(drivername=name)


@contextmanager
def open_database(url: URL) -> Iterator[RDBStorage]:
    """Optuna's storage to read from, or an upgraded copy of it.

    Raises:
        NotFoundError: there is no such file.
        ConfigError: it is a Runbase database.
        SchemaError: there are no tables of Optuna's, or those of a newer one.
    """
    from optuna.storages import RDBStorage

    from .upgrade import is_current, upgraded_copy

    if url.get_backend_name() == "sqlite" and not file_exists(url):
        raise NotFoundError(
            f"there is no file {url.database or ':memory:'}: give a path that exists"
        )
    with _engine(url) as engine:
        tables = _tables(engine)
        if not studies.OPTUNAS.issubset(tables):
            raise SchemaError(
                f"there are no tables of Optuna's in {url!r}: give the URL that "
                "optuna.create_study(storage=...) was given"
            )
        if not is_current(engine, tables):
            with upgraded_copy(engine, tables) as storage:
                yield storage
            return
    storage = RDBStorage(url_text(url), skip_table_creation=True)
    try:
        yield storage
    finally:
        _close(storage)


@contextmanager
def make_database(url: URL) -> Iterator[RDBStorage]:
    """Optuna's storage to write to.

    Raises:
        ConfigError: it is a Runbase database.
        SchemaError: its tables are those of another version of Optuna.
    """
    from optuna.storages import RDBStorage

    from .upgrade import is_current

    with _engine(url) as engine:
        tables = _tables(engine)
        if {"studies", "version_info"} <= tables and not is_current(engine, tables):
            raise SchemaError(
                f"an older Optuna made the tables in {url!r}: run 'optuna storage upgrade "
                "--storage URL', or export to a new database"
            )
    storage = RDBStorage(url_text(url))
    try:
        yield storage
    finally:
        _close(storage)


def file_exists(url: URL) -> bool:
    """Whether the file of an SQLite URL is there."""
    path = url.database or ":memory:"
    return path.startswith("file:") or Path(path).is_file()


def url_text(url: URL) -> str:
    """A URL as Optuna takes it, which reads braces as a template."""
    text = url.render_as_string(hide_password=False)
    return text.replace("{", "{{").replace("}", "}}")


@contextmanager
def _engine(url: URL) -> Iterator[Engine]:
    from sqlalchemy import create_engine

    engine = create_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _tables(engine: Engine) -> set[str]:
    from sqlalchemy import inspect

    tables = set(inspect(engine).get_table_names())
    ours = {"applied_migrations", "experiments", "runs"} <= tables
    if ours and not studies.OPTUNAS.issubset(tables):
        raise ConfigError(
            f"{engine.url!r} is a Runbase database: its studies are used as they are with "
            "runbase.optuna.RDBStorage, and given to --url; here a storage of Optuna's is needed"
        )
    return tables


def _close(storage: RDBStorage) -> None:
    storage.scoped_session.remove()
    storage.engine.dispose()
