"""Curves of metrics of several trials, as many points as a screen can show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..db import Database, repeatable
from ..query import Query, translate
from ..store import columns, values
from ..store.columns import Metric
from ..store.curves import SPECIAL
from .columns.table import Floats

#: Of a longer curve the database sends every second point, or fewer.
LONG = 20_000

WITH_METRIC = Query("""
SELECT s.run_id, s.n
  FROM runs AS r
  JOIN run_metrics AS s ON s.run_id = r.id AND s.metric_id = :metric_id
 WHERE r.experiment_id = :experiment_id
""")
_ALL = """
SELECT run_id, step, progress, {column} FROM metrics
 WHERE run_id IN (:ids) AND {column} IS NOT NULL"""
_SOME = """
SELECT run_id, step, progress, cell
  FROM (SELECT run_id, step, progress, {column} AS cell,
               ROW_NUMBER() OVER (PARTITION BY run_id ORDER BY step, progress) AS place,
               COUNT(*) OVER (PARTITION BY run_id) AS n
          FROM metrics
         WHERE run_id IN (:ids) AND {column} IS NOT NULL) AS p
 WHERE place % :every = 1 OR place = n"""
_MORE = "SELECT run_id, step, progress, data FROM metrics_more WHERE run_id IN (:ids)"
_SPECIALS = """
SELECT run_id, step, progress, value FROM metric_specials
 WHERE metric_id = :metric_id AND run_id IN (:ids)"""


class Points(NamedTuple):
    """A curve: NaN where a value is none, or no number."""

    steps: Floats
    values: Floats


def find(db: Database, name: str) -> Metric | None:
    """The metric with this name."""
    return columns.catalogue(db).metrics.get(name) or columns.refresh(db).get(name)


@repeatable
def lengths(db: Database, experiment_id: int, metric: Metric) -> dict[int, int]:
    """The runs of an experiment that have a metric, and how many values."""
    return dict(db.rows(WITH_METRIC, experiment_id=experiment_id, metric_id=metric.id))


def read(db: Database, metric: Metric, lengths: dict[int, int], points: int) -> dict[int, Points]:
    """The curves of runs by run, each with at most ``points`` points.

    Args:
        db: where they are.
        metric: of which.
        lengths: how many values each of the runs has.
        points: how many are enough.
    """
    rows: dict[int, list[tuple[int, float, float]]] = {id: [] for id in lengths}
    for id, step, progress, value in _rows(db, metric, lengths):
        rows[id].append((step, progress, np.nan if value is None else value))
    return {id: decimated(_points(found), points) for id, found in rows.items() if found}


def _points(rows: list[tuple[int, float, float]]) -> Points:
    """Along the steps; along the progress if there is but one step."""
    table = np.array(sorted(rows, key=lambda row: row[:2]), dtype=np.float64)
    has_steps = table[0, 0] != table[-1, 0] or table[0, 1] == table[-1, 1]
    return Points(table[:, 0 if has_steps else 1], table[:, 2])


@repeatable
def _rows(db: Database, metric: Metric, lengths: dict[int, int]) -> list[Any]:
    """The values of runs from wherever they are: column, special values, overflow."""
    short = [id for id, n in lengths.items() if n <= LONG]
    found = _in_column(db, metric, _ALL, short)
    for id in lengths.keys() - set(short):
        found += _in_column(db, metric, _SOME, [id], every=-(-lengths[id] // LONG))
    ids = list(lengths)
    found += [
        (id, step, progress, SPECIAL[text])
        for id, step, progress, text in _fetch(db, _SPECIALS, ids, metric_id=metric.id)
    ]
    found += [
        (id, step, progress, values.number(values.from_json(data[metric.name])))
        for id, step, progress, data in _fetch(db, _MORE, ids)
        if metric.name in data
    ]
    return found


def _in_column(
    db: Database, metric: Metric, sql: str, ids: Sequence[int], **parameters: Any
) -> list[Any]:
    if metric.column is None or metric.kind not in ("number", "integer"):
        return []
    column = db.engine.quote(metric.column)
    return _fetch(db, sql.format(column=column), ids, **parameters)


def _fetch(db: Database, sql: str, ids: Sequence[int], **parameters: Any) -> list[Any]:
    if not ids:
        return []
    text, names = translate(sql, {"ids": list(ids), **parameters}, db.dialect)
    return list(db.run(text, names).fetchall())


def decimated(curve: Points, points: int) -> Points:
    """The first, the last, and of each stretch between them the lowest and the highest point.

    NaN counts as highest, so that a gap stays one.
    """
    n = curve.values.size
    if n <= points:
        return curve
    stretches = (points - 2) // 2
    stretch = np.arange(n) * stretches // n
    order = np.lexsort((curve.values, stretch))
    ends = np.searchsorted(stretch, np.arange(stretches + 1))
    kept = np.unique(np.concatenate([[0, n - 1], order[ends[:-1]], order[ends[1:] - 1]]))
    return Points(curve.steps[kept], curve.values[kept])
