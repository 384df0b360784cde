"""The connection to a database, as users hold it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from . import config as configuration
from .buffer import Buffer
from .db import Database
from .engines import Engine, create_engine
from .engines.engine import PLAIN
from .errors import ConfigError
from .migrate import statements
from .query import Parameters, translate
from .session import Result, Transaction
from .store import schema

OPTIONS = ("durability", "flush_interval", "artifacts", "artifacts_endpoint")


class Client:
    """A database of experiments and runs; see `runbase.config.resolve` for ``config``.

    Nothing is connected until it is needed. A client may be shared by threads and survives a
    fork: each thread of each process has a connection of its own. ``with client:`` makes one
    transaction of everything inside, committed at the outermost end and rolled back on an
    exception; nested blocks are savepoints. ::

        client = Client("sqlite:///runs.db")
        client = Client("postgresql://alice@db.example/alice", flush_interval=0.2)

    Args:
        config: a URL, the path of an SQLite file or of a config file, a dict, or None for the
            default config file, the environment and the defaults.
        **kwargs: parameters that override those of ``config``; besides those of the engine
            ``durability`` ("full" syncs every commit to disk, "normal" none; by default those
            that create, start or end something) and ``flush_interval`` (seconds for which
            metrics may be collected before they are written; 0 writes each at once), and
            ``artifacts`` with ``artifacts_endpoint`` (where files are, see docs/artifacts.md).

    Raises:
        ConfigError: the configuration is wrong.
    """

    __module__ = "runbase"

    def __init__(self, config: dict[str, Any] | str | Path | None = None, **kwargs: Any) -> None:
        resolved = configuration.resolve(config, **kwargs)
        self._init(resolved, create_engine({k: v for k, v in resolved.items() if k not in OPTIONS}))

    @classmethod
    def of_engine(cls, engine: Engine, **options: Any) -> Self:
        """A client of an engine, with ``durability`` or ``flush_interval``."""
        client = cls.__new__(cls)
        client._init(engine.config | options, engine)
        return client

    def _init(self, config: dict[str, Any], engine: Engine) -> None:
        self.config, self.engine = config, engine
        self.database = Database(self.engine, self.config.get("durability"))
        interval = _interval(self.config.get("flush_interval") or 0)
        self.buffer = Buffer(self.database, interval) if interval else None
        self._ready = False
        self._preparing = threading.Lock()

    def __repr__(self) -> str:
        return f"Client({self.engine.describe()!r})"

    @property
    def dialect(self) -> str:
        """The language of the database: "sqlite", "postgresql" or "mysql"."""
        return self.engine.dialect

    @property
    def db(self) -> Database:
        """The database, its tables checked (and made, in a new SQLite file).

        Raises:
            SchemaError: the tables are missing, or older or newer than this program.
        """
        if not self._ready:
            with self._preparing:
                if not self._ready:
                    schema.prepare(self.database)
                    self._ready = True
        return self.database

    @property
    def is_ready(self) -> bool:
        """Whether the tables were checked, or need not be."""
        return self._ready

    def skip_check(self) -> None:
        """Use the database as it is, with or without Runbase's tables."""
        self._ready = True

    @property
    def connection(self) -> Any:
        """The driver's own connection of this thread, in autocommit mode outside of blocks."""
        return self.db.session.open()

    def __enter__(self) -> Self:
        self.flush()  # what the block writes must not be overwritten by what came before
        self.db.block().__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.database.block().__exit__(kind, error, tb)

    def commit(self) -> None:
        """Commit what was done in the open blocks so far; they go on in a new transaction.

        Raises:
            RuntimeError: no block is open.
        """
        self._end("COMMIT")

    def rollback(self) -> None:
        """Undo what was done in the open blocks since they began or the last commit.

        Raises:
            RuntimeError: no block is open.
        """
        self._end("ROLLBACK")

    def _end(self, how: str) -> None:
        session = self.database.session
        if not session.in_block:
            raise RuntimeError("not connected: commit and rollback work inside 'with client:'")
        session.end(how)

    def cursor(self) -> Cursor:
        """A cursor; as a context manager it is a block like ``with client:``."""
        return Cursor(self)

    def execute(self, sql: Any, parameters: Parameters = ()) -> Cursor:
        """Run a statement and return a cursor with its result, already fetched.

        Outside of a block it is a transaction of its own. Parameters are written ``%s`` and
        ``%(name)s``, or ``?`` and ``:name``, on every engine; a list in ``IN (:names)`` becomes
        its items. ``sql`` is text or a `runbase.util.SQL`. The driver's errors pass as they are.
        """
        return self.cursor().execute(sql, parameters)

    def executemany(self, sql: Any, seq_of_parameters: Iterable[Parameters]) -> Cursor:
        """Run a statement for each of several sequences (or mappings) of parameters, or none."""
        return self.cursor().executemany(sql, seq_of_parameters)

    def executescript(self, sql_script: str) -> Cursor:
        """Run a script of several statements, all or nothing, and return the last one's cursor.

        On MySQL, where changes of tables cannot be undone, what ran before an error stays.
        """
        cursor = self.cursor()
        with self:
            for statement in statements(sql_script, self.engine.dialect):
                cursor.execute(statement)
        return cursor

    def flush(self) -> None:
        """Write metrics that are still in the buffer.

        Raises:
            RunbaseError: they could not be written.
        """
        if self.buffer is not None:
            self.buffer.flush()

    def close(self) -> None:
        """Write what is buffered and close all connections; the client can be used again."""
        self.flush()
        self.database.close()

    def __getstate__(self) -> dict[str, Any]:
        return self.config

    def __setstate__(self, config: dict[str, Any]) -> None:
        self.__init__(config)  # type: ignore[misc]


