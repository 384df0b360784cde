"""Tables of runs: pages of ``runs`` with what ``run_metrics`` knows of each, never ``metrics``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from ..db import Database, repeatable
from ..engines.json import Jsonb
from ..query import Dialect, Query, translate
from .columns import Metric

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
    value: float | None  # of a trial
    objective_values: list[Any] | None
    parent_number: int | None  # of the trial that an arm of Ax belongs to
    metrics: dict[str, Summary]

    @property
    def values(self) -> float | list[Any] | None:
        """The value of a trial, or the values where it has several objectives."""
        several = self.objective_values
        return self.value if several is None or len(several) == 1 else several

    @property
    def seconds(self) -> float | None:
        """Seconds from the start to the end, or to the last sign of life."""
        end = self.time_finished or self.time_updated
        return (end - self.time_started).total_seconds() if end and self.time_started else None


class Statement(NamedTuple):
    """A statement and its parameters."""

    query: Query
    parameters: dict[str, Any]


_COLUMNS = """
SELECT r.id, e.name, r.number, r.name, r.status, r.time_created, r.time_started,
       r.time_updated, r.time_finished, r.comment, r.tags, r.args, r.value, r.objective_values,
       p.number
  FROM runs AS r
  JOIN experiments AS e ON e.id = r.experiment_id
  LEFT JOIN runs AS p ON p.id = r.parent_id"""
# The page is found first, so that rows with large documents are read for it alone.
_PAGE = """
SELECT r.id, e.name, r.number, r.name, r.status, r.time_created, r.time_started,
       r.time_updated, r.time_finished, r.comment, r.tags, r.args, r.value, r.objective_values,
       p.number
  FROM (SELECT r.id, {key} AS sort_key
          FROM {tables}
         WHERE {conditions}
         ORDER BY {key} {direction}, r.id {ties}
         LIMIT :limit) AS page
  JOIN runs AS r ON r.id = page.id
  JOIN experiments AS e ON e.id = r.experiment_id
  LEFT JOIN runs AS p ON p.id = r.parent_id
 ORDER BY page.sort_key {direction}, r.id {ties}"""
_COUNT = "SELECT COUNT(*) FROM runs AS r WHERE {conditions}"
_WITH_METRIC = """runs AS r
          JOIN run_metrics AS m ON m.run_id = r.id
          JOIN metric_names AS k ON k.id = m.metric_id AND k.name = :metric"""
_KEYS = {
    "id": "r.id",
    "created": "r.time_created",
    "updated": "COALESCE(r.time_updated, r.time_created)",
    "value": "r.value",
}
_CONDITIONS = {
    "experiment_id": "r.experiment_id = :experiment_id",
    "status": "r.status = :status",
    "since": "r.time_created >= :since",
    "before": "r.id < :before",
}
# The tries of a batch trial of Ax are its arms; its own run has no arguments.
IS_TRY = """(r.args IS NOT NULL
            OR r.experiment_id NOT IN (SELECT id FROM experiments WHERE kind = 'ax'))"""
# Documents that contain the given one: PostgreSQL and MySQL have a word for it. (On MySQL a list
# contains its items too, so that x=1 also finds x=[1, 2].)
_HAS_ARGS = """NOT EXISTS (
       SELECT 1 FROM json_each(:args) AS wanted
        WHERE NOT EXISTS (
              SELECT 1 FROM json_each(r.args) AS a
               WHERE a.key = wanted.key AND a.value IS wanted.value
                 AND (a.type = wanted.type OR 'integer' IN (a.type, wanted.type)
                      AND 'real' IN (a.type, wanted.type))))"""
_CONTAINS: dict[Dialect, str] = {
    "sqlite": _HAS_ARGS,
    "postgresql": "r.args @> CAST(:args AS JSONB)",
    "mysql": "JSON_CONTAINS(r.args, :args)",
}
ONE = Query(f"{_COLUMNS} WHERE r.id = :id")
SUMMARIES = """
SELECT m.run_id, k.name, m.n, m.n_nan, m.last, m.last_step,
       m.min, m.min_step, m.max, m.max_step, m.sum
  FROM run_metrics AS m
  JOIN metric_names AS k ON k.id = m.metric_id
 WHERE m.run_id IN (?)"""
ARMS = Query("""
SELECT id, name, status, value FROM runs WHERE parent_id = :id AND number < 0 ORDER BY number DESC
""")
ATTRS = Query("""
SELECT a.key, a.value FROM run_attrs AS a WHERE a.owner_id = :id AND a.scope = 'user' ORDER BY a.key
""")
DOCUMENTS = Query("SELECT env, extras FROM runs WHERE id = :id")
COUNTS = Query("""
SELECT (SELECT COUNT(*) FROM runs WHERE experiment_id = :experiment_id),
       (SELECT COALESCE(SUM(n), 0) FROM run_metrics
         WHERE run_id IN (SELECT id FROM runs WHERE experiment_id = :experiment_id))
