"""What an experiment's trials come to: counts, the best, what runs, and how fast."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..db import Database
from . import feedback, reading
from .api.types import Counts, Number, TrialRef
from .columns.base import millis, number
from .columns.pareto import front
from .columns.table import Bools, Floats, Table

SHOWN = 20
#: Seconds without a heartbeat after which a trial that has one is stale.
SILENT = 180.0
#: Without heartbeats one is stale that runs so much longer than the longest, and than seconds.
LONGER, AT_LEAST = 5.0, 600.0
#: The rate is that of so many trials at most, finished in so many milliseconds.
LAST, HOUR = 50, 3.6e6
#: So many of the latest running trials are looked at; more are likely to be left over from crashes.
MOST_RUNNING = 1000


class Pace(NamedTuple):
    """How fast trials finish."""

    #: Trials a minute; None when nothing finished for long.
    rate: float | None
    #: Seconds.
    mean_duration: float | None


class Running(NamedTuple):
    """What runs now."""

    #: Places of running trials.
    at: NDArray[np.intp]
    #: Numbers of those without a sign of life for long.
    stale: list[int]
    #: When one of them last gave a sign of life; NaN without.
    latest: float


def now() -> float:
    """Milliseconds since 1970."""
    return time.time() * 1000


def counts(table: Table, used: Bools | None = None) -> Counts:
    """Trials by status."""
    status = table.status if used is None else table.status[used]
    by_place = np.bincount(status, minlength=len(table.statuses)).tolist()
    by_status = dict(zip(table.statuses, by_place, strict=False))
    named = {s: by_status[s] for s in Counts.__struct_fields__ if s in by_status}
    return Counts(total=len(status), **named, other=len(status) - sum(named.values()))


def best(table: Table, used: Bools | None = None) -> NDArray[np.intp]:
    """Places of the best trials: the first of them for one objective, the front for several.

    Of a preferential study they are those that won a comparison and lost none.
    """
    if used is None:
        return table.cached("best", lambda: _best(table, np.ones(len(table), np.bool_)))
    return _best(table, used)


def _best(table: Table, used: Bools) -> NDArray[np.intp]:
    n = len(table.directions)
    if not n:
        return np.zeros(0, np.intp)
    if (answers := feedback.or_none(table)) is not None:
        return np.flatnonzero(used & feedback.best(table, answers))
    losses = np.stack([table.losses(i) for i in range(n)], axis=1)
    at = np.flatnonzero(table.is_candidate & used & ~np.isnan(losses).any(axis=1))
    if n == 1:
        return at[[losses[at, 0].argmin()]] if len(at) else at
    return at[front(losses[at])]


def refs(table: Table, at: NDArray[np.intp]) -> list[TrialRef]:
    """Trials at some places in a few words."""
    ids = table.ids[at].tolist()
    rows = reading.rows(table.db, ids)
    return [
        TrialRef(
            number=int(table.numbers[i]),
            id=id,
            status=rows[id].status,
            values=objective_values(rows[id].value, rows[id].values, len(table.directions)),
            params=rows[id].args,
            feasible=bool(table.feasible[i]),
            time_started=time_or_none(table.start[i]),
            time_finished=time_or_none(table.finish[i]),
            trial=int(table.trials[i]),
            name=rows[id].name,
            sems=errors(table, i),
        )
        for i, id in zip(at.tolist(), ids, strict=True)
        if id in rows
    ]


def objective_values(
    value: float | None, values: list[Any] | None, objectives: int
) -> list[Number]:
    """The values of a trial from its row; none if it has no objectives."""
    found = values if values is not None else [] if value is None else [value]
    return [as_json(number(each)) for each in found] if objectives else []


def errors(table: Table, at: int) -> list[Number | None]:
    """The standard errors of the values of a trial; none where none is known."""
    found = [float(column[at]) for column in table.errors]
    return [None if x != x else as_json(x) for x in found] if any(x == x for x in found) else []


def as_json(x: float) -> Number:
    """A number as JSON has it."""
    return x if math.isfinite(x) else "nan" if math.isnan(x) else "inf" if x > 0 else "-inf"


def time_or_none(milliseconds: float) -> float | None:
    """None for NaN."""
    return None if np.isnan(milliseconds) else float(milliseconds)


def running(table: Table, db: Database) -> Running:
    """What runs, and what seems to run only.

    A trial is stale when its last heartbeat is older than three minutes. One that has none is
    stale when it runs for more than five times as long as the longest trial that finished, and
    for at least ten minutes; runs that log are alive while they do. Where people are asked about
    trials, these run until somebody has time: only heartbeats tell.
    """
    at = np.flatnonzero(table.has("RUNNING"))
    ids = table.ids[at[-MOST_RUNNING:]].tolist()
    signs = reading.signs_of_life(db, ids)
    asks = feedback.or_none(table) is not None or bool(
        reading.system_attrs(db, table.experiment_id, "dashboard:%form_widgets")
    )
    longest = np.inf if asks else table.cached("longest", lambda: _longest(table))
    stale, latest = [], [np.nan]
    for i, id in zip(at[-MOST_RUNNING:].tolist(), ids, strict=True):
        heartbeat, updated = (millis(sign) for sign in signs.get(id, (None, None)))
        if is_stale(float(table.start[i]), heartbeat, updated, longest):
            stale.append(int(table.numbers[i]))
        latest += [heartbeat, updated]
    return Running(at, stale, last(latest))


def is_stale(start: float, heartbeat: float, updated: float, longest: float) -> bool:
    """Whether a running trial seems to run only; see `running`.

    Args:
        start: when it began, in milliseconds since 1970; NaN without, like the next two.
        heartbeat: its last one.
        updated: when it last changed, or logged something.
        longest: seconds that the longest finished trial ran.
    """
    if heartbeat == heartbeat:
        return now() - heartbeat > SILENT * 1000
    return now() - last([start, updated]) > max(LONGER * longest, AT_LEAST) * 1000


def count_stale(running: Iterable[tuple[float, float, float]], longest: float) -> int:
    """How many of some running trials are stale, by start, heartbeat and last change."""
    return sum(is_stale(*each, longest) for each in running)


def _longest(table: Table) -> float:
    durations = table.column("duration").values
    return float(np.fmax.reduce(durations, initial=0.0))


def last(times: Iterable[float]) -> float:
    """The latest of some times; NaN without."""
    return max((t for t in times if t == t), default=np.nan)


def pace(table: Table) -> Pace:
    """How fast trials finish; slow when nothing has finished for a while."""
    ends, durations, mean = table.cached("ends", lambda: _ends(table))
    if not len(ends) or mean is None:
        return Pace(None, mean)
    moment = now()
    if moment - ends[-1] > max(10_000 * mean, 60_000):
        return Pace(None, mean)
    recent = ends[-LAST:]
    recent = recent[recent >= min(moment - HOUR, ends[-2] if len(ends) > 1 else ends[-1])]
    if len(recent) == 1:
        span, n = max(moment - float(recent[0]), 0.0) + 1000 * float(durations[-1]), 1
    else:
        span, n = moment - float(recent[0]), len(recent) - 1
    return Pace(n / max(span / 60_000, 1e-6), mean)


def _ends(table: Table) -> tuple[Floats, Floats, float | None]:
    """The last times at which trials finished, their durations, and the mean of all."""
    done = np.flatnonzero(~np.isnan(table.finish) & table.has("COMPLETED", "PRUNED", "FAILED"))
    if not len(done):
        return np.zeros(0), np.zeros(0), None
    durations = table.column("duration").values[done]
    there = durations[~np.isnan(durations)]
    finish = table.finish[done]
    lately = np.argpartition(finish, -LAST)[-LAST:] if len(done) > LAST else np.arange(len(done))
    order = lately[np.argsort(finish[lately], kind="stable")]
    mean = float(there.mean()) if len(there) else None
    return finish[order], np.nan_to_num(durations[order]), mean


def improvement(table: Table, used: Bools | None = None) -> float | None:
    """How much better the best is than it was a tenth of the trials ago (positive: better)."""
    if len(table.directions) != 1 or feedback.or_none(table) is not None:
        return None
    is_in = table.is_candidate if used is None else table.is_candidate & used
    losses = np.where(is_in, table.losses(0), np.nan)
    if used is not None:
        losses = losses[used]
    before = losses[: len(losses) * 9 // 10]
    if np.isnan(before).all():
        return None
    change = float(np.nanmin(before) - np.nanmin(losses))
    return change if np.isfinite(change) else None
