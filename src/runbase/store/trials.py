"""Writing the trials of Optuna studies: rows of ``runs`` with parameters and attributes."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ..db import Database, repeatable
from ..engines.json import Jsonb
from ..query import Query
from . import columns, metrics, mixed, studies, versions
from .changes import COUNT, Place, change, change_run, run_alone, write
from .points import Point
from .reports import INTERMEDIATE
from .studies import Scope, check_name


class State(NamedTuple):
    """A status with all that belongs to it; ``value`` or ``values`` of the objectives, or none."""

    status: str
    value: float | None
    values: list[float | str] | None
    started: datetime | None
    finished: datetime | None


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
SET_PARAM = change(
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
SET_ATTR = change("", ADD_ATTR, f"{_ATTR} SELECT r.id, :scope, :key, :value FROM r {_REPLACE}")
SET_STATE = change(
    "status = :status, value = :value, objective_values = :objective_values,"
    " time_started = :started, time_finished = :finished"
)
SET_ALL = change(
    "status = :status, value = :value, objective_values = :objective_values, args = :args,"
    " time_started = :started, time_finished = :finished"
)
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
INSERT_RUNNING = """
INSERT INTO runs (experiment_id, number, status, time_started, time_updated, version)
VALUES (?, ?, ?, ?, ?, ?)"""


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
    row = run_alone(db, CREATE, True, study_id=study_id, status="RUNNING", started=started)
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
        version = change_run(db, SET_ALL, place, args=args, **_state(db, template.state))
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
    return write(
        db, SET_PARAM, place, False,
        seq=seq, name=name, value=value, distribution_id=distribution_id, args=Jsonb(args),
    )  # fmt: skip


def set_attr(db: Database, place: Place, scope: Scope, key: str, value: str) -> int | None:
    """Set an attribute to a JSON text; see `set_param`."""
    check_name("an attribute", key)
    return write(db, SET_ATTR, place, False, scope=scope, key=key, value=value)


def set_state(db: Database, place: Place, state: State) -> int | None:
    """Set the status and what belongs to it, synced to disk; see `set_param`."""
    return write(db, SET_STATE, place, True, **_state(db, state))


def _state(db: Database, state: State) -> dict[str, Any]:
    is_kept = state.value is None or db.engine.has_infinity or math.isfinite(state.value)
    return {
        "status": state.status,
        "value": state.value if is_kept else None,
        "objective_values": None if state.values is None else Jsonb(state.values),
        "started": state.started,
        "finished": state.finished,
    }
