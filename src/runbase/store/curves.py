"""Reading ``metrics``: the curve of one metric of one run, and what is at one point."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from ..db import Database
from ..query import Query
from . import values
from .columns import Metric

SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class Point(NamedTuple):
    """A value at a step and progress."""

    step: int
    progress: float
    value: Any


_point = partial(tuple.__new__, Point)  # twice as fast as calling Point


class AtPoint(NamedTuple):
    """What is stored at one point: the names among those asked for, and where."""

    names: set[str]
    specials: set[str]
    more: dict[str, Any]


MORE_AT = Query(
    "SELECT data FROM metrics_more WHERE run_id = :run_id AND step = :step AND progress = :progress"
)
SPECIALS_AT = Query(
    "SELECT metric_id FROM metric_specials"
    " WHERE run_id = :run_id AND step = :step AND progress = :progress"
)
MORE = Query("SELECT step, progress, data FROM metrics_more WHERE run_id = :run_id")
SPECIALS = Query(
    "SELECT step, progress, value FROM metric_specials"
    " WHERE run_id = :run_id AND metric_id = :metric_id"
)


def read(db: Database, run_id: int, metric: Metric) -> list[Point]:
    """The points of one metric of one run, by step and progress, each value as it was logged."""
    points = _in_column(db, run_id, metric)
    others = _in_more(db, run_id, metric.name) + [
        Point(step, progress, SPECIAL[text])
        for step, progress, text in db.rows(SPECIALS, run_id=run_id, metric_id=metric.id)
    ]
    return sorted(points + others, key=lambda p: p[:2]) if others else points


def _in_column(db: Database, run_id: int, metric: Metric) -> list[Point]:
    if metric.column is None:
        return []
    column = db.engine.quote(metric.column)
    as_text = metric.kind == "json" and db.dialect == "mysql"  # MariaDB's is text, MySQL's is not
    mark = "?"
    if db.dialect != "sqlite":
        column, mark = column.replace("%", "%%"), "%s"
    cell = f"CAST({column} AS CHAR)" if as_text else column
    cursor = db.run(
        f"SELECT step, progress, {cell} FROM metrics"
        f" WHERE run_id = {mark} AND {column} IS NOT NULL ORDER BY step, progress",
        (run_id,),
    )
    points = list(map(_point, cursor.fetchall()))
    if as_text:
        return [p._replace(value=json.loads(p.value)) for p in points]
    if metric.kind == "interval" and db.dialect == "mysql":
        return [p._replace(value=timedelta(seconds=p.value)) for p in points]
    return points


def _in_more(db: Database, run_id: int, name: str) -> list[Point]:
    return [
        Point(step, progress, values.from_json(data[name]))
        for step, progress, data in db.rows(MORE, run_id=run_id)
        if name in data
    ]


def at_point(
    db: Database, metrics: Sequence[Metric], run_id: int, step: int, progress: float
) -> AtPoint:
    """Which of ``metrics`` have a value at a point."""
    place = {"run_id": run_id, "step": step, "progress": progress}
    row = db.row(MORE_AT, **place)
    more = row[0] if row else {}
    ids = {id for (id,) in db.rows(SPECIALS_AT, **place)}
    specials = {m.name for m in metrics if m.id in ids}
    names = {m.name for m in metrics if m.name in more} | specials
    return AtPoint(names | _cells_at(db, metrics, place), specials, more)


def _cells_at(db: Database, metrics: Sequence[Metric], place: dict[str, Any]) -> set[str]:
    with_column = [m for m in metrics if m.column is not None]
    if not with_column:
        return set()
    mark = "?" if db.dialect == "sqlite" else "%s"
    cells = ", ".join(db.engine.quote(m.column or "") + " IS NOT NULL" for m in with_column)
    if db.dialect != "sqlite":
        cells = cells.replace("%", "%%")
    where = f"run_id = {mark} AND step = {mark} AND progress = {mark}"
    row = db.run(
        f"SELECT {cells} FROM metrics WHERE {where}",
        list(place.values()),
    ).fetchone()
    return {m.name for m, there in zip(with_column, row or (), strict=False) if there}
