"""Queries in SQL by whoever looks at a dashboard: they can read, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal, NamedTuple

from ... import config
from ...engines import Engine, MySQLEngine, PostgresEngine, SQLiteEngine, create_engine
from ...store.values import is_storable
from ..stop import Stop
from .mistake import QueryError
from .mysql import MySQLReader
from .postgres import PostgresReader
from .reader import Reader, Table
from .refusal import Refusal
from .result import MOST_ROWS, Kind, Result, collect
from .sqlite import SQLiteReader

__all__ = ["MOST_ROWS", "Console", "Kind", "QueryError", "Result", "Settings", "Table"]

READERS: dict[type[Engine], type[Reader]] = {
    SQLiteEngine: SQLiteReader,
    PostgresEngine: PostgresReader,
    MySQLEngine: MySQLReader,
}
MOST_OF_QUERY = 100_000  # characters
#: Seconds that a server gets to end a query by itself before the connection is cut.
GRACE = 1.0
ADVICE = (
    "name another one with --sql-url, see 'Read only' in the documentation of databases, or look "
    "at the database with a program of its own"
)


class Settings(NamedTuple):
    """How queries are run.

    Args:
        url: another way to the database, with an account that may only read; by default queries
            go where the pages read from.
        seconds: how long a query may take.
        is_off: whether there are none at all.
    """

    url: str | None = None
    seconds: float = 10.0
    is_off: bool = False


class Console:
    """Runs queries on one database, each on its own."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.settings = settings
        self.is_memory = engine.is_memory and settings.url is None
        # Not the engine itself: its connections may come from a pool.
        self.engine = create_engine(config.resolve(settings.url or engine.config))
        self._reader = _reader_of(self.engine)(self.engine, settings.seconds)
        self._refusal = Refusal(self._ask)

    @property
    def dialect(self) -> Literal["sqlite", "postgresql", "mysql"]:
        """The language of queries."""
        return self.engine.dialect

    def refusal(self, *, wait: bool = True) -> str | None:
        """Why there are no queries here, and what can be done about it; None where there are.

        Args:
            wait: until the database has been asked; otherwise what is known is told at once, and
                None as long as nothing is.
        """
        if self.settings.is_off:
            return "queries are switched off here: start the dashboard without --no-sql"
        if self.is_memory:
            return "a database in memory is seen by its own program only: keep it in a file"
        return self._refusal.found() if wait else self._refusal.known()

    def run(self, query: str, limit: int, stop: Stop) -> Result:
        """Run a query, until ``stop`` is called or the time is over.

        Raises:
            QueryError: the query is refused, or wrong, or was ended.
            DatabaseError: the database cannot be reached.
        """
        _check(query)
        with self._reading(query, stop) as connection:
            columns, rows = self._reader.start(connection, query, limit)
            return collect(columns, rows, limit)

    def tables(self, stop: Stop) -> list[Table]:
        """Tables and views that queries can read.

        Raises:
            QueryError: this took too long.
            DatabaseError: the database cannot be reached.
        """
        with self._reading("", stop) as connection:
            return list(self._reader.tables(connection))

    def _ask(self) -> str | None:
        stop = Stop()
        with self._reading("", stop) as connection:
            found = self._reader.refusal(connection)
        return found and f"{found}: {ADVICE}"

    @contextmanager
    def _reading(self, query: str, stop: Stop) -> Iterator[Any]:
        """A connection that only reads, and is ended when it is time."""
        reader, late = self._reader, f"the query took longer than {self.settings.seconds:g} s"
        grace = 0.0 if self.dialect == "sqlite" else GRACE
        timer = threading.Timer(self.settings.seconds + grace, stop, (f"{late}, and was ended",))
        timer.daemon = True
        try:
            connection = reader.connect(stop)
        except Exception as error:
            raise self.engine.error(error) or error from error
        try:
            timer.start()
            with stop.calling(lambda: reader.end(connection)):
                yield connection
        except Exception as error:
            if stop.why is not None:
                raise QueryError(stop.why) from error
            if (mistake := reader.mistake(error, query)) is not None:
                raise mistake from error
            raise self.engine.error(error) or error from error
        finally:
            timer.cancel()
            with suppress(Exception):
                reader.close(connection)


def _reader_of(engine: Engine) -> type[Reader]:
    return next(reader for kind, reader in READERS.items() if isinstance(engine, kind))


def _check(query: str) -> None:
    if len(query) > MOST_OF_QUERY:
        raise QueryError(f"a query has at most {MOST_OF_QUERY:,} characters")
    if not query.strip():
        raise QueryError("there is no query: write one, such as SELECT * FROM runs")
    if not is_storable(query):
        raise QueryError("a query has no zero byte and no half of a surrogate pair in it")
