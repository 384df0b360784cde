"""Runs that a filter lets through, as a pandas data frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from . import search
from .client import Client
from .errors import InvalidValueError, NotFoundError, require
from .experiment import Experiment
from .query import Query
from .search import Column
from .store import experiments

if TYPE_CHECKING:
    from pandas import DataFrame, Series

#: What is shown of each metric, unless columns are asked for.
PARTS = ("best", "last")
# A study may be called like a tracked experiment, which comes first.
FIND = Query("""
SELECT id FROM experiments WHERE name = :name
 ORDER BY CASE WHEN kind = 'tracking' THEN 0 ELSE 1 END, id
""")


def runs(
    client: Client,
    filter: str = "",
    experiment: Experiment | str | int | None = None,
    columns: Iterable[str] | None = None,
    sort: str = "id",
    descending: bool | None = None,
    limit: int | None = None,
) -> DataFrame:
    """The runs that a filter lets through, as a data frame with a row for each. ::

        good = runbase.runs(client, "val_acc > 0.9 and not tag:old", "digits", sort="best:val_acc")

    Runs without a value to sort by come last, whichever the direction. Numbers are floats or
    ints, durations seconds, times UTC, tags lists, and other JSON what it is in Python; what a run
    has not is NaN, NaT or None.

    Args:
        client: the database.
        filter: in the language of docs/filters.md; empty for all runs.
        experiment: the runs of this one alone: itself, its name, or its id.
        columns: such as "id", "status", "args.lr", "best:val_acc", "env.HOST"; None for what there
            is of runs, arguments, attributes, and the best and last value of each metric.
        sort: the column to sort by.
        descending: the greatest first; None for the best first where the sort is by a metric, which
            is the least if its name says that less is better, and for the greatest otherwise.
        limit: how many rows at most.

    Raises:
        InvalidValueError: there is no such column, or the limit is negative; `FilterError`, if the
            filter has a mistake, says where.
        NotFoundError: there is no such experiment.
        MissingExtraError: pandas is not installed.
    """
    pandas = require("pandas", "analysis")
    if limit is not None and limit < 0:
        raise InvalidValueError(f"limit is a number of rows, or None for all of them, not {limit}")
    db, id = client.db, _id(client, experiment)
    if descending is None:
        descending = _is_greatest_first(sort)
    ids = search.ids(db, id, filter, sort, descending)[:limit]
    known = {column.key: column for column in search.catalogue(db, id).columns}
    shown = list(known.values()) if columns is None else [_column(known, key) for key in columns]
    if columns is None:
        shown = [column for column in shown if _is_usual(column)]
    cells = search.cells(db, ids, [column.key for column in shown])
    series = {column.key: _series(column, cells[column.key]) for column in shown}
    frame: DataFrame = pandas.DataFrame(series, columns=[column.key for column in shown])
    return frame


def _id(client: Client, experiment: Experiment | str | int | None) -> int | None:
    if isinstance(experiment, Experiment):
        return experiment.id
    if isinstance(experiment, int):
        experiments.get_name(client.db, experiment)
    if not isinstance(experiment, str):
        return experiment
    row = client.db.row(FIND, name=experiment)
    if row is None:
        raise NotFoundError(f"there is no experiment {experiment!r}: 'runbase ls' lists them")
    return int(row[0])


def _is_greatest_first(sort: str) -> bool:
    name = search.name_of(sort)
    return name.scope != "metric" or not search.is_lower_better(name.key)


def _column(known: dict[str, Column], key: str) -> Column:
    search.name_of(key)
    return known.get(key) or Column(key, key, "", "")


def _is_usual(column: Column) -> bool:
    if column.group == "metrics":
        return column.key.partition(":")[0] in PARTS
    return column.group in ("run", "args", "attrs")


def _series(column: Column, values: Sequence[Any]) -> Series[Any]:
    pandas = require("pandas", "analysis")
    if column.kind == "time":
        times = pandas.to_datetime(pandas.Series(values, dtype=object), utc=True)
        found: Series[Any] = times.dt.as_unit("us")
        return found
    is_number = column.kind in ("number", "duration")
    if is_number and any(value is not None for value in values):
        return pandas.Series(values)  # type: ignore[no-any-return]
    return pandas.Series(values, dtype=float if is_number else object)  # type: ignore[no-any-return]
