"""Writing ``metrics``: one row for each point in time, one short transaction for each call.

The usual call (finite numbers, metrics that have columns, a new point) takes a prepared plan of
two statements. Whatever else comes takes the long way, `write`, which also serves batches.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ..db import Database, repeatable
from ..engines.json import Jsonb
from ..errors import ConnectionLostError, InvalidValueError
from ..query import Query, pyformat
from . import columns, curves, summaries, values
from .columns import Metric, Plan
from .runs import missing

#: Seconds for which ``runs.time_updated`` may lag behind while a run logs at full speed: writing
#: it each time would cost as much as the metrics themselves.
TOUCH_INTERVAL = 0.25


class Point(NamedTuple):
    """What was measured at one point in time of one run."""

    run_id: int
    step: int
    progress: float
    metrics: Mapping[str, Any]


TOUCH = Query("UPDATE runs SET time_updated = :time WHERE id = :id")


def add(
    db: Database,
    run_id: int,
    metrics: Mapping[str, Any],
    step: int = 0,
    progress: float = 0.0,
    updated: datetime | None | str = "auto",
) -> None:
    """Write the metrics of one point; what the point has already is overwritten name by name.

    The call returns when everything is committed, ``run_metrics`` included. ``updated`` is a
    time for ``runs.time_updated``, "auto" for now, or None to leave it.

    Raises:
        InvalidValueError: a name, value, step or progress cannot be stored; nothing is written.
        NotFoundError: no run has this id.
    """
    plan = columns.catalogue(db).plans.get(tuple(metrics))
    numbers = plain_numbers(metrics.values())
    if plan is None or numbers is None or not is_plain_place(step, progress):
        point = check(run_id, metrics, step, progress)
        write(db, [point])
        _touch(db, run_id, updated)
        _make_plan(db, point)
        return
    touched = _time_to_touch(db, run_id, updated)
    if not _add_planned(db, plan, (run_id, step, progress, *numbers), touched):
        write(db, [Point(run_id, step, progress, dict(zip(metrics, numbers, strict=True)))])
        _touch(db, run_id, touched)


def is_plain_place(step: Any, progress: Any) -> bool:
    """Whether ``step`` and ``progress`` are what `check` would make of them."""
    return type(step) is int and type(progress) is float and progress - progress == 0.0


def plain_numbers(numbers: Iterable[Any]) -> Iterable[float] | None:
    """The values as finite floats, which is what a plan writes; None if one is anything else."""
    for number in numbers:
        if type(number) is not float or number - number != 0.0:
            return _as_floats(numbers)
    return numbers


def _as_floats(numbers: Iterable[Any]) -> list[float] | None:
    found = []
    for number in numbers:
        if type(number) not in (float, int):
            try:
                number = values.normalise("", number)
            except InvalidValueError:
                return None
        if not values.fits("number", number) or values.is_special(number):
            return None
        found.append(float(number))
    return found


def check(run_id: int, metrics: Mapping[str, Any], step: Any, progress: Any) -> Point:
    """A point that can be written.

    Raises:
        InvalidValueError: it cannot; the message says which part and why.
    """
    step, progress = values.check_point(step, progress)
    values.check_names(metrics)
    normal = {name: values.normalise(name, value) for name, value in metrics.items()}
    return Point(run_id, step, progress, {name: v for name, v in normal.items() if v is not None})


def _make_plan(db: Database, point: Point) -> None:
    """Prepare the statements for these names, if all of them are numbers with a column."""
    known = columns.catalogue(db)
    names = tuple(point.metrics)
    found = [known.metrics[name] for name in names if name in known.metrics]
    if names and len(found) == len(names) and all(m.column and m.kind == "number" for m in found):
        known.plans[names] = _plan(db, found)


def _plan(db: Database, metrics: list[Metric]) -> Plan:
    engine, marks = db.engine, [f":v{i}" for i in range(len(metrics))]
    names = ", ".join(
        ["run_id", "step", "progress", *(engine.quote(m.column or "") for m in metrics)]
    )
    insert = f"INSERT INTO metrics ({names}) VALUES (:run_id, :step, :progress, {', '.join(marks)})"
    ids = [m.id for m in metrics]
    if db.dialect == "postgresql":
        return _postgres_plan(insert, ids)
    summary = summaries.single_point(ids, marks, db.dialect)
    if db.dialect == "mysql":
        return Plan(pyformat(insert), pyformat(summary), TOUCH.text["mysql"])
    # Numbered parameters: both statements take the same tuple.
    places = {f":{n}": f"?{i}" for i, n in enumerate(("run_id", "step", "progress"), 1)}
    places |= {mark: f"?{i}" for i, mark in enumerate(marks, 4)}
    insert = f"INSERT INTO metrics ({names}) VALUES ({', '.join(places.values())})"
    for mark, place in sorted(places.items(), reverse=True):
        summary = summary.replace(mark, place)
    return Plan(
        f"{insert} ON CONFLICT DO NOTHING",
        summary,
        "UPDATE runs SET time_updated = ? WHERE id = ?",
    )


def _postgres_plan(insert: str, ids: list[int]) -> Plan:
    """One statement, one round trip: nothing is summed up where the point exists already."""
    rows = ", ".join(f"({id}, CAST(:v{i} AS DOUBLE PRECISION))" for i, id in enumerate(ids))
    body = f"""
