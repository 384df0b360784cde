"""Rows of ``experiments``."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from ..db import Database, repeatable
from ..errors import ConflictError, InvalidValueError, NotFoundError
from ..query import Query
from .values import check_comment, is_storable

MAX_NAME = 500  # characters; MySQL's longest unique key


class ExperimentRow(NamedTuple):
    """An experiment and how many runs it has; times are UTC."""

    id: int
    kind: str
    name: str
    comment: str | None
    tags: dict[str, Any] | None
    extras: dict[str, Any] | None
    time_created: datetime
    runs: int
    running: int
    failed: int
    time_updated: datetime | None


INSERT = Query(
    "INSERT INTO experiments (kind, name) VALUES (:kind, :name)"
    " ON CONFLICT (kind, name) DO NOTHING",
    mysql="INSERT INTO experiments (kind, name) VALUES (:kind, :name)"
    " ON DUPLICATE KEY UPDATE kind = kind",
)
FIND = Query("SELECT id FROM experiments WHERE kind = :kind AND name = :name")
NAMED = Query("""
SELECT id, kind FROM experiments WHERE name = :name AND kind = COALESCE(:kind, kind) ORDER BY kind
""")
NAME = Query("SELECT kind, name FROM experiments WHERE id = :id")
DIRECTIONS = Query("SELECT directions FROM experiments WHERE id = :id")
SET_NAME = Query("UPDATE experiments SET name = :name WHERE id = :id")
SET_COMMENT = Query("UPDATE experiments SET comment = :comment WHERE id = :id")
DELETE = Query("DELETE FROM experiments WHERE id = :id")
# Of a batch trial of Ax the arms count, which are runs of their own; its run has no arguments.
_ROWS = """
SELECT e.id, e.kind, e.name, e.comment, e.tags, e.extras, e.time_created,
       COUNT(r.id),
       COUNT(CASE WHEN r.status = 'RUNNING' THEN 1 END),
       COUNT(CASE WHEN r.status = 'FAILED' THEN 1 END),
       MAX(COALESCE(r.time_updated, r.time_created)) AS "time_updated [TIMESTAMPTZ]"
  FROM experiments AS e
  LEFT JOIN runs AS r
    ON r.experiment_id = e.id AND (e.kind <> 'ax' OR r.args IS NOT NULL)
 GROUP BY e.id
 ORDER BY e.id
"""
LIST = Query(_ROWS, mysql=_ROWS.replace('"time_updated [TIMESTAMPTZ]"', "time_updated"))


@repeatable
def get_or_create(db: Database, name: str, kind: str = "tracking") -> int:
    """The id of the experiment with this name, made if there is none.

    Raises:
        InvalidValueError: the name is not text, empty, or longer than 500 characters.
    """
    check_name(name)
    if row := db.row(FIND, kind=kind, name=name):
        return int(row[0])
    with db.transaction():
        db.execute(INSERT, kind=kind, name=name)
        return int(db.row(FIND, kind=kind, name=name)[0])


def find(db: Database, name: str, kind: str | None = None) -> int:
    """The id of the experiment with this name, of one kind or whatever kind it has.

    Raises:
        NotFoundError: there is none.
        InvalidValueError: there are several, of different kinds.
    """
    found = db.rows(NAMED, name=name, kind=kind)
    if len(found) > 1:
        kinds = " and ".join(row[1] for row in found)
        raise InvalidValueError(
            f"there are experiments {name!r} of the kinds {kinds}: say which with --kind"
        )
    if found:
        return int(found[0][0])
    of_kind = f" of the kind {kind}" if kind else ""
    raise NotFoundError(f"there is no experiment {name!r}{of_kind}: 'runbase ls' lists them")


def get_kind(db: Database, id: int) -> str:
    """The kind of the experiment with this id; see `get_name`."""
    return _kind_and_name(db, id)[0]


def get_name(db: Database, id: int) -> str:
    """The name of the experiment with this id.

    Raises:
        NotFoundError: there is none.
    """
    return _kind_and_name(db, id)[1]


def get_directions(db: Database, id: int) -> list[str]:
    """For each objective of an experiment, if it has any, "minimize" or "maximize"."""
    row = db.row(DIRECTIONS, id=id)
    return row[0] or [] if row else []


def _kind_and_name(db: Database, id: int) -> tuple[str, str]:
    if row := db.row(NAME, id=id):
        return row[0], row[1]
    raise NotFoundError(f"there is no experiment {id}: 'runbase ls' lists them")


@repeatable
def set_name(db: Database, id: int, name: str) -> None:
    """Rename an experiment.

    Raises:
        InvalidValueError: see `get_or_create`.
        ConflictError: another experiment of the same kind has this name.
        NotFoundError: no experiment has this id.
    """
    check_name(name)
    try:
        with db.transaction():
            _found(db.execute(SET_NAME, id=id, name=name), id)
    except Exception as error:
        if db.engine.is_duplicate(error):
            raise ConflictError(f"another experiment is called {name!r} already") from error
        raise


@repeatable
def set_comment(db: Database, id: int, comment: str | None) -> None:
    """Set or (None) clear the comment.

    Raises:
        InvalidValueError: it is not text that every engine takes.
        NotFoundError: no experiment has this id.
    """
    check_comment(comment)
    with db.transaction(durable=False):
        _found(db.execute(SET_COMMENT, id=id, comment=comment), id)


@repeatable
def delete(db: Database, id: int) -> None:
    """Delete an experiment with all its runs, their metrics and links.

    Raises:
        NotFoundError: no experiment has this id.
    """
    with db.transaction():
        _found(db.execute(DELETE, id=id), id)


def list_all(db: Database) -> list[ExperimentRow]:
    """All experiments by id, with counts of their runs."""
    return [ExperimentRow(*row) for row in db.rows(LIST)]


def check_name(name: object) -> None:
    """Refuse a name that no engine could keep.

    Raises:
        InvalidValueError: it is not text, empty, too long, or has a NUL or half a surrogate pair.
    """
    if not isinstance(name, str):
        raise InvalidValueError(f"a name is text, not {type(name).__name__} ({name!r})")
    if not 0 < len(name) <= MAX_NAME or not is_storable(name):
        raise InvalidValueError(
            f"a name has 1 to {MAX_NAME} characters, no NUL and no half of a surrogate pair: "
            f"{name[:80]!r}"
        )


def _found(cursor: Any, id: int) -> None:
    if not cursor.rowcount:
        raise NotFoundError(f"there is no experiment {id}: 'runbase ls' lists them")
