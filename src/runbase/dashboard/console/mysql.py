"""Queries of others on MySQL and MariaDB: one statement, in a transaction that only reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from ...engines import MySQLEngine
from ..stop import Stop
from . import functions, scan
from .mistake import QueryError, place_of
from .reader import ONLY_READS, Reader, Table
from .result import Column, Kind

STATEMENTS = {"select", "with", "values", "table", "explain", "describe", "desc", "show"}
#: What SHOW may show; others tell of accounts and the server.
SHOWN = re.compile(
    r"(full )?(tables|columns|fields)|index|indexes|keys|create (table|view)|table status"
)
#: Words that nothing but a statement that reads needs to go without.
WORDS = {
    "into",
    "insert",
    "update",
    "delete",
    "lock",
    "procedure",
    "handler",
    "outfile",
    "dumpfile",
}
PHRASES = [("for", "share"), ("next", "value"), ("previous", "value")]
ALLOWED = functions.MYSQL | functions.MYSQL_NO_CALLS
#: Bytes of a row, which the driver reads as a whole.
MOST_OF_ROW = 8_000_000
#: Rights over the whole server with which an account does more than read tables.
RIGHTS = re.compile(r"\b(ALL PRIVILEGES|FILE|SUPER|SHUTDOWN)\b")
TABLES = """
SELECT table_name, table_type = 'VIEW', table_rows
  FROM information_schema.tables
 WHERE table_schema = DATABASE()
 ORDER BY table_name
"""
COLUMNS = """
SELECT table_name, column_name, column_type
  FROM information_schema.columns
 WHERE table_schema = DATABASE()
 ORDER BY table_name, ordinal_position
