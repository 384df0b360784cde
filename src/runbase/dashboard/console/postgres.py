"""Queries of others on PostgreSQL: one statement, in a transaction that only reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...engines import PostgresEngine
from ..stop import Stop
from . import scan
from .mistake import QueryError
from .reader import ONLY_READS, Reader, Table
from .result import MOST_CHARACTERS, Column, Kind

STATEMENTS = {"select", "with", "values", "table"}
#: Answered as they are: their results are short.
ABOUT = {"explain", "show"}
#: Functions that are volatile, as those that do something are, and yet only answer.
HARMLESS = {
    "clock_timestamp", "gen_random_uuid", "pg_database_size", "pg_indexes_size",
    "pg_relation_size", "pg_table_size", "pg_total_relation_size", "random", "random_normal",
    "setseed", "timeofday", "uuidv4", "uuidv7",
}  # fmt: skip
VOLATILE = "SELECT DISTINCT proname FROM pg_catalog.pg_proc WHERE provolatile = 'v'"
#: Roles whose members read or write files of the server, or run programs there.
ROLES = """
SELECT rolname FROM pg_catalog.pg_roles
 WHERE (rolsuper AND rolname IN (current_user, session_user))
    OR (rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')
        AND pg_catalog.pg_has_role(current_user, oid, 'MEMBER'))
 ORDER BY rolsuper DESC, rolname
"""
TABLES = """
SELECT c.oid, c.relname, c.relkind IN ('v', 'm'), c.reltuples
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname = ANY (current_schemas(false)) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
 ORDER BY c.relname
"""
COLUMNS = """
SELECT attrelid, attname, pg_catalog.format_type(atttypid, atttypmod)
  FROM pg_catalog.pg_attribute
 WHERE attrelid = ANY (%s) AND attnum > 0 AND NOT attisdropped
 ORDER BY attrelid, attnum
"""
NUMBERS = {20, 21, 23, 26, 700, 701, 1700}  # int8, int2, int4, oid, float4, float8, numeric
TIMES = {1082, 1114, 1184}  # date, timestamp, timestamptz
CANCELED, LOST = "57014", "080"


class PostgresReader(Reader):
    """Connects anew for each query, so that nothing of one is left for the next."""

    engine: PostgresEngine

    def connect(self, stop: Stop) -> Any:
        """A connection in a transaction that only reads, and that ends by itself."""
        connection = self.engine.connect()
        milliseconds = round(self.seconds * 1000)
        connection.execute(
            "SET default_transaction_read_only = on; SET standard_conforming_strings = on;"
            f"SET statement_timeout = {milliseconds}; SET lock_timeout = {milliseconds};"
            f"SET idle_in_transaction_session_timeout = {milliseconds + 60_000};"
            "BEGIN TRANSACTION READ ONLY"
        )
        return connection

    def refusal(self, connection: Any) -> str | None:
        """A superuser, and some other roles, reach the files of the server."""
        if not (roles := [name for (name,) in connection.execute(ROLES).fetchall()]):
            return None
        user = connection.info.user
        what = "is a superuser" if roles[0][:3] != "pg_" else f"is a member of {roles[0]}"
        return f"the database user {user} {what}, and may do more than read tables"

    def start(
        self, connection: Any, query: str, limit: int
    ) -> tuple[list[Column], Iterator[Sequence[Any]]]:
        """Look at what the query calls, let the server parse it, and run it as a subquery."""
        found = scan.pieces(query, "postgresql")
        word = scan.first_word(found)
        if word not in STATEMENTS | ABOUT:
            raise QueryError(ONLY_READS, found[0].start if found else None)
        self._check_calls(connection, found)
        query = scan.without_end(query, found)
        if not (columns := _described(connection, query)):
            raise QueryError("the query has no columns: name some")
        if word in ABOUT:
            return columns, self._rows(connection, "", query, "")
        return columns, self._rows(connection, *_around(len(columns), query, limit))

    def _rows(
        self, connection: Any, before: str, query: str, after: str
    ) -> Iterator[Sequence[Any]]:
        import psycopg

        try:
            yield from connection.cursor().stream(before + query + after)
        except psycopg.Error as error:
            raise self.mistake(error, query, len(before)) or error from error

    def _check_calls(self, connection: Any, found: list[scan.Piece]) -> None:
        volatile = {name for (name,) in connection.execute(VOLATILE).fetchall()} - HARMLESS
        for call in scan.calls(found):
            if call.name in volatile:
                raise QueryError(
                    f"{call.name} is not for queries here: it may do more than answer", call.start
                )

    def end(self, connection: Any) -> None:
        """Cancel the query, and hang up."""
        self.engine.abandon(connection)

    def mistake(self, error: Exception, query: str, before: int = 0) -> QueryError | None:
        """What the server says, and where."""
        import psycopg

        if not isinstance(error, psycopg.Error) or (error.sqlstate or LOST)[:3] in (LOST, "57P"):
            return None
        diag = error.diag
        if error.sqlstate == CANCELED:
            return QueryError(f"the query took longer than {self.seconds:g} s, and was ended")
        text = ". ".join(filter(None, (diag.message_primary, diag.message_hint))) or str(error)
        position = int(diag.statement_position or 0) - 1 - before
        return QueryError(text.strip(), position if 0 <= position <= len(query) else None)

    def tables(self, connection: Any) -> Iterator[Table]:
        """Those of the search path that this user may read."""
        found = connection.execute(TABLES).fetchall()
        columns: dict[int, list[tuple[str, str]]] = {oid: [] for oid, *_ in found}
        for oid, name, kind in connection.execute(COLUMNS, ([*columns],)).fetchall():
            columns[oid].append((name, kind))
        for oid, name, is_view, rows in found:
            known = None if is_view or rows < 0 else round(rows)
            yield Table(name, is_view, known, columns[oid])


def _described(connection: Any, query: str) -> list[Column]:
    """The columns that the query will have; the server takes one statement only.

    Raises:
        psycopg.Error: there is a mistake in it.
    """
    from psycopg.errors import error_from_result
    from psycopg.pq import ExecStatus

    pgconn = connection.pgconn
    for result in (pgconn.prepare(b"", query.encode()), pgconn.describe_prepared(b"")):
        if result.status != ExecStatus.COMMAND_OK:
            raise error_from_result(result)
    names = [(result.fname(i) or b"").decode(errors="replace") for i in range(result.nfields)]
    return [Column(name, _kind(result.ftype(i))) for i, name in enumerate(names)]


def _kind(oid: int) -> Kind:
    if oid in NUMBERS:
        return "number"
    return "time" if oid in TIMES else "text"


def _around(columns: int, query: str, limit: int) -> tuple[str, str, str]:
    """The query as a subquery whose values are cut, and that ends after so many rows."""
    names = [f"c{i}" for i in range(columns)]
    cells = ", ".join(f"left({name}::text, {MOST_CHARACTERS + 1})" for name in names)
    before = f"SELECT {cells} FROM ("
    return before, query, f"\n) AS q ({', '.join(names)}) LIMIT {limit + 1}"
