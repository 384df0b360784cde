"""Tables of runs: pages of ``runs`` with what ``run_metrics`` knows of each, never ``metrics``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ..db import Database
from ..query import Query, translate

PAGE = 1000  # runs that are read at a time
LAST = 2**62  # an id beyond all runs


class Summary(NamedTuple):
    """What one metric of one run came to; what is no number counts in ``n_nan`` alone."""

    n: int
    n_nan: int
    last: float | None
    last_step: int
    min: float | None
    min_step: int | None
    max: float | None
    max_step: int | None
    sum: float | None


class RunRow(NamedTuple):
    """A run with the summaries of its metrics by name; times are UTC."""

    id: int
    experiment: str
    number: int
    name: str | None
    status: str
    time_created: datetime
    time_started: datetime | None
    time_updated: datetime | None
    time_finished: datetime | None
    comment: str | None
    tags: dict[str, Any] | None
    args: dict[str, Any] | None
    metrics: dict[str, Summary]

    @property
    def seconds(self) -> float | None:
        """Seconds from the start to the end, or to the last sign of life."""
        end = self.time_finished or self.time_updated
        return (end - self.time_started).total_seconds() if end and self.time_started else None


_COLUMNS = """
SELECT r.id, e.name, r.number, r.name, r.status, r.time_created, r.time_started,
       r.time_updated, r.time_finished, r.comment, r.tags, r.args
  FROM runs AS r
  JOIN experiments AS e ON e.id = r.experiment_id"""
_FILTERS = """
 WHERE (CAST(:experiment_id AS BIGINT) IS NULL OR r.experiment_id = :experiment_id)
   AND (CAST(:status AS CHAR(64)) IS NULL OR r.status = :status)"""


def _filtered(sql: str) -> Query:
    return Query(
        sql,
        postgresql=sql.replace("AS CHAR(64)", "AS TEXT"),
        mysql=sql.replace("AS BIGINT", "AS SIGNED"),
    )


NEWEST = _filtered(f"{_COLUMNS}{_FILTERS} AND r.id < :before ORDER BY r.id DESC LIMIT :limit")
ONE = Query(f"{_COLUMNS} WHERE r.id = :id")
_BY_METRIC = """
  JOIN run_metrics AS m ON m.run_id = r.id
  JOIN metric_names AS k ON k.id = m.metric_id AND k.name = :metric"""
#: Runs by a summary of one metric; those that have no such number are left out.
BY_METRIC = {
    (column, direction): _filtered(
        f"{_COLUMNS}{_BY_METRIC}{_FILTERS} AND m.{column} IS NOT NULL"
        f" ORDER BY m.{column} {direction}, r.id LIMIT :limit"
    )
    for column in ("min", "max", "last")
    for direction in ("ASC", "DESC")
}
SUMMARIES = """
SELECT m.run_id, k.name, m.n, m.n_nan, m.last, m.last_step,
       m.min, m.min_step, m.max, m.max_step, m.sum
  FROM run_metrics AS m
  JOIN metric_names AS k ON k.id = m.metric_id
 WHERE m.run_id IN (?)"""
DOCUMENTS = Query("SELECT env, extras FROM runs WHERE id = :id")
POPULAR = Query("""
SELECT k.name, SUM(m.n)
  FROM run_metrics AS m
  JOIN metric_names AS k ON k.id = m.metric_id
 GROUP BY k.name
 ORDER BY 2 DESC, k.name
""")
COUNTS = Query("""
SELECT (SELECT COUNT(*) FROM runs WHERE experiment_id = :experiment_id),
       (SELECT COALESCE(SUM(n), 0) FROM run_metrics
         WHERE run_id IN (SELECT id FROM runs WHERE experiment_id = :experiment_id))
""")


Keep = Callable[[RunRow], bool]


def newest(
    db: Database,
    experiment_id: int | None = None,
    status: str | None = None,
    *,
    keep: Keep | None = None,
    page: int = PAGE,
) -> Iterator[RunRow]:
    """Runs, newest first: all, or those of one experiment or status that ``keep`` accepts.

    They are read a page at a time; ``keep`` sees them without their metrics.
    """
    before = LAST
    while True:
        filters = {"experiment_id": experiment_id, "status": status}
        found = db.rows(NEWEST, before=before, limit=page, **filters)
        yield from _with_metrics(db, found, keep)
        if len(found) < page:
            return
        before = found[-1][0]


def by_metric(
    db: Database,
    metric: str,
    column: str,
    direction: str,
    experiment_id: int | None = None,
    status: str | None = None,
    *,
    keep: Keep | None = None,
    limit: int = LAST,
) -> Iterator[RunRow]:
    """Runs in the order of the "min", "max" or "last" of a metric, "ASC" or "DESC"."""
    filters = {"experiment_id": experiment_id, "status": status}
    found = db.rows(BY_METRIC[column, direction], metric=metric, limit=limit, **filters)
    for start in range(0, len(found), PAGE):
        yield from _with_metrics(db, found[start : start + PAGE], keep)


def one(db: Database, id: int) -> RunRow | None:
    """The run with this id, or None."""
    found = db.row(ONE, id=id)
    return _with_metrics(db, [found])[0] if found else None


def documents(db: Database, id: int) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The env and the extras of a run."""
    env, extras = db.row(DOCUMENTS, id=id)
    return env, extras


def popular_metrics(db: Database) -> list[str]:
    """Names of metrics, those with the most values first."""
    return [name for name, _ in db.rows(POPULAR)]


def counts(db: Database, experiment_id: int) -> tuple[int, int]:
    """How many runs an experiment has, and how many values of metrics."""
    runs, values = db.row(COUNTS, experiment_id=experiment_id)
    return int(runs), int(values)


def _with_metrics(db: Database, rows: Sequence[Any], keep: Keep | None = None) -> list[RunRow]:
    found = [RunRow._make((*row, {})) for row in rows]
    if keep is not None:
        found = [run for run in found if keep(run)]
    metrics = {run.id: run.metrics for run in found}
    if metrics:
        sql, ids = translate(SUMMARIES, [list(metrics)], db.dialect)
        for run_id, name, *summary in db.fetch(sql, ids).rows:
            metrics[run_id][name] = Summary._make(summary)
    return found