INSERT INTO run_metrics ({", ".join(summaries.FIELDS)})
SELECT p.run_id, v.id, 1, 0, p.step, p.step, p.progress, v.x, v.x, p.step, v.x, p.step, v.x
  FROM point AS p, (VALUES {rows}) AS v (id, x)
 ORDER BY v.id
{summaries.MERGING["postgresql"]}"""
    point = f"point AS ({insert} ON CONFLICT DO NOTHING RETURNING run_id, step, progress)"
    touched = "touched AS (UPDATE runs SET time_updated = :time WHERE id = :run_id)"
    return Plan(
        insert=pyformat(f"WITH {point} {body}"),
        summary="",
        touch=pyformat(f"WITH {point}, {touched} {body}"),
    )


def _add_planned(
    db: Database, plan: Plan, parameters: tuple[Any, ...], touched: datetime | None
) -> bool:
    """Write a new point; False (and nothing written) if the point exists already."""
    write_planned = {
        "sqlite": _add_sqlite, "postgresql": _add_postgres, "mysql": _add_mysql
    }[db.dialect]  # fmt: skip
    try:
        return write_planned(db, plan, parameters, touched)
    except Exception as error:
        if db.engine.is_orphan(error):
            raise missing(parameters[0]) from error
        if db.session.in_block:
            raise
        if isinstance(error, ConnectionLostError) or db.engine.is_busy(error):
            return False  # the long way repeats itself, and finds what was written
        if db.engine.is_missing_column(error):
            columns.refresh(db)
            return False
        raise


def _add_sqlite(
    db: Database, plan: Plan, parameters: tuple[Any, ...], touched: datetime | None
) -> bool:
    with db.transaction(durable=False) as transaction:
        run = transaction.session.run
        if not run(plan.insert, parameters).rowcount:
            return False
        run(plan.summary, parameters)
        if touched is not None:
            run(plan.touch, (db.engine.adapt(touched), parameters[0]))
    return True


def _add_postgres(
    db: Database, plan: Plan, parameters: tuple[Any, ...], touched: datetime | None
) -> bool:
    run_id, step, progress, *numbers = parameters
    named: dict[str, Any] = {f"v{i}": v for i, v in enumerate(numbers)}
    named |= {"run_id": run_id, "step": step, "progress": progress, "time": touched}
    statement = plan.insert if touched is None else plan.touch
    session = db.session
    if session.in_block:
        with db.transaction(durable=False):
            return bool(session.run(statement, named).rowcount)
    session.set_durable(False)
    return bool(session.run(statement, named).rowcount)


def _add_mysql(
    db: Database, plan: Plan, parameters: tuple[Any, ...], touched: datetime | None
) -> bool:
    run_id, step, progress, *numbers = parameters
    named: dict[str, Any] = {f"v{i}": v for i, v in enumerate(numbers)}
    named |= {"run_id": run_id, "step": step, "progress": progress}
    try:
        with db.transaction(durable=False) as transaction:
            transaction.session.run(plan.insert, named)
            transaction.session.run(plan.summary, named)
            if touched is not None:
                db.execute(TOUCH, time=touched, id=run_id)
    except Exception as error:
        if db.engine.is_duplicate(error):
            return False
        raise
    return True


def _time_to_touch(db: Database, run_id: int, updated: datetime | None | str) -> datetime | None:
    """The time to write into ``time_updated`` now, if any."""
    if updated != "auto":
        return updated if isinstance(updated, datetime) else None
    touched = db.memo.get("touched")
    if touched is None:
        touched = db.memo["touched"] = {}
    now = time.monotonic()
    if now - touched.get(run_id, -TOUCH_INTERVAL) < TOUCH_INTERVAL:
        return None
    touched[run_id] = now
    return datetime.now(UTC)


def _touch(db: Database, run_id: int, updated: datetime | None | str) -> None:
    now = _time_to_touch(db, run_id, updated)
    if now is not None:
        with db.transaction(durable=False):
            db.execute(TOUCH, time=now, id=run_id)


@repeatable
def touch_all(db: Database, run_ids: Iterable[int]) -> None:
    """Set ``time_updated`` of several runs to now."""
    now = datetime.now(UTC)
    with db.transaction(durable=False):
        db.execute_many(TOUCH, [{"time": now, "id": id} for id in sorted(run_ids)])


def write(db: Database, points: Sequence[Point]) -> None:
    """Write checked points in one transaction; later ones win over earlier ones.

    Raises:
        InvalidValueError: a name cannot be stored; nothing is written.
        NotFoundError: a run does not exist; nothing is written.
    """
    groups = _groups(points)
    kinds = _kinds(groups)
    if not kinds:
        return
    metrics = columns.ensure(db, kinds)
    try:
        _write(db, groups, metrics)
    except Exception as error:
        if db.engine.is_orphan(error):
            raise missing(points[0].run_id) from error
        if not db.engine.is_missing_column(error) or db.session.in_block:
            raise
        columns.refresh(db)
        _write(db, groups, columns.ensure(db, kinds))


class Group(NamedTuple):
    """Points with the same names: rows of finite numbers, and the points of any other values."""

    rows: list[tuple[Any, ...]]
    others: list[Point]


Groups = dict[tuple[str, ...], Group]


def _groups(points: Iterable[Point]) -> Groups:
    groups: Groups = {}
    for point in points:
        names = tuple(point.metrics)
        group = groups.get(names)
        if group is None:
            group = groups[names] = Group([], [])
        numbers = plain_numbers(point.metrics.values())
        if numbers is None:
            group.others.append(point)
        else:
            group.rows.append((point.run_id, point.step, point.progress, *numbers))
    return groups


def _kinds(groups: Groups) -> dict[str, values.Kind]:
    """The kind of column for each name, should it be new: what its first value asks for."""
    kinds: dict[str, values.Kind] = {}
    for names, group in groups.items():
        if group.rows:
            kinds |= dict.fromkeys(names, "number")
        for point in group.others:
            for name, value in point.metrics.items():
                kinds.setdefault(name, values.kind_of(value))
    return kinds


@repeatable
def _write(db: Database, groups: Groups, metrics: dict[str, Metric]) -> None:
    with db.transaction(durable=False):
        for names, group in groups.items():
            found = [metrics[name] for name in names]
            others = group.others
            if not _write_new(db, group.rows, found):
                others = [_point(names, *row) for row in group.rows] + others
            for point in others:
                _write_one(db, point, metrics)


def _point(names: Sequence[str], run_id: int, step: int, progress: float, *numbers: float) -> Point:
    return Point(run_id, step, progress, dict(zip(names, numbers, strict=True)))


def _write_new(db: Database, rows: list[tuple[Any, ...]], metrics: list[Metric]) -> bool:
    """Write rows of (run_id, step, progress, numbers...); False if not all could be inserted."""
    if len(rows) == 1 or not all(m.column and m.kind == "number" for m in metrics):
        return False
    try:
        with db.transaction(durable=False):
            if rows and insert_rows(db, metrics, rows) < len(rows):
                raise _Exists
            summaries.merge(db, _records(rows, metrics))
    except _Exists:
        return False
    except Exception as error:
        if db.engine.is_duplicate(error):
            return False
        raise
    return True


class _Exists(Exception):
    """A point was there already."""


def insert_rows(db: Database, metrics: list[Metric], rows: list[tuple[Any, ...]]) -> int:
    """Insert those rows whose point is new and return how many these were.

    On MySQL one that is not new raises the driver's error.
    """
    engine = db.engine
    names = ["run_id", "step", "progress", *(engine.quote(m.column or "") for m in metrics)]
    head = f"INSERT INTO metrics ({', '.join(names)})"
    if db.dialect == "postgresql":
        types = ["bigint", "bigint", *["double precision"] * (len(names) - 2)]
        arrays = ", ".join(f"%s::{t}[]" for t in types)
        sql = f"{head.replace('%', '%%')} SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING"
        cursor = db.session.run(sql, [list(column) for column in zip(*rows, strict=True)])
    elif db.dialect == "mysql":
        sql = f"{head.replace('%', '%%')} VALUES ({', '.join(['%s'] * len(names))})"
        cursor = db.session.run(sql, rows, many=True)
    else:
        sql = f"{head} VALUES ({', '.join('?' * len(names))}) ON CONFLICT DO NOTHING"
        cursor = db.session.run(sql, rows, many=True)
    return int(cursor.rowcount)


def _records(rows: list[tuple[Any, ...]], metrics: list[Metric]) -> Iterable[summaries.Record]:
    """Records of new points, column by column: the loops run in C."""
    by_run: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        by_run[row[0]].append(row)
    for run_id, group in by_run.items():
        _, steps, progresses, *series = zip(*group, strict=True)
        last = max(range(len(group)), key=lambda i: (steps[i], progresses[i]))
        for metric, column in zip(metrics, series, strict=True):
            low, high = min(column), max(column)
            yield summaries.Record(
                run_id, metric.id, len(column), 0,
                min(steps), steps[last], progresses[last], column[last],
                low, steps[column.index(low)], high, steps[column.index(high)], sum(column),
            )  # fmt: skip


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


def _write_one(db: Database, point: Point, metrics: dict[str, Metric]) -> None:
    """Write one point of any values, over what may be there."""
    place: dict[str, Any] = {"run_id": point.run_id, "step": point.step, "progress": point.progress}
    there = curves.at_point(db, [metrics[n] for n in point.metrics], **place)
    cells, more, specials = _split(db, point, metrics)
    _put_cells(db, place, cells)
    _put_more(db, place, there.more, more, set(point.metrics))
    for name in there.specials:
        db.execute(DELETE_SPECIAL, metric_id=metrics[name].id, **place)
    for name, text in specials.items():
        db.execute(PUT_SPECIAL, metric_id=metrics[name].id, value=text, **place)
    _summarise(db, point, metrics, there.names)


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
        db.execute(PUT_MORE, data=Jsonb(data), **place)
    elif old and not data:
        db.execute(DELETE_MORE, **place)


def _summarise(
    db: Database, point: Point, metrics: dict[str, Metric], overwritten: set[str]
) -> None:
    """Merge what is new; sum up again what replaced a value."""
    fresh = []
    for name, value in point.metrics.items():
        id = metrics[name].id
        if name in overwritten:
            curve = curves.read(db, point.run_id, metrics[name])
            numbers = [(p.step, p.progress, values.number(p.value)) for p in curve]
            summaries.replace(db, point.run_id, id, summaries.of_points(point.run_id, id, numbers))
        else:
            single = [(point.step, point.progress, values.number(value))]
            fresh.append(summaries.of_points(point.run_id, id, single))
    summaries.merge(db, [record for record in fresh if record is not None])
