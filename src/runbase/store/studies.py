"""Optuna studies: rows of ``experiments`` of the kind "optuna", and their attributes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from ..db import Database, repeatable
from ..engines.json import Jsonb
from ..errors import ConflictError, InvalidValueError, NotFoundError
from ..query import Query
from . import versions
from .values import is_storable

KIND = "optuna"
#: The tables that tell a database of Optuna's own storage.
OPTUNAS = frozenset({"studies", "trials", "version_info"})
MAX_NAME = 512  # characters of a study's name, a parameter's or an attribute's: MySQL's longest
Scope = Literal["user", "system"]

_CREATE = "INSERT INTO experiments (kind, name, directions) VALUES ('optuna', :name, :directions)"
CREATE = Query(f"{_CREATE} RETURNING id", mysql=_CREATE)
FIND = Query("SELECT id FROM experiments WHERE kind = 'optuna' AND name = :name")
READ = Query("SELECT name, directions, version FROM experiments WHERE kind = 'optuna' AND id = :id")
SET_DIRECTIONS = Query(
    "UPDATE experiments SET directions = :directions WHERE kind = 'optuna' AND id = :id"
)
LIST = Query("SELECT id, name, directions FROM experiments WHERE kind = 'optuna' ORDER BY id")
DELETE = Query("DELETE FROM experiments WHERE kind = 'optuna' AND id = :id")
_SET_ATTR = """
INSERT INTO experiment_attrs (owner_id, scope, key, value) VALUES (:id, :scope, :key, :value)"""
SET_ATTR = Query(
    f"{_SET_ATTR} ON CONFLICT (owner_id, scope, key) DO UPDATE SET value = excluded.value",
    mysql=f"{_SET_ATTR.replace(' key', ' `key`')} ON DUPLICATE KEY UPDATE value = VALUES(value)",
)
_ATTRS = """
SELECT a.key, a.value
  FROM experiments AS e
  LEFT JOIN experiment_attrs AS a ON a.owner_id = e.id AND a.scope = :scope
 WHERE e.kind = 'optuna' AND e.id = :id"""
ATTRS = Query(_ATTRS, mysql=_ATTRS.replace("a.key", "a.`key`"))
_ALL_ATTRS = """
SELECT a.owner_id, a.scope, a.key, a.value
  FROM experiments AS e
  JOIN experiment_attrs AS a ON a.owner_id = e.id
 WHERE e.kind = 'optuna'"""
ALL_ATTRS = Query(_ALL_ATTRS, mysql=_ALL_ATTRS.replace("a.key", "a.`key`"))
OF_RUN = Query("""
SELECT e.id FROM runs AS r JOIN experiments AS e ON e.id = r.experiment_id
 WHERE e.kind = 'optuna' AND r.id = :id
""")


def create(db: Database, name: str, directions: Sequence[str]) -> int:
    """Insert a study and return its id.

    Raises:
        ConflictError: there is a study of this name.
        InvalidValueError: the name is none that every engine takes.
    """
    check_name("the name of a study", name)
    try:
        return _create(db, name, list(directions))
    except Exception as error:
        if db.engine.is_duplicate(error):
            raise ConflictError(f"there is a study called {name!r} already") from error
        raise


@repeatable
def _create(db: Database, name: str, directions: list[str]) -> int:
    with db.transaction():
        return db.insert(CREATE, name=name, directions=Jsonb(directions))


@repeatable
def set_directions(db: Database, id: int, directions: Sequence[str]) -> bool:
    """Set the directions of a study; False if there is none."""
    with db.transaction():
        return bool(db.execute(SET_DIRECTIONS, id=id, directions=Jsonb(list(directions))).rowcount)


def find(db: Database, name: str) -> int | None:
    """The id of the study with this name."""
    row = _read(db, FIND, name=name)
    return None if row is None else int(row[0])


def read(db: Database, id: int) -> tuple[str, list[str], int] | None:
    """Name, directions and version of a study."""
    row = _read(db, READ, id=id)
    return None if row is None else (row[0], row[1], row[2])


@repeatable
def _read(db: Database, /, query: Query, **parameters: Any) -> Any:
    return db.row(query, **parameters)


@repeatable
def list_all(db: Database) -> list[tuple[int, str, list[str]]]:
    """Id, name and directions of all studies by id."""
    return [(row[0], row[1], row[2]) for row in db.rows(LIST)]


@repeatable
def delete(db: Database, id: int) -> None:
    """Delete a study with its trials and everything that belongs to them.

    Raises:
        NotFoundError: no study has this id.
    """
    with db.transaction():
        found = db.execute(DELETE, id=id).rowcount
    if not found:
        raise missing(id)


@repeatable
def set_attr(db: Database, id: int, scope: Scope, key: str, value: str) -> int:
    """Set an attribute to a JSON text and return the study's new version.

    Raises:
        InvalidValueError: the key is none that every engine takes.
        NotFoundError: no study has this id.
    """
    check_name("an attribute", key)
    with db.transaction():
        found = versions.count(db, id)
        if found is None or found.kind != KIND:
            raise missing(id)
        db.execute(SET_ATTR, id=id, scope=scope, key=key, value=value)
        return found.version


@repeatable
def attrs(db: Database, id: int, scope: Scope) -> dict[str, str]:
    """JSON texts of a study's attributes by key.

    Raises:
        NotFoundError: no study has this id.
    """
    rows = db.rows(ATTRS, id=id, scope=scope)
    if not rows:
        raise missing(id)
    return {key: value for key, value in rows if key is not None}


@repeatable
def all_attrs(db: Database) -> dict[tuple[int, str], dict[str, str]]:
    """JSON texts of the attributes of all studies, by study and scope."""
    found: dict[tuple[int, str], dict[str, str]] = {}
    for id, scope, key, value in db.rows(ALL_ATTRS):
        found.setdefault((id, scope), {})[key] = value
    return found


def of_run(db: Database, run_id: int) -> int | None:
    """The id of the study that a run belongs to."""
    row = _read(db, OF_RUN, id=run_id)
    return None if row is None else int(row[0])


def missing(id: int) -> NotFoundError:
    """The error for a study that does not exist."""
    return NotFoundError(f"there is no study {id}")


def check_name(what: str, name: object) -> None:
    """Refuse a name that some engine could not keep.

    Raises:
        InvalidValueError: it is not text, too long, or has a NUL or half a surrogate pair.
    """
    if not isinstance(name, str):
        raise InvalidValueError(f"{what} is text, not {type(name).__name__} ({name!r})")
    if len(name) > MAX_NAME or not is_storable(name):
        raise InvalidValueError(
            f"{what} has at most {MAX_NAME} characters, no NUL and no half of a surrogate pair: "
            f"{name[:80]!r}"
        )
