"""The usual logging call: finite numbers, metrics that have columns, a new point.

Its statements are prepared once for each set of names. On SQLite they are two in one
transaction, on PostgreSQL one statement in one round trip.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..db import Database
from ..errors import ConnectionLostError
from ..query import Query, pyformat
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


def _for_sqlite(db: Database, metrics: list[Metric]) -> Plan:
    """Numbered parameters, so that both statements take the same row."""
    summary = summaries.single_point([m.id for m in metrics], _marks(metrics)[3:], "sqlite")
    places = {mark: f"?{i}" for i, mark in enumerate(_marks(metrics), 1)}
    for mark in sorted(places, reverse=True):  # :v10 before :v1
        summary = summary.replace(mark, places[mark])
    return Plan(
        insert=_insert(db, metrics, list(places.values())) + " ON CONFLICT DO NOTHING",
        summary=summary,
        touch="UPDATE runs SET time_updated = ? WHERE id = ?",
    )


def _for_mysql(db: Database, metrics: list[Metric]) -> Plan:
    marks = _marks(metrics)
    return Plan(
        insert=pyformat(_insert(db, metrics, marks)),
        summary=pyformat(summaries.single_point([m.id for m in metrics], marks[3:], "mysql")),
        touch=TOUCH.text["mysql"],
    )


def _for_postgres(db: Database, metrics: list[Metric]) -> Plan:
    """One statement: nothing is summed up where the point exists already."""
    rows = ", ".join(f"({m.id}, CAST(:v{i} AS DOUBLE PRECISION))" for i, m in enumerate(metrics))
    insert = _insert(db, metrics, _marks(metrics))
    point = f"point AS ({insert} ON CONFLICT DO NOTHING RETURNING run_id, step, progress)"
    touched = "touched AS (UPDATE runs SET time_updated = :time WHERE id = :run_id)"
    body = f"""
INSERT INTO run_metrics ({", ".join(summaries.FIELDS)})
SELECT p.run_id, v.id, 1, 0, p.step, p.step, p.progress, v.x, v.x, p.step, v.x, p.step, v.x
  FROM point AS p, (VALUES {rows}) AS v (id, x)
 ORDER BY v.id
{summaries.MERGING["postgresql"]}"""
    return Plan(
        insert=pyformat(f"WITH {point} {body}"),
        summary="",
        touch=pyformat(f"WITH {point}, {touched} {body}"),
    )


def write(db: Database, plan: Plan, row: Row, touched: datetime | None) -> bool:
    """Write a new point; False (and nothing written) if it needs the long way.

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


def _write_sqlite(db: Database, plan: Plan, row: Row, touched: datetime | None) -> bool:
    session = db.session
    if session.levels or db.shared is not None:
        with db.transaction(durable=False):
            return _execute_sqlite(db, session.open().cursor().execute, plan, row, touched)
    # `db.transaction` spelled out: this is the call that a training loop waits for.
    connection = session.connection if session.connection is not None else session.open()
    session.set_durable(False)
    execute = connection.cursor().execute
    try:
        execute("BEGIN IMMEDIATE")
        is_new = _execute_sqlite(db, execute, plan, row, touched)
        execute("COMMIT")
    except BaseException as error:
        if session.connection is connection and connection.in_transaction:
            execute("ROLLBACK")
        if isinstance(error, Exception):
            session.failed(error)
        raise
    return is_new


def _execute_sqlite(
    db: Database, execute: Any, plan: Plan, row: Row, touched: datetime | None
) -> bool:
    if not execute(plan.insert, row).rowcount:
        return False
    execute(plan.summary, row)
    if touched is not None:
        execute(plan.touch, (db.engine.adapt(touched), row[0]))
    return True


def _write_postgres(db: Database, plan: Plan, row: Row, touched: datetime | None) -> bool:
    session = db.session
    named = _named(row)
    named["time"] = touched
    statement = plan.insert if touched is None else plan.touch
    if session.in_block:
        with db.transaction(durable=False):
            return bool(session.run(statement, named).rowcount)
    session.set_durable(False)
    return bool(session.run(statement, named).rowcount)


def _write_mysql(db: Database, plan: Plan, row: Row, touched: datetime | None) -> bool:
    named = _named(row)
    try:
        with db.transaction(durable=False) as transaction:
            transaction.session.run(plan.insert, named)
            transaction.session.run(plan.summary, named)
            if touched is not None:
                db.execute(TOUCH, time=touched, id=row[0])
    except Exception as error:
        if db.engine.is_duplicate(error):
            return False
        raise
    return True


def _named(row: Row) -> dict[str, Any]:
    run_id, step, progress, *numbers = row
    named: dict[str, Any] = {f"v{i}": number for i, number in enumerate(numbers)}
    named["run_id"], named["step"], named["progress"] = run_id, step, progress
    return named


_WRITE = {"sqlite": _write_sqlite, "postgresql": _write_postgres, "mysql": _write_mysql}
