"""What Ax's trials measured, in ``metrics``: written as far as it is new, read for many at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...db import Database
from ...engines.json import jsonb
from ...query import Query
from .. import columns, curves, metrics, plans, values
from ..columns import Metric
from ..curves import SPECIAL
from ..points import Point, check, plain_numbers
from .observations import Place

#: Values by name at each place of one arm.
Cells = Mapping[Place, Mapping[str, float]]

_OF = "FROM {table} AS m JOIN runs AS r ON r.id = m.run_id WHERE r.experiment_id = :id"
_NEW = " AND r.version > :seen AND r.version > 0"
SPECIALS = Query(
    "SELECT m.run_id, m.step, m.progress, k.name, m.value"
    " FROM metric_specials AS m JOIN metric_names AS k ON k.id = m.metric_id"
    f" JOIN runs AS r ON r.id = m.run_id WHERE r.experiment_id = :id{_NEW}"
)
MORE = Query(
    f"SELECT m.run_id, m.step, m.progress, m.data {_OF.format(table='metrics_more')}{_NEW}"
)
NAMES = Query(
    "SELECT k.name FROM run_metrics AS m JOIN metric_names AS k ON k.id = m.metric_id"
    " WHERE m.run_id = :run_id"
)
DELETE = tuple(
    Query(f"DELETE FROM {table} WHERE run_id = :run_id")
    for table in ("metrics", "metrics_more", "metric_specials", "run_metrics")
)


def make_room(db: Database, names: set[str]) -> None:
    """Make columns for metrics before a transaction begins, which could not wait for them.

    Raises:
        InvalidValueError: a name cannot be kept.
    """
    known = columns.catalogue(db).metrics
    if not names <= known.keys():
        columns.ensure(db, dict.fromkeys(sorted(names), "number"))


def write(db: Database, run_id: int, old: Cells, new: Cells) -> None:
    """Make what a run measured ``new``, where it was ``old``, in the open transaction.

    What other programs logged to the run stays.
    """
    if any(not cell.keys() <= new.get(place, {}).keys() for place, cell in old.items()):
        kept = _others(db, run_id, old)
        for query in DELETE:
            db.execute(query, run_id=run_id)
        metrics.write(db, kept)
        old = {}
    changed = [
        (place, cell)
        for place, values_at in new.items()
        if (cell := _news(old.get(place, {}), values_at))
    ]
    if len(changed) != 1 or not _is_written(db, run_id, *changed[0]):
        metrics.write(db, [check(run_id, cell, *place) for place, cell in changed])


def _others(db: Database, run_id: int, known: Cells) -> list[Point]:
    """All that a run has but what is ``known``."""
    found = []
    by_name = columns.refresh(db)
    for (name,) in db.rows(NAMES, run_id=run_id):
        for step, progress, value in curves.read(db, run_id, by_name[name]):
            if name not in known.get((step, progress), {}):
                logged = jsonb(value) if isinstance(value, dict | list) else value
                found.append(check(run_id, {name: logged}, step, progress))
    return found


def _is_written(db: Database, run_id: int, place: Place, cell: Mapping[str, float]) -> bool:
    """Write a single point the short way; False if it needs the long one."""
    numbers = plain_numbers(cell.values())
    if numbers is None:
        return False
    return plans.write_in_block(db, tuple(cell), (run_id, *place, *numbers))


def _news(old: Mapping[str, float], new: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in new.items() if not _is_same(old.get(name), value)}


def _is_same(old: float | None, new: float) -> bool:
    return old == new or (old is not None and old != old and new != new)


def read(
    db: Database, experiment_id: int, names: set[str], seen: int = 0
) -> dict[int, dict[Place, dict[str, float]]]:
    """What the runs of an experiment measured that changed after version ``seen``, by run.

    ``names`` are the metrics that are looked for.
    """
    found: dict[int, dict[Place, dict[str, float]]] = {}
    if not names:
        return found
    where = {"id": experiment_id, "seen": seen}
    known = columns.catalogue(db).metrics
    # A metric without a column may have got one since.
    if any(name not in known or known[name].column is None for name in names):
        known = columns.refresh(db)
    _read_columns(db, [known[name] for name in sorted(names) if name in known], where, found)
    for run_id, step, progress, name, text in db.rows(SPECIALS, **where):
        found.setdefault(run_id, {}).setdefault((step, progress), {})[name] = SPECIAL[text]
    for run_id, step, progress, data in db.rows(MORE, **where):
        cell = found.setdefault(run_id, {}).setdefault((step, progress), {})
        numbers = {name: values.number(value) for name, value in data.items()}
        cell |= {name: value for name, value in numbers.items() if value is not None}
    return found


def _read_columns(
    db: Database, wanted: list[Metric], where: dict[str, Any], found: dict[int, Any]
) -> None:
    wanted = [m for m in wanted if m.column is not None and m.kind in ("number", "integer")]
    if not wanted:
        return
    cells = "".join(f", m.{db.engine.quote(m.column or '')}" for m in wanted)
    # The names of columns may have colons, which must not become parameters.
    mark = ("?", "?") if db.dialect == "sqlite" else ("%s", "%s")
    if db.dialect != "sqlite":
        cells = cells.replace("%", "%%")
    sql = (
        f"SELECT m.run_id, m.step, m.progress{cells}"
        " FROM metrics AS m JOIN runs AS r ON r.id = m.run_id"
        f" WHERE r.experiment_id = {mark[0]} AND r.version > {mark[1]} AND r.version > 0"
    )
    names = [m.name for m in wanted]
    for run_id, step, progress, *row in db.run(sql, [where["id"], where["seen"]]).fetchall():
        cell = found.setdefault(run_id, {}).setdefault((step, progress), {})
        for name, value in zip(names, row, strict=True):
            if value is not None:
                cell[name] = float(value)
