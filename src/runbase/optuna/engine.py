"""Runbase on connections from a pool of SQLAlchemy, for those who configure one themselves.

Without arguments for SQLAlchemy these are Runbase's own engines.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from .. import engines
from ..config import Config, resolve
from ..engines import Engine, MySQLEngine, PostgresEngine, SQLiteEngine
from ..engines.sqlite import _register_converters as register_converters
from ..errors import (
    ConfigError,
    ConnectionFailedError,
    ConnectionLostError,
    MissingExtraError,
    RunbaseError,
    require,
)

if TYPE_CHECKING:
    from sqlalchemy import URL
    from sqlalchemy import Engine as Alchemy
    from sqlalchemy.pool import PoolProxiedConnection

Arguments = dict[str, Any]

SUPPORTED = "sqlite+pysqlite, postgresql+psycopg, postgresql+psycopg2 and mysql+pymysql"


def create_engine(url: str | URL, engine_kwargs: Mapping[str, Any] | None = None) -> Engine:
    """The engine for a URL as Optuna takes it, not connected yet.

    With ``engine_kwargs``, the arguments of ``sqlalchemy.create_engine``, its connections are
    those of SQLAlchemy's pool, set up by Runbase's rules. Without them they are Runbase's own,
    whatever driver the URL names.

    Raises:
        ConfigError: URL or arguments are wrong, or Runbase does not know the driver.
        MissingExtraError: SQLAlchemy or the driver is not installed.
    """
    text = _filled(url) if isinstance(url, str) else url.render_as_string(hide_password=False)
    if not engine_kwargs:
        return engines.create_engine(resolve(text))
    require("sqlalchemy", "optuna")
    parsed = _parsed(text)
    return _kind(parsed)(resolve(text), parsed, engine_kwargs)


def _filled(template: str) -> str:
    if "{SCHEMA_VERSION}" not in template:
        return template
    from optuna.storages._rdb.models import SCHEMA_VERSION

    return template.replace("{SCHEMA_VERSION}", str(SCHEMA_VERSION))


def _parsed(text: str) -> URL:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        # Not the error of SQLAlchemy, which may repeat the URL and its password.
        raise ConfigError(f"SQLAlchemy does not understand the URL: use {SUPPORTED}") from (
            None if "@" in text else error
        )
    # Where no driver is named SQLAlchemy would take one that Runbase does not work with.
    return url.set(drivername="mysql+pymysql") if url.drivername in ("mysql", "mariadb") else url


def _kind(url: URL) -> type[_Pooled]:
    from sqlalchemy.exc import ArgumentError

    try:
        name = f"{url.get_backend_name()}+{url.get_driver_name()}"
    except (ArgumentError, ImportError):  # SQLAlchemy has never heard of it
        name = url.drivername
    kind = _KINDS.get(name.replace("mariadb", "mysql"))
    if kind is None:
        raise ConfigError(f"with engine_kwargs Runbase works on {SUPPORTED}, not on {name}")
    kind.check_driver()
    return kind


class PooledConnection:
    """A connection of SQLAlchemy's pool with all attributes of the driver's own.

    Closing it rolls back and gives it back to the pool, or drops it when it was lost.
    """

    __slots__ = ("__weakref__", "_ended", "_proxy", "cursor", "driver", "is_lost")

    def __init__(self, proxy: PoolProxiedConnection, ended: threading.Event) -> None:
        self._proxy: PoolProxiedConnection | None = proxy
        self._ended = ended  # set when the pool is gone, which could not close it any more
        self.driver = cast(Any, proxy.driver_connection)
        self.cursor = self.driver.cursor
        self.is_lost = False

    def __getattr__(self, name: str) -> Any:
        if self._proxy is None:  # another thread may be using it by now
            raise ConnectionLostError("the connection was closed: try again")
        return getattr(self.driver, name)

    @property
    def is_closed(self) -> bool:
        """Whether the pool has it back."""
        return self._proxy is None

    def close(self) -> None:
        """Give it back to the pool."""
        proxy, self._proxy = self._proxy, None
        if proxy is None:
            return
        del self.cursor
        if not self.is_lost:
            try:
                self._rollback()
            except Exception:
                self.is_lost = True
        if self.is_lost or self._ended.is_set():
            proxy.invalidate()
        else:
            proxy.close()

    def _rollback(self) -> None:
        self.driver.rollback()


class _Psycopg2Connection(PooledConnection):
    """With the method of psycopg 3 that Runbase uses."""

    __slots__ = ()

    def execute(self, sql: str, parameters: Any = None) -> Any:
        """Run a statement on a new cursor and return that."""
        cursor = self.cursor()
        cursor.execute(sql, parameters)
        return cursor

    def _rollback(self) -> None:
        if self.driver.info.transaction_status:  # rollback() would leave it in autocommit mode
            with self.driver.cursor() as cursor:
                cursor.execute("ROLLBACK")


class _Pooled(Engine):
    """What the engines below have in common."""

    driver: ClassVar[str]
    connection_class: ClassVar[type[PooledConnection]] = PooledConnection

    def __init__(self, config: Config, url: URL, arguments: Mapping[str, Any]) -> None:
        super().__init__(config)
        self._secrets = {str(url.password or "")}
        self._open: weakref.WeakSet[PooledConnection] = weakref.WeakSet()
        self._ended = threading.Event()
        self.alchemy = self._build(url, dict(arguments))
        weakref.finalize(self, _end, self.alchemy, self._ended)
        self._check_pool()
        _engines.add(self)

    @classmethod
    def check_driver(cls) -> None:
        """Raise MissingExtraError if the driver is not installed."""
        require(cls.driver, cls.name)

    def _build(self, url: URL, arguments: Arguments) -> Alchemy:
        from sqlalchemy import create_engine
        from sqlalchemy.exc import ArgumentError

        for name in ("json_serializer", "json_deserializer"):
            arguments.pop(name, None)  # they would replace what reads Runbase's own documents
        try:
            given = dict(arguments.get("connect_args") or {})
            self._secrets |= {str(given.get(name) or "") for name in ("password", "passwd")}
            arguments["connect_args"] = self._connect_args(url, given)
            return create_engine(self._url(url), **arguments)
        except (TypeError, ValueError, ArgumentError) as error:
            raise self._misconfigured(error) from error

    def _check_pool(self) -> None:
        from sqlalchemy.pool import StaticPool

        if isinstance(self.alchemy.pool, StaticPool) and not self.is_memory:
            raise ConfigError(
                "with StaticPool all threads would be in one transaction: choose another poolclass"
            )

    def _url(self, url: URL) -> URL:
        """The URL without what only Runbase understands."""
        return url.difference_update_query(["schema", "mode"])

    def _connect_args(self, url: URL, given: Arguments) -> Arguments:
        """The user's arguments for the driver among Runbase's."""
        return given

    def _misconfigured(self, error: Exception) -> ConfigError:
        return ConfigError(
            f"SQLAlchemy or {self.driver} does not take these engine_kwargs: "
            f"{self._without_secrets(error)}"
        )

    def _without_secrets(self, error: Exception) -> str:
        text = str(error).strip()
        for secret in self._secrets - {""}:
            text = text.replace(secret, "***")
        return text

    def connect(self) -> Any:
        """A connection of the pool, set up as the driver's own would be."""
        again = False
        while True:
            connection = self._checkout()
            try:
                self._adopt(connection)
            except Exception as error:
                lost = self.is_lost(connection, error)
                connection.is_lost = True
                connection.close()
                if again or not lost:
                    if (known := self._meaning(error)) is None:
                        raise
                    raise known from error
            else:
                self._open.add(connection)
                return connection
            again = True
            self.alchemy.dispose()  # the others in the pool broke at the same time

    def _checkout(self) -> PooledConnection:
        from sqlalchemy.exc import TimeoutError

        try:
            return self.connection_class(self.alchemy.raw_connection(), self._ended)
        except TimeoutError as error:
            raise ConnectionFailedError(
                f"all connections to {self.describe()} are in use, one for each thread: raise "
                "pool_size or max_overflow in engine_kwargs"
            ) from error
        except Exception as error:
            if (known := self._meaning(error)) is None:
                raise
            raise known from error

    def _meaning(self, error: Exception) -> RunbaseError | None:
        """What an error in connecting means, or None if it is the user's own."""
        from sqlalchemy.exc import ArgumentError

        error = getattr(error, "orig", None) or error
        dbapi: Any = self.alchemy.dialect.dbapi
        if isinstance(error, RunbaseError):
            return None
        if isinstance(error, TypeError | ValueError | ArgumentError | dbapi.ProgrammingError):
            return self._misconfigured(error)
        if isinstance(error, dbapi.Error):
            return self.error(error) or self._refused(error)
        return None

    def _refused(self, error: Exception) -> RunbaseError:
        raise NotImplementedError

    def _adopt(self, connection: PooledConnection) -> None:
        """Set up a connection, new or used before."""
        raise NotImplementedError

    def is_lost(self, connection: Any, error: BaseException) -> bool:
        """Whether the connection is gone; then the pool will not have it back."""
        if connection.is_closed:
            return True
        connection.is_lost |= super().is_lost(connection.driver, error)
        return bool(connection.is_lost)

    def abandon(self, connection: Any) -> None:
        """As the driver's own; the pool will not have it back."""
        connection.is_lost = True
        super().abandon(connection.driver)

    def dispose(self) -> None:
        """Close the connections that wait in the pool."""
        self.alchemy.dispose()

    def after_fork(self) -> None:
        """Leave the connections to the parent, untouched, and begin with an empty pool."""
        if not self.is_memory:  # which the child has a copy of
            _inherited.append((self.alchemy.pool, list(self._open)))
            self._open = weakref.WeakSet()
            self.alchemy.dispose(close=False)


