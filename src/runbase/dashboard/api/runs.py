"""Runs of any kind as a table: its columns, rows, groups and points for charts.

Columns have the names that the filter language knows: ``id``, ``number``, ``name``,
``experiment``, ``kind``, ``status``, ``created``, ``started``, ``updated``, ``finished``,
``duration`` (seconds), ``tags``, ``comment``, ``value`` and ``value:1`` (objectives),
``args.NAME``, ``env.NAME``, ``extras.NAME``, ``attrs.NAME``, and of each metric ``best:NAME``,
``last:NAME``, ``min:NAME``, ``max:NAME``, ``mean:NAME``, ``n:NAME`` (values logged) and
``at:NAME`` (the step of the best). See `runbase.search`.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from ..board import Board
from ..server.endpoint import Stream
from .types import Column, Number

Group = Literal["run", "args", "metrics", "attrs", "env", "extras"]
Kind = Literal["number", "text", "time", "duration", "status", "tags", "document"]


class RunColumn(Struct):
    """A column that a table of runs can have."""

    key: str
    label: str
    group: Group
    kind: Kind
    #: Of a metric: whether its least value is its best.
    lower_is_better: bool = False


class TagCount(Struct):
    """A tag, and how many runs have it."""

    name: str
    count: int


class RunCatalogue(Struct):
    """What there is to show of the runs of an experiment, or of all."""

    #: The name and kind of the experiment; None for the runs of all.
    experiment: str | None
    kind: str | None
    total: int
    #: Whether columns, metrics, tags and statuses are those of all runs, or of the newest only.
    is_complete: bool
    columns: list[RunColumn]
    #: Those that are shown unless somebody chose others.
    shown: list[str]
    #: Names of the metrics: those of validation first, and those that most runs have.
    metrics: list[str]
    tags: list[TagCount]
    statuses: list[str]


class RunPage(Struct):
    """A part of a table of runs, by columns."""

    #: How many runs the filter lets through.
    total: int
    #: The place of the first row in the sorted table.
    offset: int
    ids: list[int]
    #: One value for each of ``ids``; times in milliseconds since 1970, tags and documents as JSON.
    columns: dict[str, list[Any]]


class RunGroup(Struct):
    """Runs that have the same value in a column."""

    value: Any
    #: The filter that lets through just these, of those that the table's filter lets through.
    filter: str
    count: int
    #: Mean, least and greatest of each number column that was asked for; null where there is none.
    means: dict[str, Number | None]
    lows: dict[str, Number | None]
    highs: dict[str, Number | None]


class RunGroups(Struct):
    """Runs grouped by a column, the largest group first."""

    total: int
    groups: list[RunGroup]
    #: Groups that were left out, because there are too many.
    left_out: int


class RunPoints(Struct):
    """Columns of runs for charts: the same runs in each, newest last."""

    total: int
    #: Whether some of them were left out.
    sampled: bool
    ids: list[int]
    columns: dict[str, Column]


def get_catalogue(
    board: Board, experiment: int | None = None, complete: bool = True
) -> RunCatalogue:
    """What there is to show of the runs of an experiment, or of all.

    Args:
        board: what is served.
        experiment: the id of the experiment; None for the runs of all.
        complete: also what only older runs have, for which all runs are read once; a page draws
            its first rows before that.

    Raises:
        NotFoundError: there is no such experiment.
    """
    from .. import run_table

    return run_table.catalogue(board, experiment, complete)


def get_runs(
    board: Board,
    columns: list[str],
    experiment: int | None = None,
    filter: str = "",
    sort: str = "id",
    descending: bool = True,
    offset: int = 0,
    limit: int = 100,
) -> RunPage:
    """Rows of a table of runs: those without a value to sort by come last either way.

    Args:
        board: what is served.
        columns: their names, at most 500.
        experiment: the id of the experiment; None for the runs of all.
        filter: only runs that it lets through.
        sort: the name of a column.
        descending: the greatest first.
        offset: how many runs to leave out.
        limit: how many runs at most, 1 to 1,000.

    Raises:
        NotFoundError: there is no such experiment.
        InvalidValueError: a column or the filter is wrong.
    """
    from .. import run_table
    from ..orders import Order

    order = Order(experiment, filter, sort, descending)
    return run_table.page(board, order, columns, offset, limit)


def get_groups(
    board: Board,
    by: str,
    columns: list[str] | None = None,
    experiment: int | None = None,
    filter: str = "",
    limit: int = 200,
) -> RunGroups:
    """Runs grouped by a column, with the means of number columns.

    Raises:
        NotFoundError: there is no such experiment.
        InvalidValueError: a column, the limit (1 to 1,000) or the filter is wrong.
    """
    from .. import run_table

    return run_table.groups(board, experiment, filter, by, columns or [], limit)


def get_points(
    board: Board,
    columns: list[str],
    experiment: int | None = None,
    filter: str = "",
    limit: int = 5000,
    runs: list[int] | None = None,
) -> RunPoints:
    """Columns of runs as numbers, or as places among labels, for charts.

    Args:
        board: what is served.
        columns: their names, at most 500.
        experiment: the id of the experiment; None for the runs of all.
        filter: only runs that it lets through.
        limit: how many runs at most, 1 to 20,000; of more, some are taken at even distances.
        runs: only those with these ids.

    Raises:
        NotFoundError: there is no such experiment.
        InvalidValueError: a column or the filter is wrong.
    """
    from .. import run_table

    return run_table.points(board, experiment, filter, columns, limit, runs)


def get_export(
    board: Board,
    columns: list[str],
    experiment: int | None = None,
    filter: str = "",
    sort: str = "id",
    descending: bool = True,
    runs: list[int] | None = None,
    format: Literal["csv", "json", "parquet"] = "csv",
) -> Stream:
    """A file of all runs that the filter lets through, in the order of the table.

    Raises:
        NotFoundError: there is no such experiment.
        InvalidValueError: a column or the filter is wrong.
        MissingExtraError: Parquet needs pyarrow.
    """
    from .. import run_export
    from ..orders import Order

    order = Order(experiment, filter, sort, descending)
    return run_export.stream(board, order, columns, runs, format)