"""
NUMBERS = {0, 1, 2, 3, 4, 5, 8, 9, 13, 246}  # types of the protocol, DECIMAL to NEWDECIMAL
TIMES = {7, 10, 12}  # TIMESTAMP, DATE, DATETIME
#: Errors of a query that took too long: of MariaDB, of MySQL, and of who was ended.
TOO_LONG, LOST = {1969, 3024, 1317}, {0, 1053, 1927, 2006, 2013, 2055, 4031}
_UNKNOWN = re.compile(r"Unknown column '(?:\w+\.)*(.*?)' in|Table '(?:\w+\.)?(.*)' doesn't exist")
_NEAR = re.compile(r"near '(.*)' at line \d+", re.S)


class MySQLReader(Reader):
    """Connects anew for each query, so that nothing of one is left for the next."""

    engine: MySQLEngine

    def connect(self, stop: Stop) -> Any:
        """A connection in a transaction that only reads, and whose statements end by themselves."""
        connection: Any = self.engine.connect()
        with connection.cursor() as cursor:
            # Quotes and backslashes mean what `scan` takes them for.
            cursor.execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO'")
            if "mariadb" in connection.server_version.lower():
                cursor.execute(f"SET SESSION max_statement_time = {float(self.seconds)}")
            else:
                cursor.execute(f"SET SESSION max_execution_time = {round(self.seconds * 1000)}")
            cursor.execute(f"SET SESSION lock_wait_timeout = {max(1, round(self.seconds))}")
            cursor.execute("START TRANSACTION READ ONLY")
        return connection

    def refusal(self, connection: Any) -> str | None:
        """An account may have rights over the server, which no transaction takes away."""
        with connection.cursor() as cursor:
            cursor.execute("SHOW GRANTS")
            grants = [str(row[0]) for row in cursor.fetchall()]
        for grant in grants:
            if " ON *.* TO " in grant and (right := RIGHTS.search(grant.partition(" ON *.*")[0])):
                name = "all rights" if right[0].startswith("ALL") else f"the right {right[0]}"
                return (
                    f"the database user {self.engine.config.get('user')} has {name} over the "
                    "server, and may do more than read tables"
                )
        return None

    def start(
        self, connection: Any, query: str, limit: int
    ) -> tuple[list[Column], Iterator[Sequence[Any]]]:
        """Look at what the query says and calls, then run it; rows stay at the server."""
        from pymysql.cursors import SSCursor

        found = scan.pieces(query, "mysql")
        _check(found)
        with connection.cursor() as cursor:
            cursor.execute(f"SET SESSION sql_select_limit = {limit + 1}")
        connection.decoders = {}  # text, whatever the type
        connection._read_bytes = _reading_rows(connection._read_bytes)
        cursor = connection.cursor(SSCursor)
        cursor.execute(scan.without_end(query, found))
        if cursor.description is None:
            raise QueryError(ONLY_READS)
        columns = [Column(name, _kind(code)) for name, code, *_ in cursor.description]
        return columns, cursor

    def end(self, connection: Any) -> None:
        """Hang up, and tell the server."""
        self.engine.abandon(connection)

    def close(self, connection: Any) -> None:
        """Close without reading the rows that nobody wants any more."""
        with suppress(Exception):
            if connection._result.unbuffered_active:
                connection._result.unbuffered_active = False
                self.engine.abandon(connection)
        with suppress(Exception):
            connection._force_close()

    def mistake(self, error: Exception, query: str) -> QueryError | None:
        """What the server says, and where."""
        import pymysql

        code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        if not isinstance(error, pymysql.err.Error) or code in LOST:
            return None
        if code in TOO_LONG:
            return QueryError(f"the query took longer than {self.seconds:g} s, and was ended")
        text = str(error.args[-1])
        return QueryError(text, _place(text, query))

    def tables(self, connection: Any) -> Iterator[Table]:
        """Those of the database that this account sees."""
        with connection.cursor() as cursor:
            cursor.execute(TABLES)
            found = cursor.fetchall()
            columns: dict[str, list[tuple[str, str]]] = {name: [] for name, *_ in found}
            cursor.execute(COLUMNS)
            for table, name, kind in cursor.fetchall():
                columns.setdefault(table, []).append((name, kind))
        for name, is_view, rows in found:
            yield Table(name, bool(is_view), None if is_view else rows, columns[name])


def _check(found: list[scan.Piece]) -> None:
    """Refuse what does more than read.

    Raises:
        QueryError: there is something that does, or may.
    """
    if scan.first_word(found) not in STATEMENTS:
        raise QueryError(ONLY_READS, found[0].start if found else None)
    words = [piece.text if piece.kind == "word" else "" for piece in found]
    if words[0] == "show" and not SHOWN.match(" ".join(words[1:3])):
        raise QueryError(
            "SHOW shows tables, columns, indexes and CREATE TABLE here", found[0].start
        )
    for i, (word, after) in enumerate(zip(words, [*words[1:], ""], strict=True)):
        is_call = i + 1 < len(found) and found[i + 1].text == "("
        if (word in WORDS and not (word == "insert" and is_call)) or (word, after) in PHRASES:
            raise QueryError(f"{word.upper()} is not for queries here: they only read",
                             found[i].start)  # fmt: skip
    for i, call in _calls(found):
        if call.name not in ALLOWED and not _is_definition(found, i):
            raise QueryError(
                f"{call.name} is not among the functions that queries may call here", call.start
            )


def _calls(found: list[scan.Piece]) -> Iterator[tuple[int, scan.Call]]:
    places = {piece.start: i for i, piece in enumerate(found)}
    for call in scan.calls(found):
        if not call.is_field:
            yield places[call.start], call._replace(name=call.name.lower())


def _is_definition(found: list[scan.Piece], i: int) -> bool:
    """Whether ``name (...)`` is behind AS, or followed by ``AS (``: it names columns, then."""
    if i and found[i - 1].text == "as":
        return True
    depth = 0
    for j in range(i + 1, len(found)):
        if found[j].kind == "sign":
            depth += {"(": 1, ")": -1}.get(found[j].text, 0)
        if depth == 0:
            return [piece.text for piece in found[j + 1 : j + 3]] == ["as", "("]
    return False


def _reading_rows(read: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """How the driver reads from the server, but nothing that is too long: a packet is a row."""

    def read_some(count: int) -> bytes:
        if count > MOST_OF_ROW:
            raise QueryError(
                f"a row has more than {MOST_OF_ROW:,} bytes: take parts of its values, such as "
                "LEFT(value, 5000)"
            )
        return read(count)

    return read_some


def _kind(code: int) -> Kind:
    if code in NUMBERS:
        return "number"
    return "time" if code in TIMES else "text"


def _place(text: str, query: str) -> int | None:
    if found := _UNKNOWN.match(text):
        return place_of(found[1] or found[2], query)
    if (near := _NEAR.search(text)) is None:
        return None
    place = query.rfind(near[1]) if near[1] else len(query.rstrip())
    return place if place >= 0 else None