def _end(alchemy: Alchemy, ended: threading.Event) -> None:
    ended.set()
    alchemy.dispose()


_engines: weakref.WeakSet[_Pooled] = weakref.WeakSet()
_inherited: list[Any] = []  # kept for ever: the end of a connection would reach the server


def _after_fork_in_child() -> None:
    for engine in list(_engines):
        engine.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


class PooledSQLite(_Pooled, SQLiteEngine):
    """A file, or a database in memory, which is one connection of the pool."""

    driver = "sqlite3"

    def __init__(self, config: Config, url: URL, arguments: Mapping[str, Any]) -> None:
        super().__init__(config | {"dbpath": _path(url)}, url, arguments)

    def _build(self, url: URL, arguments: Arguments) -> Alchemy:
        self.is_memory = self.is_memory or url.query.get("mode") == "memory"
        self._is_custom = "creator" in arguments
        alchemy = super()._build(url, arguments)
        if self._is_custom:
            self.alchemy = alchemy
            self._find_path()
        return alchemy

    def _find_path(self) -> None:
        """Ask a connection of the user's making what it is connected to."""
        connection = self._checkout()
        rows = connection.execute("PRAGMA database_list").fetchall()
        connection.close()
        self.path = next(path for _, name, path in rows if name == "main") or ":memory:"
        self.is_memory = self.path == ":memory:"

    def _url(self, url: URL) -> URL:
        if not self.read_only or self.is_memory or "uri" in url.query:
            return url
        file, _, query = self._uri().partition("?")
        return url.set(database=file).update_query_dict(dict(parse_qsl(query)) | {"uri": "true"})

    def _connect_args(self, url: URL, given: Arguments) -> Arguments:
        import sqlite3

        register_converters()
        timeout = given.get("timeout", url.query.get("timeout", self.busy_timeout))
        self.busy_timeout = float(timeout)
        given.pop("autocommit", None)  # of Python 3.12: transactions are begun by Runbase alone
        types = sqlite3.PARSE_DECLTYPES | sqlite3.PARSE_COLNAMES
        needed = {"isolation_level": None, "check_same_thread": False, "detect_types": types}
        return {"cached_statements": 512, "timeout": self.busy_timeout} | given | needed

    def _refused(self, error: Exception) -> RunbaseError:
        return self._cannot_open(error)

    def _adopt(self, connection: PooledConnection) -> None:
        connection.driver.isolation_level = None
        connection.driver.row_factory = None
        if self._is_custom and not _converts(connection.driver):
            raise ConfigError(
                "Runbase needs connections with detect_types=sqlite3.PARSE_DECLTYPES | "
                "sqlite3.PARSE_COLNAMES: let the creator in engine_kwargs say so to sqlite3.connect"
            )
        self._configure(connection.driver)


