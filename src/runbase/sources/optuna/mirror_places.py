"""What kind of storage a URL, a path or an object is, how a mirror reads it, and its address."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ...config import ENGINES, is_url, parse_url
from ...engines import Engine, create_engine
from ...errors import ConfigError, MissingExtraError, NotFoundError, require
from .mirror_objects import ObjectSource
from .mirror_rows import Source
from .mirror_tables import TableSource
from .open import REDIS, SQLITE, open_journal, open_redis, shown, storage_errors

if TYPE_CHECKING:
    from optuna.storages import BaseStorage, JournalStorage, RDBStorage

CLASSES = ("RDBStorage", "JournalRedisStorage", "JournalFileStorage")


class Place(NamedTuple):
    """A storage to be mirrored."""

    source: Source
    #: What distinguishes it from all others, without passwords; None for one in memory.
    address: str | None
    #: The storage as an object, opened when it is asked for.
    storage: Callable[[], BaseStorage]


def is_stock(url: str) -> bool:
    """Whether a database has Optuna's own tables, and not Runbase's.

    Raises:
        ConfigError: this is no URL of a database.
        ConnectionFailedError: the database cannot be reached.
    """
    engine = _engine(url)
    if engine.dialect == "sqlite" and not os.path.isfile(engine.config["dbpath"]):
        return False
    with closing(engine.connect()) as connection:

        def execute(sql: str, parameters: Any = ()) -> Any:
            cursor = connection.cursor()
            cursor.execute(sql, parameters)
            return cursor

        is_ours = engine.has_table(execute, "applied_migrations")
        tables = ("version_info", "studies", "trials")
        return not is_ours and all(engine.has_table(execute, name) for name in tables)


def _engine(url: str) -> Engine:
    config = parse_url(url)
    if config["engine"] == "sqlite":
        config = {"engine": "sqlite", "dbpath": _path(config["dbpath"])}
    return create_engine(config | {"mode": "ro"})


def _path(text: str) -> str:
    """The path of an SQLite file, which a URL may give as a URI of SQLite's own."""
    return text if text == ":memory:" else os.path.abspath(text.removeprefix("file:"))


def storage_of(text: str, storage_class: str | None = None) -> BaseStorage:
    """The storage at a URL or in a journal file, as ``optuna-dashboard`` guesses.

    A URL of Redis is a journal there, another URL a database, and a path a journal file, unless
    ``storage_class`` says otherwise: RDBStorage, JournalRedisStorage or JournalFileStorage.

    Raises:
        MissingExtraError: Optuna or a driver is not installed.
        NotFoundError: there is no such file.
        ConfigError: this is nothing that can be opened, and the message says what to give.
        DatabaseError: the database or the journal cannot be read.
    """
    require("optuna", "optuna")
    kind = storage_class or _guess(text)
    with storage_errors(text):
        match kind:
            case "JournalRedisStorage":
                return open_redis(text)
            case "JournalFileStorage":
                return _journal(text)
            case "RDBStorage":
                return _database(text)
    raise ConfigError(f"unknown storage class {storage_class!r}: choose {', '.join(CLASSES)}")


def _guess(text: str) -> str:
    if text.startswith(REDIS):
        return "JournalRedisStorage"
    return "RDBStorage" if is_url(text) else "JournalFileStorage"


def _journal(path: str) -> JournalStorage:
    file = Path(path)
    if file.is_dir():
        raise ConfigError(f"{path} is a directory: give a file in it")
    if not file.exists():
        raise NotFoundError(f"there is no file {path}: give a path that exists, or a URL")
    with file.open("rb") as content:
        if content.read(len(SQLITE)) == SQLITE:
            raise ConfigError(f"{path} is an SQLite database: give its URL, sqlite:///{path}")
    return open_journal(path)


def _database(text: str) -> RDBStorage:
    from optuna.storages import RDBStorage

    from .tables import file_exists, to_url, url_text

    url = to_url(text)
    is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    if is_file and not file_exists(url):
        raise NotFoundError(f"there is no file {url.database}: give a path that exists")
    try:
        return RDBStorage(url_text(url), skip_table_creation=is_file)
    except ImportError as error:
        raise MissingExtraError(f"no driver for {url.drivername} is installed") from error


def place_of(storage: str | BaseStorage) -> Place:
    """How to mirror a storage."""
    if isinstance(storage, str):
        return _place_of_text(storage)
    return _place_of_object(storage)


def _place_of_text(text: str) -> Place:
    scheme = text.partition("://")[0].partition("+")[0].lower()
    if is_url(text) and scheme in ENGINES:
        engine = _engine(text)
        if not engine.is_memory:
            return _place_of_tables(engine, lambda: storage_of(text))
    return _place_of_object(storage_of(text))


def _place_of_tables(
    engine: Engine, storage: Callable[[], BaseStorage], connect: Callable[[], Any] | None = None
) -> Place:
    config = engine.config
    path = os.path.realpath(config["dbpath"]) if engine.dialect == "sqlite" else None
    known = {"path": path} if path else {k: str(v) for k, v in config.items() if _is_public(k)}
    connect = connect or (partial(_connect_file, engine) if path else engine.connect)
    source = TableSource(connect, engine.dialect, engine.describe(), path)
    return Place(source, json.dumps(known, sort_keys=True), storage)


def _is_public(parameter: str) -> bool:
    """Whether a parameter says which database it is, rather than how to get in."""
    return "pass" not in parameter and parameter != "mode"


def _connect_file(engine: Engine) -> Any:
    """A connection that only reads, to a file in which a killed program may have left its work."""
    connection: Any = engine.connect()
    try:
        connection.execute("SELECT 1 FROM sqlite_master")
    except sqlite3.OperationalError as error:
        if not error.sqlite_errorname.startswith("SQLITE_READONLY"):
            raise
        # Half a transaction is rolled back by the next program that opens the file to write.
        with closing(sqlite3.connect(engine.config["dbpath"])) as other:
            other.execute("SELECT 1 FROM sqlite_master")
    return connection


def _place_of_object(storage: BaseStorage) -> Place:
    from optuna.storages import JournalStorage, RDBStorage

    from .trials import unwrapped

    inner = unwrapped(storage)
    if isinstance(inner, RDBStorage):
        return _place_of_rdb(storage, inner)
    path = address = None
    if isinstance(inner, JournalStorage):
        backend = inner._backend
        if path := getattr(backend, "_file_path", None):
            path = address = os.path.realpath(path)
        elif url := getattr(backend, "_url", None):
            address = shown(url)
    return Place(
        ObjectSource(inner, address or type(inner).__name__, path), address, lambda: storage
    )


def _place_of_rdb(storage: BaseStorage, rdb: RDBStorage) -> Place:
    """Its tables; on a server through its own engine, which may have been given more than a URL."""
    url = rdb.engine.url
    name = url.get_backend_name()
    if name not in ENGINES or (name == "sqlite" and url.database in (None, "", ":memory:")):
        return Place(ObjectSource(rdb, repr(url)), None, lambda: storage)
    engine = _engine(url.render_as_string(hide_password=False))
    connect = None if name == "sqlite" else lambda: _Raw(rdb)
    return _place_of_tables(engine, lambda: storage, connect)


class _Raw:
    """A driver's connection out of SQLAlchemy, in autocommit mode."""

    def __init__(self, rdb: RDBStorage) -> None:
        self._connection = rdb.engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def cursor(self) -> Any:
        return self._connection.connection.cursor()

    def close(self) -> None:
        self._connection.invalidate()
        self._connection.close()
