"""Curves of metrics of several runs, as many points as a screen can show."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, NamedTuple

import numpy as np

from ..db import Database, repeatable
from ..errors import InvalidValueError
from ..query import Query
from ..store import columns, values
from ..store.columns import Metric
from ..store.curves import SPECIAL
from . import reading
from .columns.table import Floats
from .kept import kept

#: Curves up to this length are read as they are, all in one statement.
SHORT = 2000
#: From so many points on, several connections read: SQLite works without Python's lock.
MANY = 200_000
THREADS = min(4, os.cpu_count() or 1)

#: What is across: the step (of a run that has but one, the progress), progress, another metric.
Across = Literal["step", "progress"] | Metric
Range = tuple[float, float]
EVERYTHING: Range = (-sys.float_info.max, sys.float_info.max)
#: Step, progress, what is across, and the value.
Row = tuple[int, float, float | None, float | None]

WITH_METRIC = Query("""
SELECT s.run_id, s.n, s.first_step, s.last_step, s.sum, s.last
  FROM runs AS r
  JOIN run_metrics AS s ON s.run_id = r.id AND s.metric_id = :metric_id
 WHERE r.experiment_id = :experiment_id
""")
# {x}, {y} and {key} are cells of metrics AS m: across, the value, and what stretches are cut by.
_SPANS = """
SELECT run_id, n, first_step, last_step, sum, last FROM run_metrics
 WHERE metric_id = :metric_id AND run_id IN (:ids)"""
_ALL = """
SELECT m.run_id, m.step, m.progress, {x}, {y} FROM metrics AS m
 WHERE m.run_id IN (:ids) AND {x} IS NOT NULL AND {y} IS NOT NULL"""
_WITHIN = """
  FROM metrics AS m WHERE m.run_id = :id AND {y} IS NOT NULL AND {x} BETWEEN :low AND :high"""
_PART = f"SELECT m.step, m.progress, {{x}}, {{y}}{_WITHIN} ORDER BY {{order}} LIMIT :most"
_ENDS = f"SELECT MIN({{key}}), MAX({{key}}){_WITHIN}"
_STRETCHES = """
  FROM metrics AS m
 WHERE m.run_id = :id AND {y} IS NOT NULL AND {key} BETWEEN :first AND :last
 GROUP BY {stretch}"""
_MEANS = f"SELECT MIN(m.step), MIN(m.progress), AVG({{x}}), AVG({{y}}){_STRETCHES}"
_EXTREMES = f"""
WITH b AS (SELECT {{stretch}} AS stretch, MIN({{y}}) AS low, MAX({{y}}) AS high{_STRETCHES})
SELECT MIN(m.step), MIN(m.progress), MIN({{x}}), {{y}}
  FROM b
  JOIN metrics AS m
    ON m.run_id = :id AND {{key}} BETWEEN :first AND :last AND {{stretch}} = b.stretch
   AND ({{y}} = b.low OR {{y}} = b.high)
 GROUP BY b.stretch, {{y}}"""
# SQLite sorts for a GROUP BY of anything but a key. It need not where each stretch is a part of
# the primary key, which takes a quarter of the time.
_BUCKETS = """
WITH RECURSIVE b (low, high) AS (
SELECT :first, :first + :width UNION ALL SELECT high, high + :width FROM b WHERE high <= :last)"""
_IN_BUCKET = """
  FROM metrics AS m
 WHERE m.run_id = :id{at_step} AND {key} >= b.low AND {key} < b.high AND {y} IS NOT NULL"""
# The other columns beside SQLite's MIN and MAX are those of the row that has it.
_BY_KEY = """, {name} (k) AS MATERIALIZED (
SELECT (SELECT e.k FROM (SELECT {{key}} AS k, {which}({{y}}){in_bucket}) AS e) FROM b)"""
_AT_KEY = """
SELECT m.step, m.progress, {{x}}, {{y}}
  FROM {name} AS f
  CROSS JOIN metrics AS m ON m.run_id = :id{{at_step}} AND {{key}} = f.k
 WHERE {{y}} = (SELECT {which}({{y}}) FROM metrics AS m
                 WHERE m.run_id = :id{{at_step}} AND {{key}} = f.k)"""
_BOTH = [{"name": "lows", "which": "MIN"}, {"name": "highs", "which": "MAX"}]
_EXTREMES_BY_KEY = (
    _BUCKETS
    + "".join(_BY_KEY.format(in_bucket=_IN_BUCKET, **one) for one in _BOTH)
    + " UNION ALL".join(_AT_KEY.format(**one) for one in _BOTH)
)
_MEANS_BY_KEY = f"""{_BUCKETS}
SELECT b.low, b.low, (SELECT AVG({{x}}){_IN_BUCKET}), (SELECT AVG({{y}}){_IN_BUCKET}) FROM b"""
_BESIDE = "FROM {table} AS o{join} WHERE o.run_id IN (:ids)"
_MORE = f"SELECT o.run_id, o.step, o.progress, {{x}}, o.data {_BESIDE}"
_SPECIALS = f"""
SELECT o.run_id, o.step, o.progress, {{x}}, o.value {_BESIDE} AND o.metric_id = :metric_id"""
_JOIN = """
  JOIN metrics AS m ON m.run_id = o.run_id AND m.step = o.step AND m.progress = o.progress"""


class Points(NamedTuple):
    """A curve: NaN where a value is none, or no number."""

    steps: Floats
    values: Floats


class Span(NamedTuple):
    """How many values of a metric a run has, and the steps of the first and the last.

    The last two are not the same when a value is not the same.
    """

    n: int
    first: int
    last: int
    sum: float | None
    last_value: float | None

    @property
    def has_steps(self) -> bool:
        """Whether its values are at more than one step, or there is but one value."""
        return self.first != self.last or self.n == 1


def find(db: Database, name: str) -> Metric | None:
    """The metric with this name."""
    return columns.catalogue(db).metrics.get(name) or columns.refresh(db).get(name)


@repeatable
def spans(db: Database, experiment_id: int, metric: Metric) -> dict[int, Span]:
    """The runs of an experiment that have a metric."""
    rows = db.rows(WITH_METRIC, experiment_id=experiment_id, metric_id=metric.id)
    return {id: Span(*span) for id, *span in rows}


def spans_of(db: Database, ids: Sequence[int], metric: Metric) -> dict[int, Span]:
    """Those of some runs that have a metric, in their order."""
    rows = reading.fetch(db, _SPANS, ids=list(ids), metric_id=metric.id)
    found = {id: Span(*span) for id, *span in rows}
    return {id: found[id] for id in ids if id in found}


def read(
    db: Database,
    metric: Metric,
    spans: Mapping[int, Span],
    points: int,
    *,
    across: Across = "step",
    within: Mapping[int, Range] | None = None,
    means: bool = False,
) -> dict[int, Points]:
    """The curves of runs by run, each with about ``points`` points at most.

    Of a longer curve the lowest and the highest point of each stretch are kept, and NaN.

    Args:
        db: where they are.
        metric: of which.
        spans: the runs.
        points: how many are enough.
        across: what ``steps`` of the curves are.
        within: only this part of a run's curve, with more detail.
        means: the mean of each stretch instead of its extremes.

    Raises:
        InvalidValueError: ``across`` is a metric that has no column of numbers.
    """
    x = "m.progress" if across == "progress" else None
    if isinstance(across, Metric):
        x = _cell(db, across)
        if x is None:
            raise InvalidValueError(f"the metric {across.name!r} cannot be an axis: no column")
    return _Reader(db, metric, x, points, means).read(spans, within or {})


class _Reader:
    """One metric along one axis: that of the cell ``x``, or (None) the step."""

    def __init__(self, db: Database, metric: Metric, x: str | None, points: int, means: bool):
        self.db, self.metric, self.x, self.points, self.means = db, metric, x, points, means
        self.y = _cell(db, metric)

    def read(self, spans: Mapping[int, Span], within: Mapping[int, Range]) -> dict[int, Points]:
        short = [id for id, span in spans.items() if span.n <= max(SHORT, self.points)]
        long = [id for id in spans.keys() - set(short) if self.y]
        rows: dict[int, list[Row]] = {id: [] for id in spans}
        for id, step, progress, x, y in self._short(short):
            rows[id].append((step, progress, self._at(spans[id], step, progress, x), y))
        for id, step, progress, x, y in self._beside(list(spans)):
            rows[id].append((step, progress, self._at(spans[id], step, progress, x), y))
        work = [(id, spans[id], within.get(id, EVERYTHING)) for id in long]
        for id, found in zip(long, self._each(work), strict=True):
            rows[id] += found
        curves = {id: self._curve(found, within.get(id)) for id, found in rows.items() if found}
        return {id: curve for id, curve in curves.items() if curve.values.size}

    def _curve(self, rows: list[Row], within: Range | None) -> Points:
        rows.sort(key=lambda row: row[:2])
        x, y = np.array([row[2:] for row in rows], dtype=np.float64).T
        if within:
            inside = (x >= within[0]) & (x <= within[1])
            x, y = x[inside], y[inside]
        return Points(x, y) if self.means else decimated(Points(x, y), self.points)

    def _at(self, span: Span, step: int, progress: float, x: float | None) -> float | None:
        if self.x:
            return x
        return step if span.has_steps else progress

    def _short(self, ids: list[int]) -> Iterator[tuple[int, int, float, float | None, Any]]:
        """All values of short curves that are in a column."""
        if ids and self.y:
            yield from self._fetch(_ALL, self.x or "m.step", ids=ids)

    def _beside(self, ids: list[int]) -> Iterator[tuple[int, int, float, float | None, Any]]:
        """The values that are in no column: special ones, overflow."""
        if not ids:
            return
        x, parts = self.x or "o.step", {"join": _JOIN if self.x else ""}
        specials = parts | {"table": "metric_specials"}
        for *at, text in self._fetch(_SPECIALS, x, specials, ids=ids, metric_id=self.metric.id):
            yield *at, SPECIAL[text]
        for *at, data in self._fetch(_MORE, x, parts | {"table": "metrics_more"}, ids=ids):
            if self.metric.name in data:
                value = values.number(values.from_json(data[self.metric.name]))
                yield *at, value

    def _each(self, work: list[tuple[int, Span, Range]]) -> list[list[Row]]:
        if sum(span.n for _, span, _ in work) < MANY or self.db.session.in_block:
            return [self._known(*each) for each in work]
        with ThreadPoolExecutor(min(THREADS, len(work))) as pool:
            return list(pool.map(lambda each: self._known(*each), work))

    def _known(self, id: int, span: Span, within: Range) -> list[Row]:
        """A long curve as it was read before, if it is the same still."""
        if self.x not in (None, "m.progress"):
            return self._long(id, span, within)
        key = (id, self.metric.id, self.x, self.points, self.means, span, within)
        rows = kept(self.db).get(key)
        if rows is None:
            rows = self._long(id, span, within)
            kept(self.db).put(key, rows)
        return rows

    def _long(self, id: int, span: Span, within: Range) -> list[Row]:
        """A long curve, or a part of it, in so many points."""
        x = self.x or ("m.step" if span.has_steps else "m.progress")
        key = self._key(x, span)
        part = {"id": id, "low": within[0], "high": within[1]}
        if within != EVERYTHING:
            found = self._part(x, "m.step, m.progress", self.points + 1, part)
            if len(found) <= self.points:
                return found
        first, last = float(span.first), float(span.last)
        if key != "m.step" or within != EVERYTHING:
            first, last = self._fetch(_ENDS, x, {"key": key}, **part)[0]
        stretches = self.points if self.means else self.points // 2
        width = (last - first) / stretches * (1 + 1e-9) or 1.0  # the last point is in the last one
        stretch = {"id": id, "first": float(first), "last": float(last), "width": width}
        found = self._stretches(x, key, span, stretch)
        if not self.means:
            found += self._part(x, "m.step, m.progress", 1, part)
            found += self._part(x, "m.step DESC, m.progress DESC", 1, part)
        return found

    def _key(self, x: str, span: Span) -> str:
        """What the stretches are parts of: the primary key, unless its parts are too long."""
        if span.first == span.last:
            return "m.progress"
        return "m.step" if span.last - span.first >= self.points else x

    def _stretches(self, x: str, key: str, span: Span, stretch: dict[str, Any]) -> list[Row]:
        if self.db.dialect == "sqlite" and (key == "m.step" or span.first == span.last):
            at_step = "" if key == "m.step" else f" AND m.step = {span.first}"
            sql = _MEANS_BY_KEY if self.means else _EXTREMES_BY_KEY
            found = self._fetch(sql, x, {"key": key, "at_step": at_step}, **stretch)
        else:
            cut = f"({key} - :first) / :width"
            whole = f"CAST({cut} AS INTEGER)" if self.db.dialect == "sqlite" else f"FLOOR({cut})"
            sql = _MEANS if self.means else _EXTREMES
            found = self._fetch(sql, x, {"key": key, "stretch": whole}, **stretch)
        return [row for row in found if row[2] is not None and row[3] is not None]

    def _part(self, x: str, order: str, most: int, part: dict[str, Any]) -> list[Row]:
        return self._fetch(_PART, x, {"order": order}, most=most, **part)

    def _fetch(
        self, sql: str, x: str, parts: Mapping[str, str] | None = None, **parameters: Any
    ) -> list[Any]:
        return reading.fetch(self.db, sql.format(x=x, y=self.y, **(parts or {})), **parameters)


def _cell(db: Database, metric: Metric) -> str | None:
    """The cell of a metric in ``metrics AS m``, if it has one for numbers."""
    if metric.column is None or metric.kind not in ("number", "integer"):
        return None
    return f"m.{db.engine.quote(metric.column)}"


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
