"""One change of a trial: refused if somebody changed the trial since the caller read it.

Each change names the version of the trial that the caller knows. So whatever the caller concluded
from what it knew (the trial is still running, still waits in the queue, has that many parameters)
holds in the moment of writing. Counter, trial and detail are one transaction; on PostgreSQL one
statement and one round trip.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from ..db import Database, repeatable
from ..engines.engine import PLAIN
from ..query import Query
from . import versions

COUNT, COUNT_TO = versions.COUNT.text["sqlite"], versions.COUNT_TO.text["sqlite"]


class Place(NamedTuple):
    """A trial of a study, and the versions of both that the caller knows."""

    study_id: int
    id: int
    known: int
    seen: int = -1


class Change(NamedTuple):
    """The statements of one kind of change."""

    run: Query
    detail: Query | None


RUN = "UPDATE runs SET version = {version}, time_updated = :now{sets}"
GUARD = "WHERE runs.id = :id AND runs.version = :known"
_COUNTED = """
WITH e AS (UPDATE experiments SET version = version + 1 WHERE id = :study_id RETURNING version),
     r AS ({run} FROM e {guard} RETURNING runs.id, runs.version){detail}
SELECT r.version, set_config('synchronous_commit', :commit, TRUE) FROM r"""


def change(sets: str = "", detail: Query | None = None, whole: str = "") -> Change:
    """``whole`` is the detail on PostgreSQL, as an INSERT that selects from r."""
    sets = sets and f", {sets}"
    run = _COUNTED.format(
        run=RUN.format(version="e.version", sets=sets),
        guard=GUARD,
        detail=whole and f",\n     d AS ({whole})",
    )
    usual = f"{RUN.format(version=':version', sets=sets)} {GUARD}"
    return Change(Query(usual, postgresql=run), detail)


@repeatable
def write(
    db: Database, /, change: Change, place: Place, durable: bool, **parameters: Any
) -> int | None:
    """Make a change of a trial.

    Returns:
        The trial's new version; None, and nothing is written, if it was changed before.
    """
    if db.dialect == "postgresql":
        row = run_alone(db, change.run, durable, **place._asdict(), **parameters)
        return None if row is None else int(row[0])
    if db.dialect == "sqlite":
        adapt = db.engine.adapt
        same = {k: v if type(v) in PLAIN else adapt(v) for k, v in parameters.items()}
        with db.quick(durable=durable) as execute:
            return execute_inside(db, execute, change, place, same)
    with db.transaction(durable=durable):
        version = change_run(db, change, place, **parameters)
        if version is not None and change.detail is not None:
            db.execute(change.detail, id=place.id, **parameters)
        return version


def execute_inside(
    db: Database, execute: Any, change: Change, place: Place, parameters: dict[str, Any]
) -> int | None:
    """`write` inside SQLite's transaction, with parameters that SQLite takes."""
    study_id, id, known, seen = place
    version = seen + 1
    counted = {"id": study_id, "seen": seen, "version": version, "runs": 0}
    if not execute(COUNT_TO, counted).rowcount:
        row = execute(COUNT, counted).fetchone()
        if row is None:
            return None
        version = row[0]
    parameters |= {"id": id, "known": known, "version": version, "now": db.engine.now()}
    if not execute(change.run.text["sqlite"], parameters).rowcount:
        return None
    if change.detail is not None:
        execute(change.detail.text["sqlite"], parameters)
    return version


def change_run(db: Database, change: Change, place: Place, **parameters: Any) -> int | None:
    """Count and update in the open transaction; on PostgreSQL with the detail."""
    now = datetime.now(UTC)
    same = {"id": place.id, "known": place.known, "now": now} | parameters
    if db.dialect == "postgresql":
        row = db.row(change.run, study_id=place.study_id, commit="on", **same)
        return None if row is None else int(row[0])
    counted = versions.count(db, place.study_id)
    if counted is None:
        return None
    done = db.execute(change.run, version=counted.version, **same).rowcount
    return counted.version if done else None


def run_alone(db: Database, query: Query, durable: bool, **parameters: Any) -> Any:
    """Run one statement that is a transaction of its own, and return its row."""
    if db.durability is not None:
        durable = db.durability == "full"
    if db.session.in_block:
        with db.transaction():
            return db.row(query, now=datetime.now(UTC), commit="on", **parameters)
    adapt = db.engine.adapt
    adapted = {k: v if type(v) in PLAIN else adapt(v) for k, v in parameters.items()}
    adapted |= {"now": datetime.now(UTC), "commit": "on" if durable else "off"}
    return db.session.run(query.text["postgresql"], adapted).fetchone()