def _path(url: URL) -> str:
    database = url.database or ":memory:"
    return unquote(urlsplit(database).path) if "uri" in url.query else database


def _converts(connection: Any) -> bool:
    connection.execute("CREATE TEMP TABLE runbase_probe (x JSONB)")
    connection.execute("INSERT INTO runbase_probe VALUES ('{}')")
    row = connection.execute("""SELECT x, x || '' AS "x [jsonb]" FROM runbase_probe""").fetchone()
    connection.execute("DROP TABLE runbase_probe")
    return bool(row == ({}, {}))


class _PooledPostgres(_Pooled, PostgresEngine):  # type: ignore[misc]
    """A database on a server."""

    def _connect_args(self, url: URL, given: Arguments) -> Arguments:
        defaults = {"application_name": "runbase", "connect_timeout": 10}
        return {k: v for k, v in defaults.items() if k not in url.query} | given

    def _refused(self, error: Exception) -> RunbaseError:
        return self._cannot_connect(error)

    def _adopt(self, connection: PooledConnection) -> None:
        connection.driver.autocommit = True
        self._configure(connection)
        self.set_durable(connection, True)  # as a new one is


class PooledPsycopg(_PooledPostgres):
    """Through psycopg 3."""

    driver = "psycopg"

    @classmethod
    def check_driver(cls) -> None:
        """Raise MissingExtraError if psycopg is not installed."""
        require("psycopg", "postgres")

    def _adopt(self, connection: PooledConnection) -> None:
        import psycopg
        from psycopg.rows import tuple_row

        from ..engines.postgres.arrays import register

        connection.driver.row_factory = tuple_row
        connection.driver.cursor_factory = psycopg.Cursor
        register(connection.driver)
        super()._adopt(connection)