""")
SPAN = Query(
    "SELECT MIN(step), MAX(step), MIN(progress), MAX(progress) FROM metrics WHERE run_id = :run_id"
)


class Among(NamedTuple):
    """SQL, for one kind of database, that gives ids of runs."""

    sql: str
    parameters: Mapping[str, Any]


class Filter(NamedTuple):
    """Which runs: those that everything fits that is given."""

    experiment_id: int | None = None
    status: str | None = None
    since: datetime | None = None
    tags: Sequence[str] = ()
    args: Mapping[str, Any] | None = None
    #: Not the runs that only hold the arms of batch trials together.
    tries: bool = False
    among: Among | None = None

    def parameters(self) -> dict[str, Any]:
        """The parameters of the conditions in use, by the names of these."""
        found: dict[str, Any] = {
            name: value
            for name, value in zip(_CONDITIONS, self[:3], strict=False)
            if value is not None
        }
        if self.tags:
            found["tags"] = Jsonb(dict.fromkeys(self.tags, True))
        if self.args:
            found["args"] = Jsonb(dict(self.args))
        return found

    def query(self, template: str, order: Order, parameters: Iterable[str]) -> Query:
        """A statement with the conditions of these parameters, and the others."""
        among = None if self.among is None else self.among.sql
        return _query(template, order, tuple(parameters), self.tries, among)


ALL = Filter()


class Order(NamedTuple):
    """By ``key``: "id", "created", "updated", "value", or "min", "max" or "last" of ``metric``."""

    key: str = "id"
    metric: str | None = None
    descending: bool = True

    @property
    def is_ranking(self) -> bool:
        """Whether this is by a number, which some runs have not."""
        return self.metric is not None or self.key == "value"


NEWEST = Order()


@cache
def _query(
    template: str, order: Order, names: tuple[str, ...], tries: bool, among: str | None
) -> Query:
    """A statement with exactly the conditions that are asked for."""
    key = f"m.{order.key}" if order.metric is not None else _KEYS[order.key]
    tables = "runs AS r" if order.metric is None else _WITH_METRIC

    def text(dialect: Dialect) -> str:
        documents = {n: _CONTAINS[dialect].replace("args", n) for n in ("args", "tags")}
        conditions = [(_CONDITIONS | documents)[name] for name in names]
        conditions += [IS_TRY] if tries else []
        conditions += [f"r.id IN ({among})"] if among else []
        conditions += [f"{key} IS NOT NULL"] if order.is_ranking else []
        return template.format(
            key=key,
            tables=tables,
            conditions="\n           AND ".join(conditions) or "1 = 1",
            direction="DESC" if order.descending else "ASC",
            ties="ASC" if order.is_ranking else "DESC",
        )

    return Query(text("sqlite"), postgresql=text("postgresql"), mysql=text("mysql"))


def statement(
    where: Filter = ALL, order: Order = NEWEST, limit: int = PAGE, before: int | None = None
) -> Statement:
    """What reads a page of runs; runs without the number that ``order`` is by are left out."""
    parameters = where.parameters()
    if before is not None:
        parameters["before"] = before
    # The name of the metric is a parameter, so that statements are alike for all of them.
    shape = order if order.metric is None else order._replace(metric="")
    query = where.query(_PAGE, shape, parameters)
    if where.among is not None:
        parameters |= where.among.parameters
    if order.metric is not None:
        parameters["metric"] = order.metric
    return Statement(query, parameters | {"limit": limit})


def newest(db: Database, where: Filter = ALL, *, page: int = PAGE) -> Iterator[RunRow]:
    """Runs, newest first, read a page at a time."""
    before: int | None = None
    while True:
        query, parameters = statement(where, limit=page, before=before)
        found = db.rows(query, **parameters)
        yield from _with_metrics(db, found)
        if len(found) < page:
            return
        before = found[-1][0]


def ordered(db: Database, order: Order, where: Filter = ALL, limit: int = LAST) -> Iterator[RunRow]:
    """Runs in any order; of those with equal numbers the older ones first."""
    query, parameters = statement(where, order, limit)
    found = db.rows(query, **parameters)
    for start in range(0, len(found), PAGE):
        yield from _with_metrics(db, found[start : start + PAGE])


def count(db: Database, where: Filter = ALL) -> int:
    """How many runs there are."""
    parameters = where.parameters()
    query = where.query(_COUNT, NEWEST, parameters)
    if where.among is not None:
        parameters |= where.among.parameters
    return int(db.row(query, **parameters)[0])


def one(db: Database, id: int) -> RunRow | None:
    """The run with this id, or None."""
    found = db.row(ONE, id=id)
    return _with_metrics(db, [found])[0] if found else None


def arms(db: Database, id: int) -> list[tuple[int, str, str, float | None]]:
    """Id, name, status and value of the arms of a batch trial."""
    return [tuple(row) for row in db.rows(ARMS, id=id)]


def documents(db: Database, id: int) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The env and the extras of a run."""
    env, extras = db.row(DOCUMENTS, id=id)
    return env, extras


