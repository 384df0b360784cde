"""``run_metrics``: what each metric of each run came to, kept in step with the metrics.

A record covers some points of one metric of one run; merging the records of separate points
gives the record of all of them. What is no number (NaN, text, times) counts in ``n_nan`` and as
``last`` (then NULL), not in the minimum and maximum; neither do infinities where the engine has
none. The sum is of the finite values.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..db import Database
from ..query import Dialect, Query


class Record(NamedTuple):
    """One row of ``run_metrics``."""

    run_id: int
    metric_id: int
    n: int
    n_nan: int
    first_step: int
    last_step: int
    last_progress: float
    last: float | None
    min: float | None
    min_step: int | None
    max: float | None
    max_step: int | None
    sum: float | None


FIELDS = Record._fields
_INSERT = f"INSERT INTO run_metrics ({', '.join(FIELDS)}) "
# In this order, because MySQL sees the values that it has set already: a column is set after the
# last one that is decided by its old value.
_LATER = "(new.last_step, new.last_progress) >= (old.last_step, old.last_progress)"
# Of equal values the one at the lowest step counts, in whatever order they come.
_LOWER = (
    "old.min IS NULL OR new.min < old.min OR (new.min = old.min AND new.min_step < old.min_step)"
)
_HIGHER = (
    "old.max IS NULL OR new.max > old.max OR (new.max = old.max AND new.max_step < old.max_step)"
)
_SETS = f"""
    n = old.n + new.n,
    n_nan = old.n_nan + new.n_nan,
    sum = COALESCE({{sum}}, old.sum, new.sum),
    last = CASE WHEN {_LATER} THEN new.last ELSE old.last END,
    last_progress = CASE WHEN {_LATER} THEN new.last_progress ELSE old.last_progress END,
    last_step = CASE WHEN new.last_step > old.last_step THEN new.last_step ELSE old.last_step END,
    first_step = CASE WHEN new.first_step < old.first_step THEN new.first_step
                      ELSE old.first_step END,
    min_step = CASE WHEN {_LOWER} THEN new.min_step ELSE old.min_step END,
    min = CASE WHEN {_LOWER} THEN new.min ELSE old.min END,
    max_step = CASE WHEN {_HIGHER} THEN new.max_step ELSE old.max_step END,
    max = CASE WHEN {_HIGHER} THEN new.max ELSE old.max END"""


# SQLite's sums overflow to infinity; the servers would refuse the row.
_SUM = "old.sum + new.sum"
_SAFE_SUM = f"CASE WHEN ABS(old.sum) < 8e307 AND ABS(new.sum) < 8e307 THEN {_SUM} END"


def _merging(dialect: Dialect) -> str:
    sets = _SETS.replace("{sum}", _SUM if dialect == "sqlite" else _SAFE_SUM)
    sets = sets.replace("old.", "run_metrics.")
    if dialect == "mysql":
        sets = re.sub(r"new\.(\w+)", r"VALUES(\1)", sets)
        return f"ON DUPLICATE KEY UPDATE {sets}"
    return f"ON CONFLICT (run_id, metric_id) DO UPDATE SET {sets.replace('new.', 'excluded.')}"


MERGING: dict[Dialect, str] = {d: _merging(d) for d in ("sqlite", "postgresql", "mysql")}
_ROW = f"{_INSERT} VALUES ({', '.join(f':{f}' for f in FIELDS)}) "
MERGE = Query(
    _ROW + MERGING["sqlite"], postgresql=_ROW + MERGING["postgresql"], mysql=_ROW + MERGING["mysql"]
)
REMOVE = Query("DELETE FROM run_metrics WHERE run_id = :run_id AND metric_id = :metric_id")


def single_point(metric_ids: Sequence[int], values: Sequence[str], dialect: Dialect) -> str:
    """The start of an INSERT ... SELECT or VALUES that merges one point of several metrics.

    ``values`` are SQL expressions; ``:step``, ``:progress`` and ``:run_id`` stand in the text.
    """
    rows = ", ".join(
        f"(:run_id, {id}, 1, 0, :step, :step, :progress, {v}, {v}, :step, {v}, :step, {v})"
        for id, v in zip(metric_ids, values, strict=True)
    )
    return f"{_INSERT} VALUES {rows} {MERGING[dialect]}"


def merge(db: Database, records: Iterable[Record]) -> None:
    """Merge records into ``run_metrics``, in the open transaction."""
    # Always in the same order, so that two programs cannot wait for each other.
    db.execute_many(MERGE, [record._asdict() for record in sorted(records, key=lambda r: r[:2])])


def replace(db: Database, run_id: int, metric_id: int, record: Record | None) -> None:
    """Set one row, or remove it."""
    db.execute(REMOVE, run_id=run_id, metric_id=metric_id)
    if record is not None:
        merge(db, [record])


def of_points(
    db: Database, run_id: int, metric_id: int, points: Iterable[tuple[int, float, Any]]
) -> Record | None:
    """The record of (step, progress, number or None) points; None if there are none.

    None stands for values that are no numbers, such as text.
    """
    found = sorted(points, key=lambda p: p[:2])
    if not found:
        return None
    numbers = [(v, s) for s, _, v in found if v is not None and _is_kept(db, v)]
    low = min(numbers, key=lambda n: n[0], default=(None, None))
    high = max(numbers, key=lambda n: n[0], default=(None, None))
    last_step, last_progress, last = found[-1]
    return Record(
        run_id=run_id,
        metric_id=metric_id,
        n=len(found),
        n_nan=sum(v is None or v != v for _, _, v in found),
        first_step=found[0][0],
        last_step=last_step,
        last_progress=last_progress,
        last=last if last is not None and _is_kept(db, last) else None,
        min=low[0],
        min_step=low[1],
        max=high[0],
        max_step=high[1],
        sum=total([v for v, _ in numbers if math.isfinite(v)]),
    )


def _is_kept(db: Database, number: float) -> bool:
    return math.isfinite(number) or (number == number and db.engine.has_infinity)


def total(numbers: Sequence[float]) -> float | None:
    """The sum of finite numbers; None if there are none, or if it overflows."""
    found = sum(numbers)
    return found if numbers and math.isfinite(found) else None
