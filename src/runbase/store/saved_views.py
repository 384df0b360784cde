"""Rows of ``views``: names for what pages of runs show."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from ..db import Database, repeatable
from ..errors import ConflictError, InvalidValueError, NotFoundError
from ..query import Query
from .values import is_storable

MAX_NAME, MAX_STATE = 200, 100_000  # characters

_COLUMNS = "id, experiment_id, name, state, time_created, time_updated, version"
LIST = Query(
    f"SELECT {_COLUMNS} FROM views WHERE COALESCE(experiment_id, 0) = :owner ORDER BY name, id",
    mysql=f"SELECT {_COLUMNS} FROM views WHERE owner = :owner ORDER BY name, id",
)
GET = Query(f"SELECT {_COLUMNS} FROM views WHERE id = :id")
_ADD = "INSERT INTO views (experiment_id, name, state) VALUES (:experiment_id, :name, :state)"
ADD = Query(f"{_ADD} RETURNING id", mysql=_ADD)
CHANGE = Query("""
UPDATE views SET name = :name, state = :state, time_updated = :now, version = version + 1
 WHERE id = :id AND version = :seen
""")
DELETE = Query("DELETE FROM views WHERE id = :id")


class View(NamedTuple):
    """A saved view: ``state`` is the query string of its page; times are UTC."""

    id: int
    #: None for a view of the runs of all experiments.
    experiment_id: int | None
    name: str
    state: str
    time_created: datetime
    time_updated: datetime | None
    #: Grows with each change.
    version: int


class ChangedMeanwhileError(ConflictError):
    """Somebody else changed the view; ``view`` is how it is now."""

    def __init__(self, view: View) -> None:
        super().__init__(
            f"the view {view.name!r} was changed meanwhile: look at it as it is now, and save again"
        )
        self.view = view


def list_of(db: Database, experiment_id: int | None) -> list[View]:
    """The views of an experiment, or of the runs of all, by name."""
    return [View(*row) for row in db.rows(LIST, owner=experiment_id or 0)]


def get(db: Database, id: int) -> View:
    """The view with this id.

    Raises:
        NotFoundError: there is none.
    """
    if row := db.row(GET, id=id):
        return View(*row)
    raise _missing(id)


@repeatable
def add(db: Database, experiment_id: int | None, name: str, state: str) -> View:
    """Save a new view.

    Raises:
        ConflictError: the experiment has a view of this name.
        InvalidValueError: the name or the state is too long, or no text that every engine takes.
        NotFoundError: there is no such experiment.
    """
    _check(name, state)
    try:
        with db.transaction():
            return get(db, db.insert(ADD, experiment_id=experiment_id, name=name, state=state))
    except Exception as error:
        if db.engine.is_orphan(error):
            raise NotFoundError(
                f"there is no experiment {experiment_id}: 'runbase ls' lists them"
            ) from error
        raise _taken(db, error, name) from error


@repeatable
def change(db: Database, id: int, name: str, state: str, seen: int) -> View:
    """Replace name and state of the view, whose version was ``seen`` before.

    Raises:
        ChangedMeanwhileError: it has another version by now.
        ConflictError: another view of the experiment has this name.
        InvalidValueError: see `add`.
        NotFoundError: there is no such view.
    """
    _check(name, state)
    try:
        with db.transaction():
            cursor = db.execute(
                CHANGE, id=id, name=name, state=state, seen=seen, now=db.engine.now()
            )
            view = get(db, id)
            if not cursor.rowcount:
                raise ChangedMeanwhileError(view)
            return view
    except Exception as error:
        raise _taken(db, error, name) from error


@repeatable
def delete(db: Database, id: int) -> None:
    """Delete a view.

    Raises:
        NotFoundError: there is none.
    """
    with db.transaction():
        if not db.execute(DELETE, id=id).rowcount:
            raise _missing(id)


def _check(name: str, state: str) -> None:
    if not 0 < len(name.strip()) <= len(name) <= MAX_NAME or not is_storable(name):
        raise InvalidValueError(
            f"the name of a view has 1 to {MAX_NAME} characters, not only spaces, no NUL and no "
            f"half of a surrogate pair: {name[:80]!r}"
        )
    if len(state) > MAX_STATE or not is_storable(state):
        raise InvalidValueError(
            f"the state of a view has at most {MAX_STATE:,} characters, no NUL and no half of a "
            f"surrogate pair: {state[:80]!r}"
        )


def _taken(db: Database, error: Exception, name: str) -> Exception:
    if db.engine.is_duplicate(error):
        return ConflictError(f"there is a view {name!r} already: choose another name, or change it")
    return error


def _missing(id: int) -> NotFoundError:
    return NotFoundError(f"there is no view {id}: somebody may have deleted it")
