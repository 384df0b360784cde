"""The usual logging call: finite numbers, metrics that have columns, a new point.

Its statements are prepared once for each set of names. On SQLite they are two in one
transaction, on PostgreSQL one statement in one round trip.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..db import Database, repeatable
from ..errors import ConnectionLostError
from ..query import Query, pyformat
from ..session import Session
from . import columns, summaries
from .columns import Metric, Plan
from .points import Names, Row
from .runs import missing

TOUCH = Query("UPDATE runs SET time_updated = :time WHERE id = :id")
PLACE = ("run_id", "step", "progress")


def prepare(db: Database, names: Names) -> None:
    """Make the plan for these names, if all of them are numbers with a column."""
    known = columns.catalogue(db)
    found = [known.metrics[name] for name in names if name in known.metrics]
    if names and len(found) == len(names) and all(m.column and m.kind == "number" for m in found):
        make = {"sqlite": _for_sqlite, "postgresql": _for_postgres, "mysql": _for_mysql}
        known.plans[names] = make[db.dialect](db, found)


def _insert(db: Database, metrics: list[Metric], marks: list[str]) -> str:
    names = ", ".join([*PLACE, *(db.engine.quote(m.column or "") for m in metrics)])
    return f"INSERT INTO metrics ({names}) VALUES ({', '.join(marks)})"


def _marks(metrics: list[Metric]) -> list[str]:
    return [*(f":{name}" for name in PLACE), *(f":v{i}" for i in range(len(metrics)))]


def _merge(db: Database, metrics: list[Metric], marks: list[str]) -> str:
    """Fill the cells of a point, unless one of the metrics is there already, wherever."""
    cells = [db.engine.quote(m.column or "") for m in metrics]
    sets = ", ".join(f"{c} = {mark}" for c, mark in zip(cells, marks[3:], strict=True))
    empty = " AND ".join(f"{c} IS NULL" for c in cells)
    run_id, step, progress = marks[:3]
    place = f"run_id = {run_id} AND step = {step} AND progress = {progress}"
    ids = ", ".join(str(m.id) for m in metrics)
    return f"""
UPDATE metrics SET {sets}
 WHERE {place} AND {empty}
   AND NOT EXISTS (SELECT 1 FROM metric_specials WHERE metric_id IN ({ids}) AND {place})
   AND NOT EXISTS (SELECT 1 FROM metrics_more WHERE {place})"""


def _for_sqlite(db: Database, metrics: list[Metric]) -> Plan:
    """Numbered parameters, so that all statements take the same row."""
    marks = _marks(metrics)
    summary = summaries.single_point([m.id for m in metrics], marks[3:], "sqlite")
    places = {mark: f"?{i}" for i, mark in enumerate(marks, 1)}
    for mark in sorted(places, reverse=True):  # :v10 before :v1
        summary = summary.replace(mark, places[mark])
    return Plan(
        insert=_insert(db, metrics, list(places.values())) + " ON CONFLICT DO NOTHING",
        merge=_merge(db, metrics, list(places.values())),
        summary=summary,
    )


def _for_mysql(db: Database, metrics: list[Metric]) -> Plan:
    marks = _marks(metrics)
    return Plan(
        insert=pyformat(_insert(db, metrics, marks)),
        merge=pyformat(_merge(db, metrics, marks)),
        summary=pyformat(summaries.single_point([m.id for m in metrics], marks[3:], "mysql")),
    )


def _for_postgres(db: Database, metrics: list[Metric]) -> Plan:
    """Each a single statement: nothing is summed up where no point was written."""
    marks = _marks(metrics)
    rows = ", ".join(f"({m.id}, CAST(:v{i} AS DOUBLE PRECISION))" for i, m in enumerate(metrics))
    summary = f"""
