"""Writing the trials of Optuna studies: rows of ``runs`` with parameters, attributes and reports.

Each change names the version of the trial that the caller knows, and is refused if somebody changed
the trial since. So whatever the caller concluded from what it knew (the trial is still running,
still waits in the queue, has that many parameters) holds in the moment of writing. Counter, trial
and detail are one transaction; on PostgreSQL one statement and one round trip.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ..db import Database, repeatable
from ..engines.engine import PLAIN
from ..engines.json import Jsonb
from ..errors import NotFoundError
from ..query import Query
from . import columns, metrics, mixed, plans, studies, summaries, versions
from .columns import Metric
from .points import Point
from .studies import Scope, check_name
from .values import check_point

#: The metric that holds what trials report.
INTERMEDIATE = "intermediate_value"


class Place(NamedTuple):
    """A trial of a study, and the versions of both that the caller knows."""

    study_id: int
    id: int
    known: int
    seen: int = -1


class State(NamedTuple):
    """A status with all that belongs to it; ``value`` or ``values`` of the objectives, or none."""

    status: str
    value: float | None
    values: list[float | str] | None
    started: datetime | None
    finished: datetime | None


class Change(NamedTuple):
    """The statements of one kind of change."""

    run: Query
    detail: Query | None


# -- statements -----------------------------------------------------------------------------------

_RUN = "UPDATE runs SET version = {version}, time_updated = :now{sets}"
_GUARD = "WHERE runs.id = :id AND runs.version = :known"
_COUNTED = """
WITH e AS (UPDATE experiments SET version = version + 1 WHERE id = :study_id RETURNING version),
     r AS ({run} FROM e {guard} RETURNING runs.id, runs.version){detail}
SELECT r.version, set_config('synchronous_commit', :commit, TRUE) FROM r"""


def _change(sets: str = "", detail: Query | None = None, whole: str = "") -> Change:
    """``whole`` is the detail on PostgreSQL, as an INSERT that selects from r."""
    sets = sets and f", {sets}"
    run = _COUNTED.format(
        run=_RUN.format(version="e.version", sets=sets),
        guard=_GUARD,
        detail=whole and f",\n     d AS ({whole})",
    )
    usual = f"{_RUN.format(version=':version', sets=sets)} {_GUARD}"
    return Change(Query(usual, postgresql=run), detail)


_PARAM = "INSERT INTO run_params (run_id, seq, name, value, distribution_id)"
_PARAM_VALUES = f"{_PARAM} VALUES (:id, :seq, :name, :value, :distribution_id)"
_OVERWRITE = (
    "ON CONFLICT (run_id, seq)"
    " DO UPDATE SET value = excluded.value, distribution_id = excluded.distribution_id"
)
ADD_PARAM = Query(
    f"{_PARAM_VALUES} {_OVERWRITE}",
    mysql=f"{_PARAM_VALUES} ON DUPLICATE KEY UPDATE"
    " value = VALUES(value), distribution_id = VALUES(distribution_id)",
)
SET_PARAM = _change(
    "args = :args",
    ADD_PARAM,
    f"{_PARAM} SELECT r.id, CAST(:seq AS BIGINT), :name, CAST(:value AS DOUBLE PRECISION),"
    f" CAST(:distribution_id AS BIGINT) FROM r {_OVERWRITE}",
)
_ATTR = "INSERT INTO run_attrs (owner_id, scope, key, value)"
_ATTR_VALUES = f"{_ATTR} VALUES (:id, :scope, :key, :value)"
_REPLACE = "ON CONFLICT (owner_id, scope, key) DO UPDATE SET value = excluded.value"
ADD_ATTR = Query(
    f"{_ATTR_VALUES} {_REPLACE}",
    mysql=f"{_ATTR_VALUES.replace(' key', ' `key`')} ON DUPLICATE KEY UPDATE value = VALUES(value)",
)
SET_ATTR = _change("", ADD_ATTR, f"{_ATTR} SELECT r.id, :scope, :key, :value FROM r {_REPLACE}")
SET_STATE = _change(
    "status = :status, value = :value, objective_values = :objective_values,"
    " time_started = :started, time_finished = :finished"
)
SET_ALL = _change(
    "status = :status, value = :value, objective_values = :objective_values, args = :args,"
    " time_started = :started, time_finished = :finished"
)
TOUCH = _change()
DELETE_PARAMS = Query("DELETE FROM run_params WHERE run_id = :id")
DELETE_ATTRS = Query("DELETE FROM run_attrs WHERE owner_id = :id")

_RUN_COLUMNS = (
    "experiment_id, number, status, value, objective_values, args,"
    " time_started, time_finished, time_updated, version"
)
INSERT = Query(f"""
INSERT INTO runs ({_RUN_COLUMNS})
VALUES (:study_id, :number, :status, :value, :objective_values, :args,
        :started, :finished, :now, :version)
