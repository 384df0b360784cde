"""Queries in SQL, which only read, and what there is to query."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from starlette.exceptions import HTTPException

from ..board import Board
from ..console import MOST_ROWS
from ..stop import Stop


class SqlQuery(Struct):
    """A query: one statement that reads."""

    query: str
    #: Rows of the answer, at most.
    limit: Annotated[int, Meta(ge=1, le=MOST_ROWS)] = 1000


class SqlColumn(Struct):
    """A column of a result; columns may share a name."""

    name: str
    kind: Literal["number", "time", "text"]


class SqlResult(Struct):
    """What a query found.

    Of number columns a cell may be text, too: "nan", "inf", "-inf", or a number that is not exact
    in a browser. Long texts are cut, and blobs are hexadecimal.
    """

    columns: list[SqlColumn]
    rows: list[list[Any]]
    seconds: float
    #: What there was too much of, where these are only the first rows.
    truncated: Literal["rows", "bytes"] | None


class SqlTable(Struct):
    """A table or view."""

    name: str
    is_view: bool
    #: About how many rows it has; null for views, and where that is not known.
    rows: int | None
    columns: list[SqlType]


class SqlType(Struct):
    """A column of a table: its name, and the type that the database has for it."""

    name: str
    type: str


class SqlSchema(Struct):
    """What there is to query."""

    dialect: Literal["sqlite", "postgresql", "mysql"]
    tables: list[SqlTable]
    #: Seconds that a query may take.
    seconds: float


def run_query(board: Board, body: SqlQuery, stop: Stop) -> SqlResult:
    """Run a query; it ends when the request is given up, or takes too long.

    Raises:
        QueryError: the query is wrong, refused or was ended; the answer has the ``position``.
        HTTPException: there are no queries here.
    """
    _check_allowed(board)
    begun = time.perf_counter()
    found = board.console.run(body.query, body.limit, stop)
    seconds = time.perf_counter() - begun
    columns = [SqlColumn(name, kind) for name, kind in found.columns]
    return SqlResult(columns, found.rows, seconds, found.truncated)


def get_schema(board: Board, stop: Stop) -> SqlSchema:
    """Tables and views with their columns.

    Raises:
        HTTPException: there are no queries here.
    """
    _check_allowed(board)
    tables = [
        SqlTable(t.name, t.is_view, t.rows, [SqlType(name, kind) for name, kind in t.columns])
        for t in board.console.tables(stop)
    ]
    return SqlSchema(board.console.dialect, tables, board.console.settings.seconds)


def _check_allowed(board: Board) -> None:
    if (reason := board.console.refusal()) is not None:
        raise HTTPException(403, reason)
