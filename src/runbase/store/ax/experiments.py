"""Ax experiments: a row of ``experiments`` of kind "ax", and the document of its head.

The head is the experiment without its trials and their data.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ...db import Database, repeatable
from ...engines.json import Jsonb
from ...errors import NotFoundError
from ...query import Query, upsert
from ..experiments import check_name
from ..values import is_storable

KIND = "ax"


class Head(NamedTuple):
    """What is written of an experiment; ``names`` are those of its objectives."""

    name: str
    comment: str | None
    created: datetime
    directions: Sequence[str]
    names: Sequence[str]
    doc: str
    ax_version: str


class Found(NamedTuple):
    """An experiment as it is stored; ``head`` is the version when its document last changed."""

    id: int
    version: int
    head: int
    doc: str
    ax_version: str


_INSERT = (
    "INSERT INTO experiments"
    " (kind, name, comment, directions, time_created, version, next_number)"
    " VALUES ('ax', :name, :comment, :directions, :created, 1, :next)"
)
INSERT = Query(f"{_INSERT} RETURNING id", mysql=_INSERT)
UPDATE = Query("""
UPDATE experiments SET comment = :comment, directions = :directions WHERE id = :id
""")
PUT = upsert("ax_experiments", "experiment_id", "doc, ax_version, version")
SET_NAMES = Query(
    "INSERT INTO experiment_attrs (owner_id, scope, key, value)"
    " VALUES (:id, 'system', 'study:metric_names', :value)"
    " ON CONFLICT (owner_id, scope, key) DO UPDATE SET value = excluded.value",
    mysql="INSERT INTO experiment_attrs (owner_id, scope, `key`, value)"
    " VALUES (:id, 'system', 'study:metric_names', :value)"
    " ON DUPLICATE KEY UPDATE value = VALUES(value)",
)
_NO_NAMES = (
    "DELETE FROM experiment_attrs"
    " WHERE owner_id = :id AND scope = 'system' AND key = 'study:metric_names'"
)
DELETE_NAMES = Query(_NO_NAMES, mysql=_NO_NAMES.replace(" key ", " `key` "))
FIND = Query("""
SELECT e.id, e.version, h.version, h.doc, h.ax_version
  FROM experiments AS e
  JOIN ax_experiments AS h ON h.experiment_id = e.id
 WHERE e.kind = 'ax' AND e.name = :name
""")
READ = Query("""
SELECT e.id, e.version, h.version, h.doc, h.ax_version
  FROM experiments AS e
  JOIN ax_experiments AS h ON h.experiment_id = e.id
 WHERE e.id = :id
""")
NAME = Query("SELECT name FROM experiments WHERE kind = 'ax' AND id = :id")
NAMES = Query("SELECT name FROM experiments WHERE kind = 'ax' ORDER BY id")
VERSION = Query("SELECT version FROM experiments WHERE kind = 'ax' AND id = :id")
DELETE = Query("DELETE FROM experiments WHERE kind = 'ax' AND name = :name")
# Numbers of runs below 0 are those of the arms of batch trials.
_COUNT = """
UPDATE experiments
   SET version = version + 1, time_updated = :now,
       next_number = CASE WHEN next_number < :next THEN :next ELSE next_number END
 WHERE id = :id AND kind = 'ax'
   AND EXISTS (SELECT 1 FROM ax_experiments AS h
                WHERE h.experiment_id = :id AND h.version = COALESCE(:head, h.version))"""
COUNT = Query(f"{_COUNT} RETURNING version", mysql=_COUNT)


def insert(db: Database, head: Head, next_number: int = 0) -> int:
    """Insert an experiment in the open transaction and return its id; its version is 1.

    Raises:
        InvalidValueError: the name is none that every engine takes.
    """
    check_name(head.name)
    row = {"name": head.name, "created": head.created, "next": next_number}
    directions = Jsonb(list(head.directions))
    id = db.insert(INSERT, comment=_comment(head), directions=directions, **row)
    _put(db, id, head, 1)
    return id


def update(db: Database, id: int, head: Head, version: int) -> None:
    """Overwrite the head of an experiment in the open transaction."""
    directions = Jsonb(list(head.directions))
    db.execute(UPDATE, id=id, comment=_comment(head), directions=directions)
    _put(db, id, head, version)


def _put(db: Database, id: int, head: Head, version: int) -> None:
    db.execute(PUT, experiment_id=id, doc=head.doc, ax_version=head.ax_version, version=version)
    if head.names:
        db.execute(SET_NAMES, id=id, value=json.dumps(list(head.names)))
    else:
        db.execute(DELETE_NAMES, id=id)


def _comment(head: Head) -> str | None:
    return head.comment if head.comment and is_storable(head.comment) else None


def count(
    db: Database, id: int, now: datetime, next_number: int = 0, head: int | None = None
) -> int | None:
    """Count a change of an experiment in the open transaction, and return the new version.

    None if the experiment is gone, or if its head last changed in another version than ``head``,
    where that is given. Its row stays locked until the end, so that changes have their versions in
    the order in which they are committed. ``next_number`` is the least number of the next run.
    """
    cursor = db.execute(COUNT, id=id, next=next_number, now=now, head=head)
    if db.dialect != "mysql":
        row = cursor.fetchone()
    else:
        row = db.row(VERSION, id=id) if cursor.rowcount else None
    return None if row is None else int(row[0])


@repeatable
def find(db: Database, name: str) -> Found | None:
    """The experiment with this name."""
    row = db.row(FIND, name=name) if is_storable(name) else None
    return None if row is None else Found(*row)


@repeatable
def read(db: Database, id: int) -> Found | None:
    """The experiment with this id."""
    row = db.row(READ, id=id)
    return None if row is None else Found(*row)


@repeatable
def name_of(db: Database, id: int) -> str | None:
    """The name of the experiment with this id."""
    row = db.row(NAME, id=id)
    return None if row is None else str(row[0])


@repeatable
def names(db: Database) -> list[str]:
    """The names of all Ax experiments, the oldest first."""
    return [str(row[0]) for row in db.rows(NAMES)]


@repeatable
def version(db: Database, id: int) -> int | None:
    """The version of an experiment; None if it is gone."""
    row = db.row(VERSION, id=id)
    return None if row is None else int(row[0])


def delete(db: Database, name: str) -> None:
    """Delete an experiment with its trials, strategies and everything that belongs to them.

    Raises:
        NotFoundError: there is none.
    """
    if name not in names(db):
        raise NotFoundError(f"there is no Ax experiment {name!r}: 'runbase ls' lists them")
    _delete(db, name)


@repeatable
def _delete(db: Database, name: str) -> None:
    with db.transaction():
        db.execute(DELETE, name=name)


def texts(value: Any) -> str:
    """A document as it is stored: JSON in ASCII, with NaN and infinities as Python writes them."""
    return json.dumps(value, separators=(",", ":"))
