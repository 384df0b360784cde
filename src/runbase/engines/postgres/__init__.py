"""PostgreSQL: for teams, clusters and many machines, through psycopg 3."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ...errors import (
    ConfigError,
    ConnectionFailedError,
    CorruptDatabaseError,
    DiskFullError,
    InvalidValueError,
    ReadOnlyError,
    RunbaseError,
    SchemaError,
    require,
)
from ..engine import Engine
from ..json import Jsonb, dumps

if TYPE_CHECKING:
    from psycopg import Connection

#: Parameters that are Runbase's own; everything else goes to libpq.
OWN_PARAMETERS = {"engine", "dbpath", "schema", "mode"}


class PostgresEngine(Engine):
    """A database on a server, described by libpq's keywords and ``schema``."""

    name = "postgres"
    dialect = "postgresql"
    max_metric_columns = 800
    max_identifier = 63
    has_arrays = True

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self.schema = config.get("schema") or None

    def _conninfo(self) -> str:
        psycopg = require("psycopg", "postgres")
        parameters = {k: v for k, v in self.config.items() if k not in OWN_PARAMETERS}
        if "database" in parameters:
            parameters.setdefault("dbname", parameters.pop("database"))
        parameters.setdefault("application_name", "runbase")
        parameters.setdefault("connect_timeout", 10)
        try:
            return str(psycopg.conninfo.make_conninfo(**parameters))
        except psycopg.ProgrammingError as error:
            raise ConfigError(
                f"{str(error).strip()}: see 'Parameter Key Words' in PostgreSQL's manual for the "
                "names that a connection takes"
            ) from error

    def describe(self) -> str:
        """The URL without password."""
        c = self.config
        port = f":{c['port']}" if c.get("port") else ""
        schema = f"?schema={self.schema}" if self.schema else ""
        place = f"{c.get('host', '')}{port}/{c.get('dbname', '')}"
        return f"postgresql://{c.get('user', '')}@{place}{schema}"

    def connect(self, cursor_factory: type | None = None) -> Connection[Any]:
        """A connection in UTC whose ``search_path`` is the configured schema."""
        psycopg = require("psycopg", "postgres")
        try:
            connection: Connection[Any] = psycopg.connect(
                self._conninfo(),
                autocommit=True,
                cursor_factory=cursor_factory or psycopg.Cursor,
            )
        except psycopg.OperationalError as error:
            raise self._cannot_connect(error) from error
        from .arrays import register

        register(connection)
        try:
            self._configure(connection)
        except psycopg.OperationalError as error:  # the server goes down in this moment
            connection.close()
            raise self._cannot_connect(error) from error
        return connection

    def _configure(self, connection: Any) -> None:
        path = f"SET search_path TO {self.quote(self.schema)};" if self.schema else ""
        connection.execute(f"SET TIME ZONE 'UTC'; {path} SET client_min_messages TO warning")
        if self.config.get("mode") == "ro":
            connection.execute("SET default_transaction_read_only TO on")

    def _cannot_connect(self, error: Exception) -> ConnectionFailedError:
        text = str(error).strip()
        reason = _first(text.rpartition("FATAL:")[2].strip())
        reason = reason.removeprefix("connection failed: ").rpartition(" failed: ")[2]
        if "authentication failed" in text or "no password supplied" in text:
            advice = "check user and password (or ~/.pgpass)"
        elif "does not exist" in text:
            advice = "create it (see 'runbase create'), or correct the name"
        elif "permission denied" in text or "pg_hba.conf" in text:
            advice = "ask for access to this database, or correct its name"
        elif "too many" in text or "connection slots" in text:
            advice = "end other programs, or ask for a higher limit"
        else:
            advice = "is the server running, and do host and port fit?"
        return ConnectionFailedError(f"cannot connect to {self.describe()}: {reason}; {advice}")

    def map_type(self, client: Any, typ: type) -> str:
        """The declared type; numbers are always DOUBLE PRECISION, never psycopg's narrow ints."""
        for python, sql in _TYPES.items():
            if issubclass(typ, python):
                return sql
        raise InvalidValueError(f"values of type {typ.__name__} cannot be metrics")

    def has_table(self, execute: Any, name: str) -> bool:
        """Whether the schema in use has this table."""
        found = execute(
            "SELECT to_regclass(quote_ident(current_schema()) || '.' || %s)", (name,)
        ).fetchone()
        return found[0] is not None

    def columns(self, execute: Any, table: str) -> dict[str, str]:
        """Declared types by column name."""
        rows = execute(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
            " ORDER BY attnum",
            (table,),
        )
        return dict(rows.fetchall())

    def error(self, error: BaseException) -> RunbaseError | None:
        """The error of Runbase for the faults that a person can mend."""
        state, text = _state(error), str(error).strip()
        if state == "42P01" and any(f'"{t}"' in text for t in ("experiments", "runs", "metrics")):
            return SchemaError(
                f"{self.describe()} has no Runbase tables yet: run 'runbase setup', or call "
                "runbase.commands.setup(client)"
            )
        if state == "25006":
            return ReadOnlyError(
                f"{self.describe()} refuses the write: {_first(text)}; leave out mode=ro, or "
                "connect to a server that is no standby"
            )
        if state == "42501":
            return ReadOnlyError(
                f"{self.describe()} refuses this user: {_first(text)}; ask the owner to GRANT it, "
                "or connect as another user"
            )
        if state == "53100":
            return DiskFullError(
                f"{self.describe()} has no room: {_first(text)}; free some space on the server"
            )
        if state in ("XX001", "XX002"):
            return CorruptDatabaseError(
                f"{self.describe()} is damaged: {_first(text)}; restore a backup"
            )
        return None

    def is_lost(self, connection: Any, error: BaseException) -> bool:
        """Whether the server went away; a restarting server counts."""
        return bool(connection.closed) or _state(error) in ("57P01", "57P02", "57P03")

    def is_busy(self, error: BaseException) -> bool:
        """Whether the transaction lost a deadlock or a race."""
        return _state(error) in ("40001", "40P01", "55P03")

    def is_duplicate(self, error: BaseException) -> bool:
        """Whether a unique key refused the row."""
        return _state(error) == "23505"

    def is_orphan(self, error: BaseException) -> bool:
        """Whether a foreign key refused the row."""
        return _state(error) == "23503"

    def is_missing_column(self, error: BaseException) -> bool:
        """Whether a column is gone since its name was read."""
        return _state(error) == "42703"

    def set_durable(self, connection: Any, durable: bool) -> None:
        """Wait for the WAL of each commit to reach the disk, or not."""
        connection.execute(
            "RESET synchronous_commit" if durable else "SET synchronous_commit TO off"
        )

    @contextmanager
    def exclusive(self, execute: Any, *, brief: bool = False) -> Iterator[None]:
        """An advisory lock; with ``brief`` every lock is waited for 100 ms at most."""
        if brief:
            execute("SET LOCAL lock_timeout = '100ms'")
        execute("SELECT pg_advisory_xact_lock(hashtext('runbase'))")
        yield

    def run_once(self, cursor: Any, sql: str, parameters: Any) -> None:
        """A prepared ``SELECT *`` would fail once a column is added to its table."""
        cursor.execute(sql, parameters, prepare=False)

    def large_cursor(self, connection: Any) -> Any:
        """Numbers and times in binary form are sent and read several times as fast as texts."""
        return connection.cursor(binary=True)

    def adapt(self, value: Any) -> Any:
        """Documents become psycopg's, with Runbase's own total encoder."""
        if isinstance(value, Jsonb):
            from psycopg.types.json import Jsonb as Driver

            return Driver(value.obj, dumps=dumps)
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        return super().adapt(value)

    def abandon(self, connection: Any) -> None:
        """Cancel what runs, which would keep its locks till its end, and hang up."""
        import socket

        from psycopg.pq import TransactionStatus

        if connection.info.transaction_status == TransactionStatus.ACTIVE:
            with suppress(Exception):
                connection.cancel_safe(timeout=2.0)
        with socket.socket(fileno=os.dup(connection.fileno())) as hung_up:
            hung_up.shutdown(socket.SHUT_RDWR)


_TYPES: dict[type, str] = {
    bool: "DOUBLE PRECISION",
    int: "DOUBLE PRECISION",
    float: "DOUBLE PRECISION",
    str: "TEXT",
    bytes: "BYTEA",
    datetime: "TIMESTAMP WITH TIME ZONE",
    date: "DATE",
    timedelta: "INTERVAL",
    Jsonb: "JSONB",
}


def _state(error: BaseException) -> str:
    """The SQLSTATE, which psycopg2 calls pgcode."""
    return getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or ""


def _first(text: str) -> str:
    return text.splitlines()[0] if text else "no reason given"
