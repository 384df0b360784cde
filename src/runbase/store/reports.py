"""What trials report: one metric, whose values are intermediate values."""

from __future__ import annotations

import functools

from ..db import Database, repeatable
from ..query import Query
from . import columns, metrics, plans, summaries
from .changes import GUARD, RUN, Place, change, change_run, execute_inside, run_alone
from .columns import Metric
from .points import Point
from .values import check_point

#: The metric that holds what trials report.
INTERMEDIATE = "intermediate_value"

TOUCH = change()


def report(db: Database, place: Place, step: int, value: float) -> int | None:
    """Set the intermediate value of a step; see `set_param`.

    Raises:
        InvalidValueError: ``step`` is no integer of 64 bits.
    """
    step, _ = check_point(step, 0.0)
    metric = columns.ensure(db, {INTERMEDIATE: "number"})[INTERMEDIATE]
    is_plain = metric.column is not None and value - value == 0.0
    if is_plain and db.dialect != "mysql":
        version, is_written = _report_new(db, place, metric, step, value)
        if is_written or version is None:
            return version
        # Others now see a change that is still to come: it is one more change when it comes.
        place = place._replace(known=version)
    return _report(db, place, Point(place.id, step, 0.0, {INTERMEDIATE: value}))


@repeatable
def _report(db: Database, place: Place, point: Point) -> int | None:
    with db.transaction(durable=False):
        version = change_run(db, TOUCH, place)
        if version is not None:
            metrics.write(db, [point])
        return version


@repeatable
def _report_new(
    db: Database, place: Place, metric: Metric, step: int, value: float
) -> tuple[int | None, bool]:
    """The trial's new version, and whether the point was new and is written."""
    if db.dialect == "sqlite":
        with db.quick(durable=False) as execute:
            version = execute_inside(db, execute, TOUCH, place, {})
            if version is None:
                return None, False
            row = (place.id, step, 0.0, value)
            return version, plans.write_inside(db, (INTERMEDIATE,), row, execute)
    query = _report_statement(db.engine.quote(metric.column or ""), metric.id)
    found = run_alone(db, query, False, **place._asdict(), step=step, value=value)
    return (None, False) if found is None else (int(found[0]), found[2] > 0)


@functools.cache
def _report_statement(column: str, metric_id: int) -> Query:
    run = f"{RUN.format(version='e.version', sets='')} FROM e {GUARD}"
    return Query(f"""
WITH e AS (UPDATE experiments SET version = version + 1 WHERE id = :study_id RETURNING version),
     r AS ({run} RETURNING runs.id, runs.version),
     point AS (INSERT INTO metrics (run_id, step, progress, {column})
               SELECT r.id, CAST(:step AS BIGINT), 0.0, CAST(:value AS DOUBLE PRECISION) FROM r
               ON CONFLICT DO NOTHING RETURNING run_id, step, progress, {column} AS x),
     s AS (INSERT INTO run_metrics ({", ".join(summaries.FIELDS)})
           SELECT run_id, {metric_id}, 1, 0, step, step, progress, x, x, step, x, step, x FROM point
           {summaries.MERGING["postgresql"]} RETURNING 1)
SELECT r.version, set_config('synchronous_commit', :commit, TRUE), (SELECT COUNT(*) FROM s) FROM r
""")
