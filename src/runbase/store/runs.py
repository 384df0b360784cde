"""Rows of ``runs``: one for each try."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from ..db import Database, repeatable
from ..errors import ConflictError, InvalidValueError, NotFoundError
from ..query import Query
from . import versions
from .experiments import check_name
from .values import check_comment, is_storable

T = TypeVar("T")

#: Statuses with a meaning of their own; others are stored as they are.
STATUSES = (
    "PLANNED", "RUNNING", "COMPLETED", "PRUNED", "FAILED", "CANCELLED",
    # Slurm's
    "BOOT_FAIL", "COMPLETING", "CONFIGURING", "DEADLINE", "NODE_FAIL", "OUT_OF_MEMORY", "PENDING",
    "PREEMPTED", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESIZING", "RESV_DEL_HOLD", "REVOKED",
    "SIGNALING", "SPECIAL_EXIT", "STAGE_OUT", "STOPPED", "SUSPENDED", "TIMEOUT",
)  # fmt: skip

_INSERT = "INSERT INTO runs (experiment_id, number) VALUES (:experiment_id, :number)"
INSERT = Query(f"{_INSERT} RETURNING id", mysql=_INSERT)
INSERT_WITH_ID = Query(
    "INSERT INTO runs (id, experiment_id, number) VALUES (:id, :experiment_id, :number)"
)
# PostgreSQL alone does not see by itself that an id was chosen by hand.
SKIP_ID = Query(
    "SELECT 1",
    postgresql="SELECT setval('runs_id_seq', GREATEST(:id, (SELECT last_value FROM runs_id_seq)))",
)
EXPERIMENT = Query("SELECT experiment_id FROM runs WHERE id = :id")
SET_NAME = Query(f"UPDATE runs SET name = :name, {versions.NEXT_OF_RUN} WHERE id = :id")
SET_COMMENT = Query(f"UPDATE runs SET comment = :comment, {versions.NEXT_OF_RUN} WHERE id = :id")
SET_STATUS = Query("UPDATE runs SET status = :status WHERE id = :id")
SET_TIME = {
    column: Query(f"UPDATE runs SET {column} = :time WHERE id = :id")
    for column in ("time_created", "time_started", "time_updated")
}
START = Query("""
UPDATE runs
   SET status = 'RUNNING', time_finished = NULL,
       time_started = COALESCE(:started, time_started),
       time_updated = COALESCE(:updated, time_updated)
 WHERE id = :id
""")
STOP = Query("""
UPDATE runs
   SET status = :status, time_finished = :finished, time_updated = COALESCE(:updated, time_updated)
 WHERE id = :id
