"""Reading what pages show of one experiment beside its columns."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from ..db import Database, repeatable
from ..errors import NotFoundError
from ..query import Query, translate

EXPERIMENT = Query("""
SELECT kind, name, comment, tags, directions, time_created FROM experiments WHERE id = :id
""")
OF_RUN = Query("SELECT experiment_id FROM runs WHERE id = :id")
KIND = Query("SELECT kind FROM experiments WHERE id = :id")
_ATTRS = "SELECT scope, key, value FROM experiment_attrs WHERE owner_id = :id"
# Not the notes on trials nor people's answers, of which there may be as many as trials.
_STUDY_ATTRS = f"""{_ATTRS}
   AND NOT (key LIKE 'dashboard:%:note_str:%' OR key LIKE 'dashboard:%:note_ver'
            OR key LIKE 'preference:values%' OR key LIKE 'preference:history%'
            OR key LIKE 'preference:ties%')"""
STUDY_ATTRS = Query(_STUDY_ATTRS, mysql=_STUDY_ATTRS.replace("key", "`key`"))
_SOME_ATTRS = f"{_ATTRS} AND scope = 'system' AND key LIKE :pattern"
SOME_ATTRS = Query(_SOME_ATTRS, mysql=_SOME_ATTRS.replace("key", "`key`"))
METRICS = Query("""
SELECT n.name
  FROM (SELECT DISTINCT m.metric_id FROM runs AS r JOIN run_metrics AS m ON m.run_id = r.id
         WHERE r.experiment_id = :id) AS m
  JOIN metric_names AS n ON n.id = m.metric_id
 ORDER BY n.id
""")
_PREFERENCES = f"""{_ATTRS} AND scope = 'system'
   AND key LIKE 'preference:%' AND key NOT LIKE 'preference:history%'"""
PREFERENCES = Query(_PREFERENCES, mysql=_PREFERENCES.replace("key", "`key`"))
# Lists of ids are filled in by `translate`.
ROWS = """
SELECT id, name, status, value, objective_values, args, heartbeat, time_updated
  FROM runs WHERE id IN (:ids)
"""
SIGNS_OF_LIFE = "SELECT id, heartbeat, time_updated FROM runs WHERE id IN (:ids)"
_THESE_ATTRS = f"{_ATTRS} AND scope = 'system' AND key IN (:keys)"
_ROW_ATTRS = """
SELECT owner_id, scope, key, value FROM run_attrs
 WHERE owner_id IN (:ids) AND (scope = 'user' OR key LIKE 'artifacts:%')
