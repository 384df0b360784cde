"""MySQL and MariaDB, through PyMySQL."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ...errors import (
    ConfigError,
    ConnectionFailedError,
    CorruptDatabaseError,
    DiskFullError,
    InvalidValueError,
    MissingExtraError,
    ReadOnlyError,
    RunbaseError,
    SchemaError,
    require,
)
from ..engine import Engine, utc
from ..json import Jsonb

if TYPE_CHECKING:
    from .driver import Connection

OWN_PARAMETERS = {"engine", "dbpath", "schema", "mode", "dbname", "charset"}
SETTINGS = "SET time_zone = '+00:00', sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"


class MySQLEngine(Engine):
    """A database on a server; ``dbname`` (or ``database``), ``host``, ``port``, ``user``, ...

    ``unix_socket``, ``ssl_ca`` and every other keyword of ``pymysql.connect`` are passed on.
    """

    name = "mysql"
    dialect = "mysql"
    transactional_ddl = False
    has_infinity = False
    max_metric_columns = 400
    max_identifier = 64

    def describe(self) -> str:
        """The URL without password."""
        c = self.config
        port = f":{c['port']}" if c.get("port") else ""
        return (
            f"mysql://{c.get('user', '')}@{c.get('host', 'localhost')}{port}/{c.get('dbname', '')}"
        )

    def connect(self) -> Connection:
        """A connection in UTC, utf8mb4, strict mode and READ COMMITTED."""
        pymysql = require("pymysql", "mysql")
        from pymysql.constants import CLIENT

        from .driver import CONVERSIONS, Connection, Cursor

        parameters = {k: v for k, v in self.config.items() if k not in OWN_PARAMETERS}
        try:
            if "port" in parameters:
                parameters["port"] = int(parameters["port"])
            if isinstance(parameters.get("password"), str):  # PyMySQL would send it as Latin-1
                parameters["password"] = parameters["password"].encode()
            connection = Connection(
                database=self.config.get("dbname"),
                charset="utf8mb4",
                autocommit=True,
                conv=CONVERSIONS,
                cursorclass=Cursor,
                client_flag=CLIENT.FOUND_ROWS,  # an UPDATE counts the rows it found, as elsewhere
                init_command=SETTINGS,
                **parameters,
            )
        except (TypeError, ValueError) as error:
            raise ConfigError(
                f"MySQL does not take this configuration: {error}; see pymysql.connect for the "
                "names that a connection takes"
            ) from error
        except RuntimeError as error:  # PyMySQL lacks the package that logs in to MySQL 8
            raise MissingExtraError(f"{error}: pip install cryptography") from error
        except pymysql.err.Error as error:
            raise self._cannot_connect(error) from error
        try:
            self._configure(connection)
        except pymysql.err.OperationalError as error:  # the server goes down in this moment
            with suppress(pymysql.err.Error):  # it is closed already
                connection.close()
            raise self._cannot_connect(error) from error
        return connection

    def _configure(self, connection: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            if self.config.get("mode") == "ro":
                cursor.execute("SET SESSION TRANSACTION READ ONLY")

    def _cannot_connect(self, error: Exception) -> ConnectionFailedError:
        code, reason = _code(error), str(error.args[-1] if error.args else error)
        advice = {
            1045: "check user and password",
            1698: "check user and password",
            1044: "ask for access to this database, or correct its name",
            1049: "create it with CREATE DATABASE, or correct its name",
            1040: "end other programs, or ask for a higher limit",
            1203: "end other programs, or ask for a higher limit",
            1226: "end other programs, or ask for a higher limit",
        }.get(code, "is the server running, and do host and port fit?")
        return ConnectionFailedError(f"cannot connect to {self.describe()}: {reason}; {advice}")

    def map_type(self, client: Any, typ: type) -> str:
        """The declared type; numbers and intervals (in seconds) are DOUBLE."""
        for python, sql in _TYPES.items():
            if issubclass(typ, python):
                return sql
        raise InvalidValueError(f"values of type {typ.__name__} cannot be metrics")

    def has_table(self, execute: Any, name: str) -> bool:
        """Whether the database in use has this table."""
        found = execute(
            "SELECT 1 FROM information_schema.tables"
            " WHERE table_schema = DATABASE() AND table_name = %s",
            (name,),
        ).fetchone()
        return found is not None

    def columns(self, execute: Any, table: str) -> dict[str, str]:
        """Declared types by column name."""
        rows = execute(
            "SELECT column_name, column_type FROM information_schema.columns"
            " WHERE table_schema = DATABASE() AND table_name = %s ORDER BY ordinal_position",
            (table,),
        )
        return dict(rows.fetchall())

    def error(self, error: BaseException) -> RunbaseError | None:
        """The error of Runbase for the faults that a person can mend."""
        code, reason = _code(error), str(error.args[-1] if error.args else error)
        match code:
            case 1146 if any(f".{t}'" in reason for t in ("experiments", "runs", "metrics")):
                return SchemaError(
                    f"{self.describe()} has no Runbase tables yet: run 'runbase setup', or call "
                    "runbase.commands.setup(client)"
                )
            case 1290 | 1792 | 1836:
                return ReadOnlyError(
                    f"{self.describe()} refuses the write: {reason}; leave out mode=ro, or connect "
                    "to a server that is not read-only"
                )
            case 1142 | 1143:
                return ReadOnlyError(
                    f"{self.describe()} refuses this user: {reason}; ask for a GRANT, or connect "
                    "as another user"
                )
            case 1021 | 1114:
                return DiskFullError(
                    f"{self.describe()} has no room: {reason}; free some space on the server"
                )
            case 126 | 127 | 1034 | 1194 | 1712:
                return CorruptDatabaseError(
                    f"{self.describe()} is damaged: {reason}; restore a backup"
                )
        return None

    def is_lost(self, connection: Any, error: BaseException) -> bool:
        """Whether the server went away."""
        return not connection.open or _code(error) in (1053, 1927, 2006, 2013, 2055, 4031)

    def is_busy(self, error: BaseException) -> bool:
        """Whether the transaction lost a deadlock or waited too long for a lock."""
        return _code(error) in (1205, 1213, 1020)

    def is_duplicate(self, error: BaseException) -> bool:
        """Whether a unique key refused the row."""
        return _code(error) == 1062

    def is_orphan(self, error: BaseException) -> bool:
        """Whether a foreign key refused the row."""
        return _code(error) == 1452

    @contextmanager
    def exclusive(self, execute: Any, *, brief: bool = False) -> Iterator[None]:
        """A named lock; with ``brief`` a busy table is waited for 1 s at most, MySQL's least."""
        execute("SELECT GET_LOCK(CONCAT('runbase.', DATABASE()), 60)").fetchall()
        if brief:
            execute("SET SESSION lock_wait_timeout = 1")
        try:
            yield
        finally:
            if brief:
                execute("SET SESSION lock_wait_timeout = DEFAULT")
            execute("SELECT RELEASE_LOCK(CONCAT('runbase.', DATABASE()))").fetchall()

    def is_missing_column(self, error: BaseException) -> bool:
        """Whether a column is gone since its name was read."""
        return _code(error) == 1054

    def quote(self, name: str) -> str:
        """``name`` in backticks."""
        return "`" + name.replace("`", "``") + "`"

    def identifier(self, name: str) -> str:
        """MySQL allows neither characters beyond the BMP nor a space at the end."""
        text = "".join(c if c < "\U00010000" else "_" for c in name.replace("\0", ""))
        return text[: self.max_identifier].rstrip() or "metric"

    def fold(self, identifier: str) -> str:
        """MySQL goes further than others: it takes a dotted and a dotless i for the same."""
        letters = unicodedata.normalize("NFKD", identifier.upper())
        return "".join(c for c in letters if not unicodedata.combining(c)).casefold()

    def adapt(self, value: Any) -> Any:
        """Times become naive UTC, intervals seconds."""
        if isinstance(value, datetime):
            return utc(value).replace(tzinfo=None)
        if isinstance(value, timedelta):
            return value.total_seconds()
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        return super().adapt(value)

    def abandon(self, connection: Any) -> None:
        """Hang up, and tell the server, which would notice only when the statement ends."""
        import socket

        if connection._sock is not None:
            with suppress(OSError):
                connection._sock.shutdown(socket.SHUT_RDWR)
        with suppress(Exception), closing(self.connect()) as other, other.cursor() as cursor:
            cursor.execute(f"KILL {connection.thread_id()}")


_TYPES: dict[type, str] = {
    bool: "DOUBLE",
    int: "DOUBLE",
    float: "DOUBLE",
    str: "LONGTEXT",
    bytes: "LONGBLOB",
    datetime: "DATETIME(6)",
    date: "DATE",
    timedelta: "DOUBLE",
    Jsonb: "JSON",
}


def _code(error: BaseException) -> int:
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0
