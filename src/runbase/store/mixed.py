"""Writing points of any values over what may be there: the long way, one point at a time.

Numbers go to their columns, what does not fit there to ``metrics_more``, NaN (and infinities
where the engine has none) to ``metric_specials``. The point always has its row in ``metrics``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..db import Database
from ..engines.json import dumps
from ..query import Query
from . import curves, summaries, values
from .columns import Metric
from .points import Point

PUT_MORE = Query(
    "INSERT INTO metrics_more (run_id, step, progress, data)"
    " VALUES (:run_id, :step, :progress, :data)"
    " ON CONFLICT (run_id, step, progress) DO UPDATE SET data = excluded.data",
    mysql="INSERT INTO metrics_more (run_id, step, progress, data)"
    " VALUES (:run_id, :step, :progress, :data) ON DUPLICATE KEY UPDATE data = VALUES(data)",
)
DELETE_MORE = Query(
    "DELETE FROM metrics_more WHERE run_id = :run_id AND step = :step AND progress = :progress"
)
PUT_SPECIAL = Query(
    "INSERT INTO metric_specials (run_id, metric_id, step, progress, value)"
    " VALUES (:run_id, :metric_id, :step, :progress, :value)"
)
DELETE_SPECIAL = Query(
    "DELETE FROM metric_specials WHERE run_id = :run_id AND metric_id = :metric_id"
    " AND step = :step AND progress = :progress"
)


def write(db: Database, points: Iterable[Point], metrics: dict[str, Metric]) -> None:
    """Write points in the open transaction, with their part of ``run_metrics``.

    A metric of which a value was replaced is summed up again once, after all points: a worker
    that resumes writes thousands of them again.
    """
    replaced: set[tuple[int, str]] = set()
    for point in points:
        names = _write_one(db, point, metrics)
        replaced |= {(point.run_id, name) for name in names}
    for run_id, name in sorted(replaced):
        _sum_up(db, run_id, metrics[name])


def _write_one(db: Database, point: Point, metrics: dict[str, Metric]) -> set[str]:
    """Write one point, merge what is new in it, and return the names that had a value."""
    place: dict[str, Any] = {"run_id": point.run_id, "step": point.step, "progress": point.progress}
    there = curves.at_point(db, [metrics[n] for n in point.metrics], **place)
    cells, more, specials = _split(db, point, metrics)
    _put_cells(db, place, cells)
    _put_more(db, place, there.more, more, set(point.metrics))
    for name in there.specials:
        db.execute(DELETE_SPECIAL, metric_id=metrics[name].id, **place)
    for name, text in specials.items():
        db.execute(PUT_SPECIAL, metric_id=metrics[name].id, value=text, **place)
    _merge(db, point, metrics, point.metrics.keys() - there.names)
    return there.names


def clear(db: Database, run_id: int, step: int, metric: Metric) -> None:
    """Take away the value of a metric at a step, in the open transaction."""
    place = {"run_id": run_id, "step": step, "progress": 0.0}
    there = curves.at_point(db, [metric], run_id=run_id, step=step, progress=0.0)
    if metric.column is not None:
        _put_cells(db, place, {metric.column: None})
    _put_more(db, place, there.more, {}, {metric.name})
    db.execute(DELETE_SPECIAL, metric_id=metric.id, **place)
    _sum_up(db, run_id, metric)


def _split(
    db: Database, point: Point, metrics: dict[str, Metric]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    """Where each value goes: columns (None clears one), ``metrics_more``, ``metric_specials``."""
    cells: dict[str, Any] = {}
    more: dict[str, Any] = {}
    specials: dict[str, str] = {}
    for name, value in point.metrics.items():
        metric = metrics[name]
        in_column = metric.column is not None and values.fits(metric.kind, value)
        if values.is_special(value) and not (
            in_column and metric.kind == "number" and value == value and db.engine.has_infinity
        ):
            specials[name] = values.special_text(value)
            in_column = False
        elif not in_column:
            more[name] = values.to_json(value)
        if metric.column is not None:
            cells[metric.column] = values.stored(metric.kind, value) if in_column else None
    return cells, more, specials


def _put_cells(db: Database, place: dict[str, Any], cells: dict[str, Any]) -> None:
    engine = db.engine
    mark = "?" if db.dialect == "sqlite" else "%s"
    quoted = [engine.quote(c) for c in cells]
    if db.dialect != "sqlite":
        quoted = [q.replace("%", "%%") for q in quoted]
    names = ", ".join(["run_id", "step", "progress", *quoted])
    marks = ", ".join([mark] * (3 + len(cells)))
    sql = f"INSERT INTO metrics ({names}) VALUES ({marks}) "
    if db.dialect == "mysql":
        sets = ", ".join(f"{q} = VALUES({q})" for q in quoted or ["run_id"])
        sql += f"ON DUPLICATE KEY UPDATE {sets}"
    else:
        sets = ", ".join(f"{q} = excluded.{q}" for q in quoted or ["run_id"])
        sql += f"ON CONFLICT (run_id, step, progress) DO UPDATE SET {sets}"
    db.session.run(sql, [*place.values(), *map(engine.adapt, cells.values())])


def _put_more(
    db: Database, place: dict[str, Any], old: dict[str, Any], new: dict[str, Any], names: set[str]
) -> None:
    data = {k: v for k, v in old.items() if k not in names} | new
    if data and data != old:
        db.execute(PUT_MORE, data=dumps(data), **place)
    elif old and not data:
        db.execute(DELETE_MORE, **place)


def _merge(db: Database, point: Point, metrics: dict[str, Metric], new: set[str]) -> None:
    records = []
    for name in sorted(new):
        single = [(point.step, point.progress, values.number(point.metrics[name]))]
        records.append(summaries.of_points(db, point.run_id, metrics[name].id, single))
    summaries.merge(db, [record for record in records if record is not None])


def _sum_up(db: Database, run_id: int, metric: Metric) -> None:
    curve = curves.read(db, run_id, metric)
    numbers = [(p.step, p.progress, values.number(p.value)) for p in curve]
    record = summaries.of_points(db, run_id, metric.id, numbers)
    summaries.replace(db, run_id, metric.id, record)
