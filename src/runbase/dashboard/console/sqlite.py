"""Queries of others on SQLite: a read-only connection with an authoriser."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from ...engines import SQLiteEngine
from ...errors import ConnectionFailedError, CorruptDatabaseError, DiskFullError
from ..stop import Stop
from . import functions, sqlite_linear
from .mistake import QueryError, place_of
from .reader import ONLY_READS, Reader, Table
from .result import MOST_CHARACTERS, Column

#: Bytes of a value. A function that runs cannot be ended, so its arguments must not be too long.
MOST_OF_VALUE = 1_000_000
#: A row is in memory as a whole, so one of many columns has shorter values.
USUAL = {sqlite3.SQLITE_LIMIT_COLUMN: 100, sqlite3.SQLITE_LIMIT_LENGTH: MOST_OF_VALUE}
WIDE = {sqlite3.SQLITE_LIMIT_COLUMN: 2000, sqlite3.SQLITE_LIMIT_LENGTH: 50_000}
LIMITS = {
    **USUAL,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 500_000,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 100,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
#: Steps of SQLite's machine between two looks at whether it should end: a millisecond or so.
STEPS = 20_000
READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
PRAGMAS = {
    "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo",
    "foreign_key_list",
}  # fmt: skip
#: They are made when they are first used, for which the authoriser would have to allow more.
TABLE_FUNCTIONS = ["json_each", "json_tree", *(f"pragma_{name}" for name in sorted(PRAGMAS))]
_NEAR = re.compile(r'near "(.*)": |no such (?:column|table|function|module): (?:\w+\.)?(.*)', re.S)
_NAMES = "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
#: Rows are counted up to this number, and then estimated by the greatest rowid.
COUNTED = 100_000


class SQLiteReader(Reader):
    """Opens the file for reading only, once for each query."""

    engine: SQLiteEngine

    def connect(self, stop: Stop) -> sqlite3.Connection:
        """A connection that reads only, and whose every action is looked at."""
        try:
            connection = sqlite3.connect(
                SQLiteEngine({**self.engine.config, "mode": "ro"}).uri(),
                uri=True,
                timeout=1.0,
                isolation_level=None,
                check_same_thread=False,
                factory=_Connection,
            )
        except sqlite3.Error as error:
            raise ConnectionFailedError(f"{self.engine.path} cannot be read: {error}") from error
        try:
            _configure(connection, stop)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def start(
        self, connection: sqlite3.Connection, query: str, limit: int
    ) -> tuple[list[Column], Iterator[Sequence[Any]]]:
        """Run a query; SQLite itself refuses a second statement."""
        query = query.rstrip("; \t\r\n\f")
        try:
            cursor = connection.execute(query)
        except sqlite3.OperationalError as error:
            if "too many columns" not in str(error):
                raise
            _limit(connection, WIDE)
            cursor = connection.execute(query)
        if cursor.description is None:
            raise QueryError(ONLY_READS)
        return [Column(name) for name, *_ in cursor.description], cursor

    def end(self, connection: sqlite3.Connection) -> None:
        """End what runs; the progress handler ends what begins in this moment."""
        connection.interrupt()

    def mistake(self, error: Exception, query: str) -> QueryError | None:
        """What SQLite says; the place of a word that is there once."""
        if not isinstance(error, sqlite3.Error | sqlite3.Warning):
            return None
        known = self.engine.error(error)
        if isinstance(known, CorruptDatabaseError | DiskFullError | ConnectionFailedError):
            return None
        text = str(error)
        if "not authorized" in text or "prohibited" in text:
            return QueryError(f"{text}: {ONLY_READS}")
        if isinstance(error, sqlite3.Warning) or "one statement" in text:
            return QueryError("one statement at a time: take out what is behind the semicolon")
        if text in ("string or blob too big", "user-defined function raised exception"):
            return QueryError(
                f"a value or a sorted row has more than {MOST_OF_VALUE:,} bytes, or, in a query of "
                f"more than {USUAL[sqlite3.SQLITE_LIMIT_COLUMN]} columns, "
                f"{WIDE[sqlite3.SQLITE_LIMIT_LENGTH]:,}: take a part of it"
            )
        return QueryError(text, _place(text, query))

    def tables(self, connection: sqlite3.Connection) -> Iterator[Table]:
        """All of the file, but SQLite's own."""
        for name, kind in connection.execute(_NAMES).fetchall():
            if not name.startswith("sqlite_"):
                yield Table(name, kind == "view", self._rows(connection, name, kind),
                            _columns(connection, name))  # fmt: skip

    def _rows(self, connection: sqlite3.Connection, name: str, kind: str) -> int | None:
        if kind == "view":
            return None
        table = self.engine.quote(name)
        count = f"SELECT COUNT(*) FROM (SELECT 1 FROM {table} LIMIT {COUNTED})"
        try:
            found = int(connection.execute(count).fetchone()[0])
            if found < COUNTED:
                return found
            return int(connection.execute(f"SELECT MAX(_rowid_) FROM {table}").fetchone()[0])
        except sqlite3.Error:  # a virtual table that cannot be read, or one without rowids
            return None


class _Connection(sqlite3.Connection):
    """A connection with another one, in which SQLite's own functions are."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plain = sqlite3.connect(":memory:", check_same_thread=False)

    def close(self) -> None:
        """Close both."""
        self.plain.close()
        super().close()


def _configure(connection: _Connection, stop: Stop) -> None:
    connection.text_factory = _text
    connection.execute("PRAGMA query_only = ON")
    for name in TABLE_FUNCTIONS:
        connection.execute(f"SELECT 1 FROM {name}('main') LIMIT 0")
    _limit(connection, LIMITS)
    sqlite_linear.register(connection, connection.plain, stop, MOST_OF_VALUE)
    connection.set_authorizer(_authorise)
    connection.set_progress_handler(lambda: int(stop.why is not None), STEPS)


def _limit(connection: sqlite3.Connection, limits: dict[int, int]) -> None:
    for limit, value in limits.items():
        connection.setlimit(limit, value)


def _text(raw: bytes) -> str:
    """A text without what is cut anyway, so that a row with many long ones is not large."""
    return raw[: 4 * MOST_CHARACTERS + 4].decode(errors="replace")


def _authorise(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    is_allowed = (
        action in READS
        or (action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in functions.SQLITE)
        or (action == sqlite3.SQLITE_PRAGMA and (first or "").lower() in PRAGMAS)
    )
    return sqlite3.SQLITE_OK if is_allowed else sqlite3.SQLITE_DENY


def _columns(connection: sqlite3.Connection, table: str) -> list[tuple[str, str]]:
    try:
        rows = connection.execute(
            "SELECT name, type FROM pragma_table_info(?)", (table,)
        ).fetchall()
    except sqlite3.Error:  # a view of what is gone
        return []
    return [(name, kind) for name, kind in rows]


def _place(text: str, query: str) -> int | None:
    if (found := _NEAR.match(text)) is None:
        return len(query) if text == "incomplete input" else None
    return place_of(found[1] or found[2], query)