""")
FROM_NUMBER = Query("""
SELECT id FROM runs WHERE experiment_id = :study_id AND number >= :number ORDER BY number
""")
#: One round trip: counter and trial together. For PostgreSQL alone.
CREATE = Query(
    "SELECT 1",
    postgresql=f"""
WITH e AS (UPDATE experiments SET version = version + 1, next_number = next_number + 1
            WHERE id = :study_id AND kind = 'optuna' RETURNING version, next_number - 1 AS number)
INSERT INTO runs ({_RUN_COLUMNS})
SELECT :study_id, e.number, :status, NULL, NULL, NULL,
       CAST(:started AS TIMESTAMPTZ), NULL, CAST(:now AS TIMESTAMPTZ), e.version FROM e
RETURNING id, number, version, set_config('synchronous_commit', :commit, TRUE)
""",
)
HEARTBEAT = Query("UPDATE runs SET heartbeat = CURRENT_TIMESTAMP WHERE id = :id",
    sqlite="UPDATE runs SET heartbeat = strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')"
    " WHERE id = :id",
    mysql="UPDATE runs SET heartbeat = UTC_TIMESTAMP(6) WHERE id = :id",
)  # fmt: skip
_STALE = """
SELECT id FROM runs
 WHERE experiment_id = :study_id AND status = 'RUNNING' AND heartbeat < {limit}
 ORDER BY number"""
STALE = Query(
    _STALE.format(limit="CURRENT_TIMESTAMP - :seconds * INTERVAL '1 second'"),
    sqlite=_STALE.format(
        limit="strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now', '-' || :seconds || ' seconds')"
    ),
    mysql=_STALE.format(limit="UTC_TIMESTAMP(6) - INTERVAL :seconds SECOND"),
)


INSERT_RUNNING = """
INSERT INTO runs (experiment_id, number, status, time_started, time_updated, version)
VALUES (?, ?, ?, ?, ?, ?)"""
COUNT, COUNT_TO = versions.COUNT.text["sqlite"], versions.COUNT_TO.text["sqlite"]


# -- one trial ------------------------------------------------------------------------------------


class Created(NamedTuple):
    """A new trial."""

    id: int
    number: int
    version: int


class Template(NamedTuple):
    """Everything of a trial: parameters as (name, internal value, distribution id)."""

    state: State
    args: dict[str, Any]
    params: list[tuple[str, float, int]]
    attrs: list[tuple[Scope, str, str]]
    reports: Mapping[int, float]


def create(db: Database, study_id: int, started: datetime) -> Created:
    """Insert a running trial with the study's next number.

    Raises:
        NotFoundError: no study has this id.
    """
    try:
        return _create(db, study_id, started)
    except Exception as error:
        if not db.engine.is_duplicate(error):
            raise
    versions.repair(db, study_id)
    return _create(db, study_id, started)


@repeatable
def _create(db: Database, study_id: int, started: datetime) -> Created:
    if db.dialect == "mysql":
        state = State("RUNNING", None, None, started, None)
        return _create_many(db, study_id, [Template(state, {}, [], [], {})])[0]
    if db.dialect == "sqlite":
        return _create_in_sqlite(db, study_id, db.engine.adapt(started))
    row = _alone(db, CREATE, True, study_id=study_id, status="RUNNING", started=started)
    if row is None:
        raise studies.missing(study_id)
    return Created(*row[:3])


def _create_in_sqlite(db: Database, study_id: int, started: str) -> Created:
    with db.quick(durable=True) as execute:
        row = execute(COUNT, {"id": study_id, "runs": 1}).fetchone()
        if row is None or row[2] != studies.KIND:
            raise studies.missing(study_id)
        version, number, _ = row
        values = (study_id, number, "RUNNING", started, db.engine.now(), version)
        return Created(execute(INSERT_RUNNING, values).lastrowid, number, version)


def create_many(db: Database, study_id: int, templates: Sequence[Template]) -> list[Created]:
    """Insert trials with the study's next numbers, all or none.

    Raises:
        InvalidValueError: a name is none that every engine takes.
        NotFoundError: no study has this id.
    """
    for template in templates:
        _check(template)
    _make_room(db, templates)
    try:
        return _create_many(db, study_id, templates)
    except Exception as error:
        if not db.engine.is_duplicate(error):
            raise
    versions.repair(db, study_id)
    return _create_many(db, study_id, templates)


@repeatable
def _create_many(db: Database, study_id: int, templates: Sequence[Template]) -> list[Created]:
    with db.transaction():
        counted = versions.count(db, study_id, runs=len(templates))
        if counted is None or counted.kind != studies.KIND:
            raise studies.missing(study_id)
        return _insert(db, study_id, templates, counted)


def _insert(
    db: Database, study_id: int, templates: Sequence[Template], counted: versions.Counted
) -> list[Created]:
    now = datetime.now(UTC)
    rows = [
        _state(db, template.state)
        | {
            "study_id": study_id,
            "number": number,
            "args": Jsonb(template.args) if template.args else None,
            "now": now,
            "version": counted.version,
        }
        for number, template in enumerate(templates, counted.number)
    ]
    db.execute_many(INSERT, rows)
    ids = [row[0] for row in db.rows(FROM_NUMBER, study_id=study_id, number=counted.number)]
    _insert_details(db, dict(zip(ids, templates, strict=True)))
    return [Created(id, number, counted.version) for number, id in enumerate(ids, counted.number)]


def _insert_details(db: Database, templates: Mapping[int, Template]) -> None:
    params = [
        {"id": id, "seq": seq, "name": name, "value": value, "distribution_id": distribution_id}
        for id, template in templates.items()
        for seq, (name, value, distribution_id) in enumerate(template.params)
    ]
    attrs = [
        {"id": id, "scope": scope, "key": key, "value": value}
        for id, template in templates.items()
        for scope, key, value in template.attrs
    ]
    db.execute_many(ADD_PARAM, params)
    db.execute_many(ADD_ATTR, attrs)
    metrics.write(db, [
        Point(id, step, 0.0, {INTERMEDIATE: value})
        for id, template in templates.items()
        for step, value in template.reports.items()
    ])  # fmt: skip


def _check(template: Template) -> None:
    for name, _, _ in template.params:
        check_name("a parameter's name", name)
    for _, key, _ in template.attrs:
        check_name("an attribute", key)


def _make_room(db: Database, templates: Sequence[Template]) -> None:
    """Make the column for reports before a transaction begins, which could not wait for it."""
    if any(template.reports for template in templates):
        columns.ensure(db, {INTERMEDIATE: "number"})


def replace(
    db: Database, place: Place, template: Template, gone: Collection[int] = ()
) -> int | None:
    """Overwrite a trial with all of ``template``; see `set_param`.

    ``gone`` are the steps of reports that the template has not.
    """
    _check(template)
    _make_room(db, [template])
    return _replace(db, place, template, gone)


@repeatable
def _replace(
    db: Database, place: Place, template: Template, gone: Collection[int] = ()
) -> int | None:
    with db.transaction():
        args = Jsonb(template.args) if template.args else None
        version = _change_run(db, SET_ALL, place, args=args, **_state(db, template.state))
        if version is not None:
            db.execute(DELETE_PARAMS, id=place.id)
            db.execute(DELETE_ATTRS, id=place.id)
            for step in gone:
                metric = columns.ensure(db, {INTERMEDIATE: "number"})[INTERMEDIATE]
                mixed.clear(db, place.id, step, metric)
            _insert_details(db, {place.id: template})
        return version


def set_param(
    db: Database, place: Place, seq: int, name: str, value: float, distribution_id: int,
    args: Mapping[str, Any],
) -> int | None:  # fmt: skip
    """Set parameter number ``seq``, and what people read of all parameters in ``args``.

    Returns:
        The trial's new version; None, and nothing is written, if it was changed before.

    Raises:
        InvalidValueError: the name is none that every engine takes.
    """
    check_name("a parameter's name", name)
    return _write(
        db, SET_PARAM, place, False,
        seq=seq, name=name, value=value, distribution_id=distribution_id, args=Jsonb(args),
    )  # fmt: skip


def set_attr(db: Database, place: Place, scope: Scope, key: str, value: str) -> int | None:
    """Set an attribute to a JSON text; see `set_param`."""
    check_name("an attribute", key)
    return _write(db, SET_ATTR, place, False, scope=scope, key=key, value=value)


def set_state(db: Database, place: Place, state: State) -> int | None:
    """Set the status and what belongs to it, synced to disk; see `set_param`."""
    return _write(db, SET_STATE, place, True, **_state(db, state))


def _state(db: Database, state: State) -> dict[str, Any]:
    is_kept = state.value is None or db.engine.has_infinity or math.isfinite(state.value)
    return {
        "status": state.status,
        "value": state.value if is_kept else None,
        "objective_values": None if state.values is None else Jsonb(state.values),
        "started": state.started,
        "finished": state.finished,
    }


@repeatable
def _write(
    db: Database, /, change: Change, place: Place, durable: bool, **parameters: Any
) -> int | None:
    if db.dialect == "postgresql":
        row = _alone(db, change.run, durable, **place._asdict(), **parameters)
        return None if row is None else int(row[0])
    if db.dialect == "sqlite":
        adapt = db.engine.adapt
        same = {k: v if type(v) in PLAIN else adapt(v) for k, v in parameters.items()}
        with db.quick(durable=durable) as execute:
            return _execute(db, execute, change, place, same)
    with db.transaction(durable=durable):
        version = _change_run(db, change, place, **parameters)
        if version is not None and change.detail is not None:
            db.execute(change.detail, id=place.id, **parameters)
        return version


def _execute(
    db: Database, execute: Any, change: Change, place: Place, parameters: dict[str, Any]
) -> int | None:
    """`_write` inside SQLite's transaction, with parameters that SQLite takes."""
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


