"""The trials of Ax experiments: rows of ``runs`` with Ax's document of each.

A trial with one arm is a run with the trial's index for its number. A batch trial is a run
without arguments, and one more for each of its arms, whose parent it is and whose numbers are
below 0. What arms measured belongs to the runs of the arms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ...db import Database
from ...engines.json import Jsonb
from ...query import Query
from . import points
from .observations import Place, Points

#: JSON texts by scope and key.
Attrs = Mapping[tuple[str, str], str]


class Arm(NamedTuple):
    """An arm as a run: what it tried, and what came of it."""

    name: str
    args: Mapping[str, Any]
    status: str
    value: float | None
    values: Sequence[float | None] | None
    attrs: Attrs


class Trial(NamedTuple):
    """A trial that is to be written; times are UTC, ``doc`` and ``layout`` JSON texts."""

    number: int
    status: str
    created: datetime | None
    started: datetime | None
    finished: datetime | None
    is_batch: bool
    arms: Sequence[Arm]
    attrs: Attrs
    doc: str
    layout: str
    points: Points


class Known(NamedTuple):
    """What is known to be stored of a trial."""

    run_id: int
    version: int
    #: The ids of its arms' runs by name; that of the trial itself where it is no batch.
    arms: Mapping[str, int]
    #: What was written of it.
    trial: Trial


class Stored(NamedTuple):
    """A trial as it is stored; what it measured is by the id of the run."""

    run_id: int
    number: int
    version: int
    arms: Mapping[str, int]
    doc: str
    layout: str
    ax_version: str


INSERT = Query(
    "INSERT INTO runs (experiment_id, number, parent_id, name, status, args, value,"
    " objective_values, time_created, time_started, time_finished, time_updated, version)"
    " VALUES (:experiment_id, :number, :parent_id, :name, :status, :args, :value, :values,"
    " :created, :started, :finished, :now, :version) RETURNING id",
    mysql="INSERT INTO runs (experiment_id, number, parent_id, name, status, args, value,"
    " objective_values, time_created, time_started, time_finished, time_updated, version)"
    " VALUES (:experiment_id, :number, :parent_id, :name, :status, :args, :value, :values,"
    " :created, :started, :finished, :now, :version)",
)
UPDATE = Query("""
UPDATE runs
   SET name = :name, status = :status, args = :args, value = :value, objective_values = :values,
       time_started = :started, time_finished = :finished, time_updated = :now, version = :version
 WHERE id = :id AND version = :known
""")
UPDATE_ARM = Query("""
UPDATE runs
   SET status = :status, args = :args, value = :value, objective_values = :values,
       time_started = :started, time_finished = :finished, time_updated = :now, version = :version
 WHERE id = :id