INSERT INTO run_metrics ({", ".join(summaries.FIELDS)})
SELECT p.run_id, v.id, 1, 0, p.step, p.step, p.progress, v.x, v.x, p.step, v.x, p.step, v.x
  FROM point AS p, (VALUES {rows}) AS v (id, x)
 ORDER BY v.id
{summaries.MERGING["postgresql"]}"""
    insert = f"{_insert(db, metrics, marks)} ON CONFLICT DO NOTHING"
    merge = _merge(db, metrics, marks)
    returning = "RETURNING run_id, step, progress"
    return Plan(
        insert=pyformat(f"WITH point AS ({insert} {returning}) {summary}"),
        merge=pyformat(f"WITH point AS ({merge} {returning}) {summary}"),
    )


def write(db: Database, plan: Plan, row: Row, touched: datetime | None) -> bool:
    """Write a point that is new, or new for these metrics; False if it needs the long way.

    Raises:
        NotFoundError: no run has this id.
    """
    try:
        return _WRITE[db.engine.dialect](db, plan, row, touched)
    except Exception as error:
        if db.engine.is_orphan(error):
            raise missing(row[0]) from error
        if db.session.in_block:
            raise
        if isinstance(error, ConnectionLostError) or db.engine.is_busy(error):
            return False  # the long way repeats itself, and finds what was written
        if db.engine.is_missing_column(error):
            columns.refresh(db)
            return False
        raise


def write_inside(db: Database, names: Names, row: Row, execute: Any) -> bool:
    """Write a point in SQLite's open transaction; False if it needs the long way."""
    plan = _prepared(db, names)
    return plan is not None and _execute_sqlite(db, execute, plan, row, None)


def write_in_block(db: Database, names: Names, row: Row) -> bool:
    """The same on every engine; an error ends the whole transaction."""
    plan = _prepared(db, names)
    if plan is None:
        return False
    session = db.session
    if db.dialect == "sqlite":
        return _execute_sqlite(db, session.open().cursor().execute, plan, row, None)
    if db.dialect == "postgresql":
        return _execute_postgres(session, plan, _named(row))
    return _execute_mysql(db, plan, _named(row))


def _prepared(db: Database, names: Names) -> Plan | None:
    catalogue = columns.catalogue(db)
    if names not in catalogue.plans:
        prepare(db, names)
    return catalogue.plans.get(names)


def _write_sqlite(db: Database, plan: Plan, row: Row, touched: datetime | None) -> bool:
    with db.quick(durable=False) as execute:
        return _execute_sqlite(db, execute, plan, row, touched)


def _execute_sqlite(
    db: Database, execute: Any, plan: Plan, row: Row, touched: datetime | None
) -> bool:
    if not (execute(plan.insert, row).rowcount or execute(plan.merge, row).rowcount):
        return False
    execute(plan.summary, row)
    if touched is not None:
        execute(TOUCH.text["sqlite"], {"time": db.engine.adapt(touched), "id": row[0]})
    return True


def _write_postgres(db: Database, plan: Plan, row: Row, touched: datetime | None) -> bool:
    session, named = db.session, _named(row)
    if session.in_block:
        with db.transaction(durable=False):
            is_written = _execute_postgres(session, plan, named)
    else:
        session.set_durable(False)
        is_written = _execute_postgres(session, plan, named)
    if is_written and touched is not None:
        touch(db, row[0], touched)
    return is_written


def _execute_postgres(session: Session, plan: Plan, named: dict[str, Any]) -> bool:
    return bool(session.run(plan.insert, named).rowcount or session.run(plan.merge, named).rowcount)


@repeatable
def touch(db: Database, run_id: int, time: datetime) -> None:
    """Set ``runs.time_updated``."""
    with db.transaction(durable=False):
        db.execute(TOUCH, time=time, id=run_id)


def _write_mysql(db: Database, plan: Plan, row: Row, touched: datetime | None) -> bool:
    with db.transaction(durable=False):
        if not _execute_mysql(db, plan, _named(row)):
            return False
        if touched is not None:
            db.execute(TOUCH, time=touched, id=row[0])
    return True


def _execute_mysql(db: Database, plan: Plan, named: dict[str, Any]) -> bool:
    run = db.session.run
    try:
        run(plan.insert, named)  # a row that is refused does not end MySQL's transaction
    except Exception as error:
        if not db.engine.is_duplicate(error):
            raise
        if not run(plan.merge, named).rowcount:
            return False
    run(plan.summary, named)
    return True


def _named(row: Row) -> dict[str, Any]:
    run_id, step, progress, *numbers = row
    named: dict[str, Any] = {f"v{i}": number for i, number in enumerate(numbers)}
    named["run_id"], named["step"], named["progress"] = run_id, step, progress
    return named


_WRITE = {"sqlite": _write_sqlite, "postgresql": _write_postgres, "mysql": _write_mysql}