class Cursor:
    """A DB-API cursor that takes every parameter style and holds its whole result."""

    arraysize = 1

    def __init__(self, client: Client) -> None:
        self.client = client
        self.description: Sequence[Any] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self._rows: list[Any] = []
        self._next = 0
        self._block: Transaction | None = None

    @property
    def connection(self) -> Client:
        """The client that made this cursor."""
        return self.client

    def __enter__(self) -> Self:
        self.client.flush()
        self._block = self.client.db.block()
        self._block.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if self._block is not None:
            self._block.__exit__(kind, error, tb)

    def execute(self, sql: Any, parameters: Parameters = ()) -> Self:
        """Run a statement; see `Client.execute`."""
        db = self.client.db
        text, translated = translate(_text(sql, self.client), parameters, db.dialect)
        self._keep(db.fetch(text, _adapted(db, translated)))
        return self

    def executemany(self, sql: Any, seq_of_parameters: Iterable[Parameters]) -> Self:
        """Run a statement for each of several parameters; all or nothing."""
        db, count = self.client.db, 0
        with db.transaction():
            for parameters in seq_of_parameters:
                self.execute(sql, parameters)
                count += max(self.rowcount, 0)
        self.rowcount = count
        return self

    def _keep(self, result: Result) -> None:
        self.description, self._rows, self.rowcount, self.lastrowid = result
        self._next = 0

    def fetchone(self) -> Any:
        """The next row, or None."""
        rows = self.fetchmany(1)
        return rows[0] if rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows, ``size`` at most."""
        rows = self._rows[self._next : self._next + (size or self.arraysize)]
        self._next += len(rows)
        return rows

    def fetchall(self) -> list[Any]:
        """The rows that were not fetched yet."""
        return self.fetchmany(len(self._rows) or 1)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fetchall())

    def close(self) -> None:
        """Let go of the result."""
        self._rows = []


def _text(sql: Any, client: Client) -> str:
    return sql if isinstance(sql, str) else str(sql.as_string(client))


def _adapted(db: Database, parameters: Any) -> Any:
    adapt = db.engine.adapt
    if isinstance(parameters, dict):
        return {k: v if type(v) in PLAIN else adapt(v) for k, v in parameters.items()}
    return parameters and [v if type(v) in PLAIN else adapt(v) for v in parameters]


def _interval(value: Any) -> float:
    try:
        interval = float(value)
    except (TypeError, ValueError):
        interval = -1.0
    if not 0 <= interval < float("inf"):
        raise ConfigError(f"flush_interval is a number of seconds, not {value!r}")
    return interval