""")
DELETE_ARM = Query("DELETE FROM runs WHERE id = :id")
ADD_DOC = Query(
    "INSERT INTO ax_trials (run_id, doc, layout, ax_version)"
    " VALUES (:run_id, :doc, :layout, :ax_version)"
)
SET_DOC = Query(
    "UPDATE ax_trials SET doc = :doc, layout = :layout, ax_version = :ax_version"
    " WHERE run_id = :run_id"
)
_ATTR = "INSERT INTO run_attrs (owner_id, scope, key, value) VALUES (:id, :scope, :key, :value)"
PUT_ATTR = Query(
    f"{_ATTR} ON CONFLICT (owner_id, scope, key) DO UPDATE SET value = excluded.value",
    mysql=f"{_ATTR.replace(' key', ' `key`')} ON DUPLICATE KEY UPDATE value = VALUES(value)",
)
_NO_ATTR = "DELETE FROM run_attrs WHERE owner_id = :id AND scope = :scope AND key = :key"
DELETE_ATTR = Query(_NO_ATTR, mysql=_NO_ATTR.replace(" key ", " `key` "))
LOWEST = Query("SELECT MIN(number) FROM runs WHERE experiment_id = :id AND number < 0")
_READ = """
SELECT r.id, r.number, r.parent_id, r.name, r.version, t.doc, t.layout, t.ax_version
  FROM runs AS r
  LEFT JOIN ax_trials AS t ON t.run_id = r.id
 WHERE r.experiment_id = :id"""
READ = Query(f"{_READ} ORDER BY r.number")
CHANGED = Query(f"{_READ} AND r.version > :seen AND r.version > 0 ORDER BY r.number + 0")


def insert(
    db: Database, experiment_id: int, trials: Sequence[Trial], version: int, ax_version: str
) -> list[Known]:
    """Insert trials in the open transaction.

    The driver's error for a unique key that is violated means that one of them is there.
    """
    now = datetime.now(UTC)
    same = {"experiment_id": experiment_id, "now": now, "version": version}
    lowest = _lowest(db, experiment_id) if any(trial.is_batch for trial in trials) else 0
    found, attrs, docs = [], [], []
    for trial in trials:
        id = db.insert(INSERT, **same, number=trial.number, parent_id=None, **_row(trial))
        docs.append(_doc(id, trial, ax_version))
        attrs += _attrs(id, trial.attrs)
        arms = {} if trial.is_batch else {trial.arms[0].name: id} if trial.arms else {}
        for arm in trial.arms if trial.is_batch else ():
            lowest -= 1
            row = _times(trial) | _arm(arm)
            arms[arm.name] = db.insert(
                INSERT, **same, number=lowest, parent_id=id, created=_created(trial), **row
            )
            attrs += _attrs(arms[arm.name], arm.attrs)
        found.append(Known(id, version, arms, trial))
    db.execute_many(ADD_DOC, docs)
    db.execute_many(PUT_ATTR, attrs)
    for trial, known in zip(trials, found, strict=True):
        _write_points(db, known.arms, {}, trial.points)
    return found


def update(
    db: Database, experiment_id: int, trial: Trial, known: Known, version: int, ax_version: str
) -> Known | None:
    """Overwrite a trial in the open transaction; None if somebody changed it since it was read."""
    now = datetime.now(UTC)
    same = {"now": now, "version": version}
    row = _row(trial)
    row.pop("created")
    if not db.execute(UPDATE, id=known.run_id, known=known.version, **same, **row).rowcount:
        return None
    db.execute(SET_DOC, **_doc(known.run_id, trial, ax_version))
    _write_attrs(db, known.run_id, known.trial.attrs, trial.attrs)
    arms = dict(known.arms)
    if trial.is_batch:
        _update_arms(db, experiment_id, trial, known, same, arms)
    elif trial.arms:
        arms = {trial.arms[0].name: known.run_id}
    _write_points(db, arms, known.trial.points, trial.points)
    return Known(known.run_id, version, arms, trial)


def _update_arms(
    db: Database, experiment_id: int, trial: Trial, known: Known, same: dict[str, Any],
    arms: dict[str, int],
) -> None:  # fmt: skip
    before = {arm.name: arm.attrs for arm in known.trial.arms}
    wanted = {arm.name for arm in trial.arms}
    for name in [name for name in arms if name not in wanted]:
        db.execute(DELETE_ARM, id=arms.pop(name))
    lowest: int | None = None
    for arm in trial.arms:
        row = _times(trial) | _arm(arm)
        if arm.name in arms:
            row.pop("name")
            db.execute(UPDATE_ARM, id=arms[arm.name], **same, **row)
        else:
            lowest = (_lowest(db, experiment_id) if lowest is None else lowest) - 1
            arms[arm.name] = db.insert(
                INSERT, experiment_id=experiment_id, number=lowest, parent_id=known.run_id,
                created=_created(trial), **same, **row,
            )  # fmt: skip
        _write_attrs(db, arms[arm.name], before.get(arm.name, {}), arm.attrs)


def _write_attrs(db: Database, id: int, old: Attrs, new: Attrs) -> None:
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    gone = [{"id": id, "scope": scope, "key": key} for scope, key in old.keys() - new.keys()]
    db.execute_many(PUT_ATTR, _attrs(id, changed))
    db.execute_many(DELETE_ATTR, gone)


def _write_points(db: Database, arms: Mapping[str, int], old: Points, new: Points) -> None:
    before, after = _by_run(arms, old), _by_run(arms, new)
    for id in before.keys() | after.keys():
        if before.get(id) != after.get(id):
            points.write(db, id, before.get(id, {}), after.get(id, {}))


def _by_run(arms: Mapping[str, int], found: Points) -> dict[int, dict[Place, dict[str, float]]]:
    return {arms[name]: cells for name, cells in found.items() if name in arms}


def _row(trial: Trial) -> dict[str, Any]:
    """The columns of a trial's own run."""
    row = _times(trial) | {"created": _created(trial), "name": None}
    row |= {"status": trial.status, "args": None, "value": None, "values": None}
    if not trial.is_batch and trial.arms:
        row |= _arm(trial.arms[0]) | {"status": trial.status}
    return row


def _created(trial: Trial) -> datetime:
    return trial.created or datetime.now(UTC)


def _times(trial: Trial) -> dict[str, Any]:
    return {"started": trial.started, "finished": trial.finished}


def _arm(arm: Arm) -> dict[str, Any]:
    return {
        "name": arm.name,
        "status": arm.status,
        "args": Jsonb(dict(arm.args)),
        "value": arm.value,
        "values": None if arm.values is None else Jsonb(list(arm.values)),
    }


def _doc(run_id: int, trial: Trial, ax_version: str) -> dict[str, Any]:
    return {
        "run_id": run_id, "doc": trial.doc, "layout": trial.layout, "ax_version": ax_version,
    }  # fmt: skip


def _attrs(id: int, attrs: Attrs) -> list[dict[str, Any]]:
    return [
        {"id": id, "scope": scope, "key": key, "value": value}
        for (scope, key), value in attrs.items()
    ]


def _lowest(db: Database, experiment_id: int) -> int:
    return int(db.row(LOWEST, id=experiment_id)[0] or 0)


def read(db: Database, experiment_id: int, seen: int | None = None) -> list[Stored]:
    """The trials of an experiment by index, all or those that changed after version ``seen``."""
    if seen is None:
        rows = db.rows(READ, id=experiment_id)
    else:
        rows = db.rows(CHANGED, id=experiment_id, seen=seen)
    arms: dict[int, dict[str, int]] = {}
    for id, _, parent_id, name, *_ in rows:
        if parent_id is not None:
            arms.setdefault(parent_id, {})[name] = id
    return [
        Stored(id, number, version, arms.get(id) or _own(id, name), doc, layout, ax_version)
        for id, number, _, name, version, doc, layout, ax_version in rows
        if doc is not None
    ]


def _own(id: int, name: str | None) -> dict[str, int]:
    return {} if name is None else {name: id}


def by_arm(
    trial: Stored, found: Mapping[int, Mapping[Place, Mapping[str, float]]]
) -> dict[str, dict[Place, dict[str, float]]]:
    """What the arms of a trial measured, of what `points.read` found."""
    return {
        name: {place: dict(cell) for place, cell in found[id].items()}
        for name, id in trial.arms.items()
        if id in found
    }


def numbers_of(trials: Iterable[Trial]) -> int:
    """One more than the highest number of trials."""
    return max((trial.number for trial in trials), default=-1) + 1
