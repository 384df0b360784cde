"""Curves of chosen runs: along steps, progress, time or another metric, resumed runs in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import numpy as np

from ..db import Database
from ..errors import InvalidValueError, NotFoundError
from ..store.columns import Metric
from . import curves, reading
from .columns.table import Floats
from .curves import EVERYTHING, Across, Points, Range, Span
from .run_chains import Chain

_TIMES = """
SELECT id, time_created, time_started, time_finished, time_updated, heartbeat
  FROM runs WHERE id IN (:ids)"""
_LENGTHS = """
SELECT run_id, MIN(first_step), MAX(last_step), MAX(last_progress)
  FROM run_metrics WHERE run_id IN (:ids) GROUP BY run_id"""


class Clock(NamedTuple):
    """When a run was at which step, or progress, if it went evenly; times in milliseconds."""

    start: float
    end: float
    first_step: float
    last_step: float
    last_progress: float

    def times(self, places: Floats, has_steps: bool) -> Floats:
        """The times of steps, or of progress."""
        first, last = self._ends(has_steps)
        return self.start + (places - first) * ((self.end - self.start) / (last - first))

    def place(self, time: float, has_steps: bool) -> float:
        """The step, or progress, at a time."""
        first, last = self._ends(has_steps)
        return first + (time - self.start) * ((last - first) / (self.end - self.start))

    def _ends(self, has_steps: bool) -> Range:
        first, last = (self.first_step, self.last_step) if has_steps else (0.0, self.last_progress)
        return first, last if last > first else first + 1.0


class Axis(NamedTuple):
    """What is across: ``step``, ``progress``, a metric, or time (estimated, without a metric)."""

    across: Across
    #: Of a time: whether it counts from the start of the run.
    time: Literal["absolute", "relative"] | None = None


def axis(db: Database, name: str) -> Axis:
    """The axis with a name: step, progress, time, relative or ``metric:NAME``.

    Raises:
        InvalidValueError: there is no such axis.
        NotFoundError: there is no such metric.
    """
    kind, _, metric = name.partition(":")
    if kind == "metric" and metric:
        return Axis(known(db, metric))
    match name:
        case "step" | "progress":
            return Axis(name)
        case "time":
            return Axis("step", "absolute")
        case "relative":
            return Axis("step", "relative")
    raise InvalidValueError(f"x is step, progress, time, relative or metric:NAME, not {name!r}")


def known(db: Database, name: str) -> Metric:
    """The metric with a name.

    Raises:
        NotFoundError: there is no such metric.
    """
    metric = curves.find(db, name)
    if metric is None:
        raise NotFoundError(f"there is no metric {name!r}")
    return metric


def read(
    db: Database,
    chains: Sequence[Chain],
    metric: Metric,
    axis: Axis,
    points: int,
    *,
    within: Range | None = None,
    means: bool = False,
) -> dict[int, Points]:
    """A curve for each chain with the metric, by the id of its last run.

    From where a later run of a chain begins, it wins; on an axis of time all of them are shown.

    Args:
        db: where they are.
        chains: the runs; of one that stands alone, a chain of one.
        metric: of which.
        axis: what is across.
        points: how many for each run.
        within: only this part of the axis.
        means: the mean of each stretch instead of its extremes.
    """
    ids = list(dict.fromkeys(run for chain in chains for run in chain.runs))
    spans = curves.spans_of(db, ids, metric)
    clocks = _clocks(db, list(spans)) if axis.time else {}
    starts = {run: _start(chain, clocks) for chain in chains for run in chain.runs}
    ranges = _ranges(spans, clocks, starts, axis, within)
    found = curves.read(db, metric, spans, points, across=axis.across, within=ranges, means=means)
    if axis.time:
        for id, curve in found.items():
            times = clocks[id].times(curve.steps, spans[id].has_steps)
            found[id] = Points((times - starts[id]) / 1000 if axis.time == "relative" else times,
                               curve.values)  # fmt: skip
    whole = {chain.id: _joined([found[run] for run in chain.runs if run in found])
             for chain in chains}  # fmt: skip
    return {id: curve for id, curve in whole.items() if curve.values.size}


def bounded(low: float, high: float) -> Range:
    """A part of an axis in numbers that all databases have.

    Raises:
        InvalidValueError: one of them is NaN.
    """
    if low != low or high != high:
        raise InvalidValueError("a part of an axis is from one number to another, not nan")
    least, most = EVERYTHING
    return min(max(low, least), most), min(max(high, least), most)


def _start(chain: Chain, clocks: Mapping[int, Clock]) -> float:
    return min((clocks[run].start for run in chain.runs if run in clocks), default=0.0)


def _ranges(
    spans: Mapping[int, Span],
    clocks: Mapping[int, Clock],
    starts: Mapping[int, float],
    axis: Axis,
    within: Range | None,
) -> dict[int, Range]:
    """The part of the axis in what the database knows."""
    if within is None:
        return {}
    if axis.time is None:
        return dict.fromkeys(spans, within)
    low, high = within
    found = {}
    for id, span in spans.items():
        ends = (low, high)
        if axis.time == "relative":
            ends = (low * 1000 + starts[id], high * 1000 + starts[id])
        places = (clocks[id].place(end, span.has_steps) for end in ends)
        found[id] = bounded(*places)
    return found


def _joined(parts: Sequence[Points]) -> Points:
    """Curves of a chain, the earliest first, each up to where a later one begins."""
    kept: list[Points] = []
    end = np.inf
    for x, y in reversed(parts):
        kept.insert(0, Points(x[x < end], y[x < end]))
        end = min(end, float(np.min(x)))
    if not kept:
        return Points(np.empty(0), np.empty(0))
    return Points(np.concatenate([x for x, _ in kept]), np.concatenate([y for _, y in kept]))


def _clocks(db: Database, ids: list[int]) -> dict[int, Clock]:
    lengths = {id: ends for id, *ends in reading.fetch(db, _LENGTHS, ids=ids)}
    clocks = {}
    for id, created, started, finished, updated, heartbeat in reading.fetch(db, _TIMES, ids=ids):
        start = _ms(started or created)
        seen = [_ms(time) for time in (updated, heartbeat) if time]
        end = _ms(finished) if finished else max(seen, default=start)
        first, last, progress = lengths[id]
        clocks[id] = Clock(start, max(end, start + 1), first, last, progress or 0.0)
    return clocks


def _ms(time: datetime) -> float:
    return time.timestamp() * 1000
