"""Writing ``metrics``: one row for each point in time, one short transaction for each call."""

from __future__ import annotations

import itertools
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ..db import Database, repeatable
from ..errors import InvalidValueError
from . import columns, mixed, plans, points, runs, summaries
from .columns import Metric
from .plans import TOUCH
from .points import Entry, Groups, Point, Row, check, is_plain_place, plain_numbers

__all__ = ["Point", "add", "check", "touch_all", "write", "write_entries"]

#: Seconds for which ``runs.time_updated`` may lag behind while a run logs at full speed: writing
#: it each time would cost as much as the metrics themselves.
TOUCH_INTERVAL = 0.25


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
    numbers = None if plan is None else plain_numbers(metrics.values())
    if plan is None or numbers is None or not is_plain_place(step, progress):
        point = check(run_id, metrics, step, progress)
        touched = _time_to_touch(db, run_id, updated)
        write(db, [point])
        if touched is not None:
            plans.touch(db, run_id, touched)
        plans.prepare(db, tuple(point.metrics))
        return
    touched = _time_to_touch(db, run_id, updated)
    if not plans.write(db, plan, (run_id, step, progress, *numbers), touched):
        write(db, [Point(run_id, step, progress, dict(zip(metrics, numbers, strict=True)))])
        if touched is not None:
            plans.touch(db, run_id, touched)


def _time_to_touch(db: Database, run_id: int, updated: Any) -> datetime | None:
    """The time to write into ``time_updated`` now, if any."""
    if updated != "auto":
        return as_time(updated)
    touched = db.memo.setdefault("touched", {})
    now = time.monotonic()
    if now - touched.get(run_id, -TOUCH_INTERVAL) < TOUCH_INTERVAL:
        return None
    touched[run_id] = now
    return datetime.now(UTC)


def as_time(dt: Any) -> datetime | None:
    """The time that ``dt`` stands for: "auto" is now.

    Raises:
        InvalidValueError: it is neither "auto", nor a datetime, nor None.
    """
    if dt is None or isinstance(dt, datetime):
        return dt
    if dt == "auto":
        return datetime.now(UTC)
    raise InvalidValueError(f"a time is a datetime, 'auto' or None, not {dt!r}")


@repeatable
def touch_all(db: Database, times: Mapping[int, Any]) -> None:
    """Set ``time_updated`` of several runs by id; "auto" is now."""
    rows = [{"time": as_time(time), "id": id} for id, time in sorted(times.items())]
    with db.transaction(durable=False):
        db.execute_many(TOUCH, rows)


def write(db: Database, batch: Iterable[Point]) -> None:
    """Write checked points in one transaction; later ones win over earlier ones.

    Raises:
        InvalidValueError: a name cannot be stored; nothing is written.
        NotFoundError: a run does not exist; nothing is written.
    """
    write_entries(db, [points.entry(point) for point in batch])


def write_entries(db: Database, batch: Sequence[Entry]) -> None:
    """Write points that are sorted into rows and others; see `write`."""
    groups = points.grouped(batch)
    kinds = points.kinds(groups)
    if not kinds:
        return
    try:
        _write(db, groups, columns.ensure(db, kinds))
    except Exception as error:
        if db.engine.is_orphan(error):
            raise _missing(db, groups) from error
        if not db.engine.is_missing_column(error) or db.session.in_block:
            raise
        columns.refresh(db)
        _write(db, groups, columns.ensure(db, kinds))


def _missing(db: Database, groups: Groups) -> Exception:
    """The error for the run that does not exist."""
    found = {row[0] for group in groups.values() for row in [*group.rows, *group.others]}
    gone = [id for id in sorted(found) if not runs.exists(db, id)]
    return runs.missing(gone[0] if gone else min(found))


@repeatable
def _write(db: Database, groups: Groups, metrics: dict[str, Metric]) -> None:
    with db.transaction(durable=False):
        for names, group in groups.items():
            others = group.others
            if not _write_new(db, group.rows, [metrics[name] for name in names]):
                others = points.as_points(names, group.rows) + others
            mixed.write(db, others, metrics)


def _write_new(db: Database, rows: list[Row], metrics: list[Metric]) -> bool:
    """Write rows whose points are new; False, and nothing written, if one is not."""
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


CHUNK = 200  # rows in one statement: one call into SQLite, one release of Python's lock


def insert_rows(db: Database, metrics: list[Metric], rows: list[Row]) -> int:
    """Insert those rows whose point is new and return how many these were.

    On MySQL one that is not new raises the driver's error.
    """
    quoted = [db.engine.quote(m.column or "") for m in metrics]
    head = f"INSERT INTO metrics ({', '.join(['run_id', 'step', 'progress', *quoted])})"
    width, run = len(quoted) + 3, db.session.run
    if db.dialect == "sqlite":
        return _insert_chunks(db, head, f"({', '.join('?' * width)})", rows)
    head = head.replace("%", "%%")
    if db.dialect == "mysql":
        marks = ", ".join(["%s"] * width)
        return int(run(f"{head} VALUES ({marks})", rows, many=True).rowcount)
    if not db.engine.has_arrays:
        return _insert_chunks(db, head, f"({', '.join(['%s'] * width)})", rows)
    return _insert_arrays(db, head, rows)


def _insert_arrays(db: Database, head: str, rows: list[Row]) -> int:
    from ..engines.postgres.arrays import Float8Array, Int8Array

    columns = zip(*rows, strict=True)
    arrays: list[Any] = [Int8Array(next(columns)), Int8Array(next(columns))]
    arrays += map(Float8Array, columns)
    marks = ", ".join(["%b::bigint[]"] * 2 + ["%b::double precision[]"] * (len(arrays) - 2))
    sql = f"{head} SELECT * FROM unnest({marks}) ON CONFLICT DO NOTHING"
    return int(db.session.run(sql, arrays).rowcount)


def _insert_chunks(db: Database, head: str, marks: str, rows: list[Row]) -> int:
    size = min(CHUNK, 32_000 // len(rows[0]))  # SQLite's limit of parameters
    whole = len(rows) - len(rows) % size
    ending, run, count = " ON CONFLICT DO NOTHING", db.session.run, 0
    sql = f"{head} VALUES {', '.join([marks] * size)}{ending}" if whole else ""
    for start in range(0, whole, size):
        chunk = itertools.chain.from_iterable(rows[start : start + size])
        count += run(sql, tuple(chunk)).rowcount
    if whole < len(rows):
        count += run(f"{head} VALUES {marks}{ending}", rows[whole:], many=True).rowcount
    return int(count)


def _records(rows: list[Row], metrics: list[Metric]) -> Iterable[summaries.Record]:
    """Records of new points, column by column: the loops run in C."""
    by_run: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        by_run[row[0]].append(row)
    for run_id, group in by_run.items():
        group.sort(key=lambda row: row[1:3])  # of equal values the first one counts
        _, steps, progresses, *series = zip(*group, strict=True)
        for metric, column in zip(metrics, series, strict=True):
            low, high = min(column), max(column)
            yield summaries.Record(
                run_id, metric.id, len(column), 0,
                steps[0], steps[-1], progresses[-1], column[-1],
                low, steps[column.index(low)], high, steps[column.index(high)],
                summaries.total(column),
            )  # fmt: skip