def _change_run(db: Database, change: Change, place: Place, **parameters: Any) -> int | None:
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


def _alone(db: Database, query: Query, durable: bool, **parameters: Any) -> Any:
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


# -- reports --------------------------------------------------------------------------------------


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
        version = _change_run(db, TOUCH, place)
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
            version = _execute(db, execute, TOUCH, place, {})
            if version is None:
                return None, False
            row = (place.id, step, 0.0, value)
            return version, plans.write_inside(db, (INTERMEDIATE,), row, execute)
    query = _report_statement(db.engine.quote(metric.column or ""), metric.id)
    found = _alone(db, query, False, **place._asdict(), step=step, value=value)
    return (None, False) if found is None else (int(found[0]), found[2] > 0)


@functools.cache
def _report_statement(column: str, metric_id: int) -> Query:
    run = f"{_RUN.format(version='e.version', sets='')} FROM e {_GUARD}"
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


# -- heartbeats -----------------------------------------------------------------------------------


@repeatable
def beat(db: Database, id: int) -> None:
    """Note that the process of a trial is alive, by the database's clock."""
    with db.transaction(durable=False):
        if not db.execute(HEARTBEAT, id=id).rowcount:
            raise NotFoundError(f"there is no trial {id}")


@repeatable
def stale(db: Database, study_id: int, seconds: float) -> list[int]:
    """Ids of running trials whose last heartbeat is older than that; others have none."""
    return [row[0] for row in db.rows(STALE, study_id=study_id, seconds=seconds)]
