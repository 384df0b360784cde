"""The pools of each database and driver."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ...config import Config
from ...engines import Engine, MySQLEngine, PostgresEngine, SQLiteEngine
from ...engines.sqlite import _register_converters as register_converters
from ...errors import (
    ConfigError,
    MissingExtraError,
    RunbaseError,
    require,
)
from .pooled import Arguments, Pooled, PooledConnection

if TYPE_CHECKING:
    from sqlalchemy import URL
    from sqlalchemy import Engine as Alchemy


class PooledSQLite(Pooled, SQLiteEngine):
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
        file, _, query = self.uri().partition("?")
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


class _PooledPostgres(Pooled, PostgresEngine):  # type: ignore[misc]
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

        from ...engines.postgres.arrays import register

        connection.driver.row_factory = tuple_row
        connection.driver.cursor_factory = psycopg.Cursor
        register(connection.driver)
        super()._adopt(connection)


class _Psycopg2Connection(PooledConnection):
    """With the method of psycopg 3 that Runbase uses."""

    __slots__ = ()

    def execute(self, sql: str, parameters: Any = None) -> Any:
        """Run a statement on a new cursor and return that."""
        cursor = self.cursor()
        cursor.execute(sql, parameters)
        return cursor

    def rollback(self) -> None:
        """Undo what is open."""
        if self.driver.info.transaction_status:  # rollback() would leave it in autocommit mode
            with self.driver.cursor() as cursor:
                cursor.execute("ROLLBACK")


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

    def large_cursor(self, connection: Any) -> Any:
        """The usual one: psycopg2 knows no binary form."""
        return connection.cursor()

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


class PooledMySQL(Pooled, MySQLEngine):
    """A database on a server, through PyMySQL."""

    driver = "pymysql"

    def _build(self, url: URL, arguments: Arguments) -> Alchemy:
        from sqlalchemy import event

        from ...engines.mysql.driver import Connection

        # As Optuna's own storage does: a server hangs up on those who are silent for hours.
        alchemy = super()._build(url, {"pool_pre_ping": True} | arguments)
        event.listen(alchemy, "do_connect", lambda _dialect, _record, a, kw: Connection(*a, **kw))
        return alchemy

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

        from ...engines.mysql import SETTINGS
        from ...engines.mysql.driver import CONVERSIONS, Cursor

        driver = connection.driver
        if not driver.client_flag & CLIENT.FOUND_ROWS:
            raise ConfigError(
                "Runbase needs connections with client_flag=CLIENT.FOUND_ROWS: let the creator in "
                "engine_kwargs say so to pymysql.connect"
            )
        if driver.charset != "utf8mb4":
            driver.set_character_set("utf8mb4")
        driver.autocommit(True)
        driver.decoders = {k: v for k, v in CONVERSIONS.items() if isinstance(k, int)}
        driver.cursorclass = Cursor
        with driver.cursor() as cursor:
            cursor.execute(SETTINGS)
        self._configure(driver)