class PooledPsycopg2(_PooledPostgres):
    """Through psycopg2, which SQLAlchemy took before psycopg 3."""

    driver = "psycopg2"
    has_arrays = False
    connection_class = _Psycopg2Connection

    @classmethod
    def check_driver(cls) -> None:
        """Raise MissingExtraError if psycopg2 is not installed."""
        try:
            require("psycopg2", "postgres")
        except MissingExtraError as error:
            raise MissingExtraError(
                "psycopg2 is not installed: pip install psycopg2-binary, or write "
                "postgresql+psycopg:// in the URL"
            ) from error

    def _adopt(self, connection: PooledConnection) -> None:
        import json

        from psycopg2 import extensions, extras

        driver = connection.driver
        driver.cursor_factory = extensions.cursor
        extras.register_default_jsonb(driver, loads=json.loads)
        extensions.register_type(extensions.new_type((17,), "bytes", _bytes), driver)
        super()._adopt(connection)

    def run_once(self, cursor: Any, sql: str, parameters: Any) -> None:
        """Run a statement; psycopg2 prepares none."""
        cursor.execute(sql, parameters)

    def adapt(self, value: Any) -> Any:
        """Documents become JSON text, paths text."""
        return os.fspath(value) if isinstance(value, os.PathLike) else Engine.adapt(self, value)

    def abandon(self, connection: Any) -> None:
        """Cancel what runs and hang up."""
        import socket

        connection.is_lost = True
        connection.driver.cancel()
        with socket.socket(fileno=os.dup(connection.driver.fileno())) as hung_up:
            hung_up.shutdown(socket.SHUT_RDWR)


def _bytes(value: Any, cursor: Any) -> bytes | None:
    from psycopg2 import BINARY

    return None if value is None else bytes(BINARY(value, cursor))


class PooledMySQL(_Pooled, MySQLEngine):
    """A database on a server, through PyMySQL."""

    driver = "pymysql"

    def _build(self, url: URL, arguments: Arguments) -> Alchemy:
        # As Optuna's own storage does: a server hangs up on those who are silent for hours.
        return super()._build(url, {"pool_pre_ping": True} | arguments)

    def _connect_args(self, url: URL, given: Arguments) -> Arguments:
        from pymysql.constants import CLIENT

        defaults: Arguments = {} if "charset" in url.query else {"charset": "utf8mb4"}
        if url.password:
            defaults["password"] = str(url.password).encode()  # PyMySQL would send it as Latin-1
        flags = int(given.get("client_flag", url.query.get("client_flag", 0)))
        return defaults | given | {"client_flag": flags | CLIENT.FOUND_ROWS}

    def _meaning(self, error: Exception) -> RunbaseError | None:
        if type(error) is RuntimeError and "cryptography" in str(error):
            return MissingExtraError(f"{error}: pip install cryptography")
        return super()._meaning(error)

    def _refused(self, error: Exception) -> RunbaseError:
        return self._cannot_connect(error)

    def _adopt(self, connection: PooledConnection) -> None:
        from pymysql.constants import CLIENT

        from ..engines.mysql import SETTINGS, _conversions, _cursor_class

        driver = connection.driver
        if not driver.client_flag & CLIENT.FOUND_ROWS:
            raise ConfigError(
                "Runbase needs connections with client_flag=CLIENT.FOUND_ROWS: let the creator in "
                "engine_kwargs say so to pymysql.connect"
            )
        if driver.charset != "utf8mb4":
            driver.set_character_set("utf8mb4")
        driver.autocommit(True)
        driver.decoders = {k: v for k, v in _conversions().items() if isinstance(k, int)}
        driver.cursorclass = _cursor_class()
        with driver.cursor() as cursor:
            cursor.execute(SETTINGS)
        self._configure(driver)


_KINDS: dict[str, type[_Pooled]] = {
    "sqlite+pysqlite": PooledSQLite,
    "postgresql+psycopg": PooledPsycopg,
    "postgresql+psycopg2": PooledPsycopg2,
    "mysql+pymysql": PooledMySQL,
}