"""


class Experiment(NamedTuple):
    """A row of ``experiments``."""

    kind: str
    name: str
    comment: str | None
    tags: list[str]
    directions: list[str]
    time_created: datetime


class Attrs(NamedTuple):
    """Attributes of an experiment."""

    user: dict[str, Any]
    system: dict[str, Any]


class Row(NamedTuple):
    """What the table of trials shows and columns have not, or not exactly."""

    name: str | None
    status: str
    value: float | None
    values: list[Any] | None
    args: dict[str, Any]
    heartbeat: datetime | None
    time_updated: datetime | None


@repeatable
def experiment(db: Database, id: int) -> Experiment:
    """An experiment.

    Raises:
        NotFoundError: there is no such experiment.
    """
    row = db.row(EXPERIMENT, id=id)
    if row is None:
        raise NotFoundError(f"there is no experiment {id}")
    kind, name, comment, tags, directions, created = row
    return Experiment(kind, name, comment, list(tags or ()), list(directions or ()), created)


@repeatable
def kind(db: Database, id: int) -> str | None:
    """The kind of an experiment; None if there is no such experiment."""
    row = db.row(KIND, id=id)
    return None if row is None else str(row[0])


@repeatable
def experiment_of(db: Database, run_id: int) -> int | None:
    """The id of the experiment that a run belongs to."""
    row = db.row(OF_RUN, id=run_id)
    return None if row is None else int(row[0])


@repeatable
def attrs(db: Database, id: int) -> Attrs:
    """The attributes of an experiment, without the notes on its trials."""
    found = Attrs({}, {})
    for scope, key, value in db.rows(STUDY_ATTRS, id=id):
        (found.user if scope == "user" else found.system)[key] = json.loads(value)
    return found


@repeatable
def system_attrs(db: Database, id: int, prefix: str) -> dict[str, Any]:
    """System attributes of an experiment whose keys begin like this."""
    rows = db.rows(SOME_ATTRS, id=id, pattern=f"{prefix}%")
    return {key: json.loads(value) for _, key, value in rows}


@repeatable
def preferences(db: Database, id: int) -> dict[str, Any]:
    """The system attributes of a preferential study without the records of answers."""
    return {key: json.loads(value) for _, key, value in db.rows(PREFERENCES, id=id)}


@repeatable
def beginnings_of_notes(db: Database, id: int, trial_ids: Collection[int]) -> dict[int, str]:
    """The first pieces of the notes on some trials by id."""
    keys = {f"dashboard:{trial_id}:note_str:0": trial_id for trial_id in trial_ids}
    return {keys[key]: piece for key, piece in _these_attrs(db, id, list(keys)).items()}


@repeatable
def notes_on(db: Database, id: int, trial_ids: Collection[int]) -> dict[str, Any]:
    """The system attributes of an experiment in which notes on some trials are."""
    found: dict[str, Any] = {}
    wanted = [
        f"dashboard:{trial}:{key}" for trial in trial_ids for key in ("note_ver", "note_str:0")
    ]
    while wanted:
        pieces = _these_attrs(db, id, wanted)
        found |= pieces
        places = (key.rpartition(":") for key, piece in pieces.items() if piece)
        wanted = [f"{prefix}:{int(n) + 1}" for prefix, _, n in places if n.isdecimal()]
    return found


def _these_attrs(db: Database, id: int, keys: list[str]) -> dict[str, Any]:
    query = _THESE_ATTRS.replace("key", "`key`", 2) if db.dialect == "mysql" else _THESE_ATTRS
    rows = _of_list(db, query, "keys", keys, id=id)
    return {key: json.loads(value) for _, key, value in rows}


@repeatable
def metrics(db: Database, id: int) -> list[str]:
    """Names of the metrics that runs of an experiment logged."""
    return [row[0] for row in db.rows(METRICS, id=id)]


@repeatable
def rows(db: Database, ids: Collection[int]) -> dict[int, Row]:
    """Some runs by id."""
    found = {row[0]: Row(*row[1:]) for row in _of_ids(db, ROWS, ids)}
    return {id: row._replace(args=row.args or {}) for id, row in found.items()}


@repeatable
def signs_of_life(
    db: Database, ids: Collection[int]
) -> dict[int, tuple[datetime | None, datetime | None]]:
    """Heartbeat and time of the last change of some runs by id."""
    return {row[0]: (row[1], row[2]) for row in _of_ids(db, SIGNS_OF_LIFE, ids)}


@repeatable
def attrs_of(db: Database, ids: Collection[int]) -> dict[int, Attrs]:
    """User attributes, and what tells of files, of some trials by id."""
    query = _ROW_ATTRS.replace("key", "`key`") if db.dialect == "mysql" else _ROW_ATTRS
    found: dict[int, Attrs] = {}
    for id, scope, key, value in _of_ids(db, query, ids):
        of = found.setdefault(id, Attrs({}, {}))
        (of.user if scope == "user" else of.system)[key] = json.loads(value)
    return found


def _of_ids(db: Database, sql: str, ids: Collection[int]) -> list[Any]:
    return _of_list(db, sql, "ids", list(ids))


def _of_list(db: Database, sql: str, name: str, items: list[Any], **parameters: Any) -> list[Any]:
    return fetch(db, sql, **{name: items, **parameters}) if items else []


@repeatable
def fetch(db: Database, /, sql: str, **parameters: Any) -> list[Any]:
    """The rows of a statement with lists among its parameters."""
    return list(db.run(*translate(sql, parameters, db.dialect)).fetchall())
