"""What an engine is: how to connect, and everything in which one database differs from another."""

from __future__ import annotations

import datetime
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Protocol

from ..config import Config
from ..errors import RunbaseError
from ..query import Dialect
from .json import Jsonb, dumps


class DBAPIConnection(Protocol):
    """The part of a DB-API 2.0 connection that Runbase relies on."""

    def cursor(self) -> Any:
        """A new cursor."""

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back."""


class Engine(ABC):
    """One kind of database. Differences between databases live here and in the ``.sql`` files."""

    name: ClassVar[str]
    dialect: ClassVar[Dialect]
    #: Statements that open a transaction meant to write, and one that only might.
    begin: ClassVar[str] = "BEGIN"
    #: Whether reading statements should run outside of a transaction until the first write.
    begins_on_write: ClassVar[bool] = False
    #: Whether tables can be created and altered in a transaction.
    transactional_ddl: ClassVar[bool] = True
    #: Whether metric columns hold infinities.
    has_infinity: ClassVar[bool] = True
    #: Whether the driver takes the arrays of `runbase.engines.postgres.arrays`.
    has_arrays: ClassVar[bool] = False
    #: Automatic columns of ``metrics``, and the most bytes (or characters) in their names.
    max_metric_columns: ClassVar[int]
    max_identifier: ClassVar[int]

    #: Whether the database lives in this process's memory, in one connection.
    is_memory: bool = False

    schema: str | None = None

    def __init__(self, config: Config) -> None:
        self.config = config

    @abstractmethod
    def connect(self) -> DBAPIConnection:
        """A new connection in autocommit mode, set up by the rules of docs/architecture.md.

        Raises:
            ConnectionFailedError: there is no such database, or it lets nobody in.
            MissingExtraError: the driver is not installed.
        """

    def dispose(self) -> None:
        """Close connections that are kept for later, if there are any."""
        return

    @abstractmethod
    def describe(self) -> str:
        """The database as a person would name it: a URL without password."""

    def data_dir(self) -> str:
        """The folder with this engine's ``base.sql`` and ``migrations``."""
        return str(Path(__file__).parent / self.name)

    @abstractmethod
    def map_type(self, client: Any, typ: type) -> str:
        """The SQL type in which metrics of the Python type ``typ`` are stored.

        Raises:
            InvalidValueError: values of this type cannot be metrics.
        """

    @abstractmethod
    def has_table(self, execute: Any, name: str) -> bool:
        """Whether the database (or schema) in use has a table called ``name``."""

    def is_empty(self, execute: Any) -> bool:
        """Whether this is a new database that Runbase may set up without being asked to."""
        return False

    @abstractmethod
    def columns(self, execute: Any, table: str) -> dict[str, str]:
        """Declared types by column name, in the table's order."""

    @abstractmethod
    def error(self, error: BaseException) -> RunbaseError | None:
        """What a driver's error means to a person, or None where it should pass as it is."""

    def is_lost(self, connection: Any, error: BaseException) -> bool:
        """Whether ``error`` means that the connection is gone and a new one may work."""
        return False

    def is_busy(self, error: BaseException) -> bool:
        """Whether another writer stood in the way for too short a wait; worth a repetition."""
        return False

    def is_duplicate(self, error: BaseException) -> bool:
        """Whether a unique key refused the row."""
        return False

    def is_orphan(self, error: BaseException) -> bool:
        """Whether a foreign key refused the row."""
        return False

    def is_missing_column(self, error: BaseException) -> bool:
        """Whether a column is gone since its name was read."""
        return False

    def set_durable(self, connection: Any, durable: bool) -> None:
        """Make the following commits survive a power cut, or only a killed process.

        MySQL knows no such choice for one connection: the server's configuration decides.
        """
        return

    def foreign_changes(self, connection: Any) -> int | None:
        """A number that stays the same as long as other connections change nothing.

        None where the database does not tell, and must be asked for what is new.
        """
        return None

    def own_changes(self, connection: Any) -> int:
        """The same for this connection."""
        return 0

    @contextmanager
    def exclusive(self, execute: Any, *, brief: bool = False) -> Iterator[None]:
        """Let one process at a time change tables, in the open transaction.

        With ``brief`` a table that others use for longer than a moment raises an error for
        which `is_busy` holds, instead of making them wait.
        """
        yield

    def quote(self, name: str) -> str:
        """``name`` as an identifier."""
        return '"' + name.replace('"', '""') + '"'

    def identifier(self, name: str) -> str:
        """The nearest to ``name`` that can be an identifier here, unquoted."""
        text = name.replace("\0", "") or "metric"
        return text.encode()[: self.max_identifier].decode(errors="ignore")

    def fold(self, identifier: str) -> str:
        """What two identifiers have in common that cannot both be columns of a table."""
        return identifier.casefold()

    def adapt(self, value: Any) -> Any:
        """A parameter as the driver takes it."""
        if isinstance(value, Jsonb):
            return dumps(value.obj)
        if type(value).__module__ == "numpy" and hasattr(value, "item"):
            return value.item()
        return value

    def now(self) -> Any:
        """The time in UTC, as the driver takes it."""
        return self.adapt(datetime.datetime.now(datetime.UTC))

    def run_once(self, cursor: Any, sql: str, parameters: Any) -> None:
        """Run a statement that is not worth preparing."""
        if parameters is None:
            cursor.execute(sql)
        else:
            cursor.execute(sql, parameters)

    def large_cursor(self, connection: Any) -> Any:
        """A cursor for many rows, with no columns of other types than Runbase's own tables have."""
        return connection.cursor()

    def abandon(self, connection: Any) -> None:
        """Roll back in a signal handler, maybe in the middle of a statement.

        The connection must not be good for anything afterwards. Where closing it would take away
        what its driver is using, this is left to others.
        """
        connection.close()


PLAIN = frozenset({int, float, str, bytes, bool, type(None)})


def utc(dt: datetime.datetime) -> datetime.datetime:
    """``dt`` in UTC; without a time zone it counts as local time, as everywhere in Python."""
    return dt.astimezone(datetime.UTC)