@repeatable
def attrs(db: Database, id: int) -> dict[str, Any]:
    """The user attributes of a run."""
    return {key: json.loads(value) for key, value in db.rows(ATTRS, id=id)}


def counts(db: Database, experiment_id: int) -> tuple[int, int]:
    """How many runs an experiment has, and how many values of metrics."""
    runs, values = db.row(COUNTS, experiment_id=experiment_id)
    return int(runs), int(values)


def sketch(
    db: Database, run_id: int, metrics: Sequence[Metric], width: int
) -> dict[str, list[float]]:
    """The course of each metric in at most ``width`` numbers, averages of equal spans.

    Metrics without a column, and those that are no numbers, are left out. However long the run
    is, this is one pass over its points.
    """
    drawn = {m.name: m.column for m in metrics if m.column and m.kind in ("number", "integer")}
    start, end, low, high = db.row(SPAN, run_id=run_id)
    if not drawn or start is None:
        return {}
    axis, start, span = (
        ("step", start, end - start + 1) if end > start else ("progress", low, high - low or 1.0)
    )
    place = f"(1.0 * {axis} - {float(start)!r}) * {width} / {float(span)!r}"
    bucket = f"CAST({place} AS INTEGER)" if db.dialect == "sqlite" else f"FLOOR({place})"
    cells = ", ".join(f"AVG({db.engine.quote(column)})" for column in drawn.values())
    sql = f"SELECT {cells} FROM metrics WHERE run_id = {int(run_id)}"
    rows = db.fetch(f"{sql} GROUP BY {bucket} ORDER BY MIN({axis})").rows
    return {
        name: [v for v in values if v is not None]
        for name, values in zip(drawn, zip(*rows, strict=True), strict=True)
    }


def summaries(db: Database, run_ids: Sequence[int]) -> dict[int, dict[str, Summary]]:
    """The summaries of these runs: for each id one by the name of each metric."""
    metrics: dict[int, dict[str, Summary]] = {id: {} for id in run_ids}
    if metrics:
        sql, ids = translate(SUMMARIES, [list(metrics)], db.dialect)
        for run_id, name, *summary in db.fetch(sql, ids).rows:
            metrics[run_id][name] = Summary._make(summary)
    return metrics


def _with_metrics(db: Database, rows: Sequence[Any]) -> list[RunRow]:
    metrics = summaries(db, [row[0] for row in rows])
    return [RunRow._make((*row, metrics[row[0]])) for row in rows]