""")
DELETE = Query("DELETE FROM runs WHERE id = :id")


def create(db: Database, experiment_id: int) -> int:
    """Insert a run with the experiment's next number and return its id.

    Raises:
        ConflictError: the experiment is a study, whose runs are its trials.
        NotFoundError: no experiment has this id.
    """
    return _with_number(db, experiment_id, _create)


@repeatable
def _create(db: Database, experiment_id: int) -> int:
    with db.transaction():
        number = _next_number(db, experiment_id)
        return db.insert(INSERT, experiment_id=experiment_id, number=number)


def create_with_id(db: Database, id: int, experiment_id: int) -> None:
    """Insert a run with an id that the caller chose, unless the experiment has it already.

    Raises:
        ConflictError: the run belongs to another experiment.
        InvalidValueError: the id is not positive.
        NotFoundError: no experiment has this id.
    """
    if id < 1:
        raise InvalidValueError(f"the id of a run is a positive number, not {id}")
    if not _is_there(db, id, experiment_id):
        _with_number(db, experiment_id, functools.partial(_create_with_id, id=id))


@repeatable
def _create_with_id(db: Database, experiment_id: int, id: int) -> None:
    with db.transaction():
        number = _next_number(db, experiment_id)
        if _is_there(db, id, experiment_id):
            return
        db.execute(INSERT_WITH_ID, id=id, experiment_id=experiment_id, number=number)
        if db.dialect == "postgresql":
            db.execute(SKIP_ID, id=id)


def _is_there(db: Database, id: int, experiment_id: int) -> bool:
    row = db.row(EXPERIMENT, id=id)
    if row and row[0] != experiment_id:
        raise ConflictError(f"run {id} belongs to experiment {row[0]}, not {experiment_id}")
    return row is not None


def _with_number(db: Database, experiment_id: int, work: Callable[[Database, int], T]) -> T:
    """Do ``work``; once more if someone inserted runs without counting them."""
    try:
        return work(db, experiment_id)
    except Exception as error:
        if not db.engine.is_duplicate(error):
            raise
    versions.repair(db, experiment_id)
    return work(db, experiment_id)


def _next_number(db: Database, experiment_id: int) -> int:
    found = versions.count(db, experiment_id, runs=1)
    if found is None:
        raise NotFoundError(f"there is no experiment {experiment_id}: 'runbase ls' lists them")
    if found.kind == "optuna":
        raise ConflictError(
            f"experiment {experiment_id} is an Optuna study: its trials come from the study, and "
            "runbase.optuna.run_of(trial) gives the run of a trial"
        )
    if found.kind == "ax":
        raise ConflictError(
            f"experiment {experiment_id} is an Ax experiment: its trials come from Ax, with "
            "runbase.ax; metrics can be logged to the run of a trial"
        )
    return found.number


def experiment_of(db: Database, id: int) -> int:
    """The id of the experiment that a run belongs to.

    Raises:
        NotFoundError: no run has this id.
    """
    if row := db.row(EXPERIMENT, id=id):
        return int(row[0])
    raise missing(id)


def exists(db: Database, id: int) -> bool:
    """Whether there is a run with this id."""
    return db.row(EXPERIMENT, id=id) is not None


@repeatable
def start(db: Database, id: int, started: datetime | None, updated: datetime | None) -> None:
    """Set the status to RUNNING, and the times that are given (UTC or any time zone).

    Raises:
        NotFoundError: no run has this id.
    """
    with db.transaction():
        _found(db.execute(START, id=id, started=started, updated=updated), id)


@repeatable
def stop(db: Database, id: int, status: str, finished: datetime, updated: datetime | None) -> None:
    """Set the final status, the time at which the run ended, and ``time_updated`` if given.

    Raises:
        InvalidValueError: the status is not text.
        NotFoundError: no run has this id.
    """
    _check_status(status)
    with db.transaction():
        cursor = db.execute(STOP, id=id, status=status, finished=finished, updated=updated)
        _found(cursor, id)


@repeatable
def set_status(db: Database, id: int, status: str) -> None:
    """Set the status: one of `STATUSES`, or any other text.

    Raises:
        InvalidValueError: the status is not text.
        NotFoundError: no run has this id.
    """
    _check_status(status)
    with db.transaction():
        _found(db.execute(SET_STATUS, id=id, status=status), id)


@repeatable
def set_name(db: Database, id: int, name: str | None) -> None:
    """Set or (None) clear the name.

    Raises:
        InvalidValueError: it is not text, empty, or longer than 500 characters.
        NotFoundError: no run has this id.
    """
    if name is not None:
        check_name(name)
    with db.transaction(durable=False):
        _found(db.execute(SET_NAME, id=id, name=name), id)


@repeatable
def set_comment(db: Database, id: int, comment: str | None) -> None:
    """Set or (None) clear the comment.

    Raises:
        InvalidValueError: it is not text that every engine takes.
        NotFoundError: no run has this id.
    """
    check_comment(comment)
    with db.transaction(durable=False):
        _found(db.execute(SET_COMMENT, id=id, comment=comment), id)


@repeatable
def set_time(db: Database, id: int, column: str, time: datetime) -> None:
    """Set ``time_created``, ``time_started`` or ``time_updated``.

    Raises:
        NotFoundError: no run has this id.
    """
    with db.transaction(durable=False):
        _found(db.execute(SET_TIME[column], id=id, time=time), id)


@repeatable
def delete(db: Database, id: int) -> None:
    """Delete a run with its metrics and links.

    Raises:
        NotFoundError: no run has this id.
    """
    with db.transaction():
        _found(db.execute(DELETE, id=id), id)


def missing(id: int) -> NotFoundError:
    """The error for a run that does not exist."""
    return NotFoundError(f"there is no run {id}: 'runbase runs' lists them")


def _check_status(status: object) -> None:
    if not isinstance(status, str) or not 0 < len(status) <= 64 or not is_storable(status):
        raise InvalidValueError(
            f"a status is text of up to 64 characters such as RUNNING or COMPLETED, not {status!r}"
        )


def _found(cursor: Any, id: int) -> None:
    if not cursor.rowcount:
        raise missing(id)
