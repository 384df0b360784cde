"""Reading trials for their columns: all, or what changed since a version."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ...db import Database, repeatable
from ...query import Query
from ...store import studies
from ...store.ax import experiments

AX = experiments.KIND
#: Kinds of experiments that count every change of their runs.
VERSIONED = (studies.KIND, AX)

# Which trials: all of an experiment, or those that changed. The index of versions is a partial one,
# which "version > 0" lets SQLite use.
_ALL = "WHERE r.experiment_id = :id"
_NEW = f"{_ALL} AND r.version > :seen AND r.version > 0"
_TRIAL = (
    "r.id, r.number, r.status, r.value, r.objective_values, r.time_started, r.time_finished,"
    " r.version"
)
# The tries of a batch trial of Ax are its arms; the run of the trial itself has no arguments.
_IS_TRY = "AND r.args IS NOT NULL"
_TRY = f"{_TRIAL}, COALESCE(p.number, r.number)"
_WITH_TRIAL = "FROM runs AS r LEFT JOIN runs AS p ON p.id = r.parent_id"
HEAD = Query("SELECT kind, version, directions FROM experiments WHERE id = :id")
COUNT = Query("SELECT COUNT(*) FROM runs WHERE experiment_id = :id")
COUNT_TRIES = Query(f"SELECT COUNT(*) FROM runs AS r {_ALL} {_IS_TRY}")
TRIALS = Query(f"SELECT {_TRIAL} FROM runs AS r {_ALL} ORDER BY r.number")
CHANGED = Query(f"SELECT {_TRIAL}, r.args FROM runs AS r {_NEW} ORDER BY r.number + 0")
_TRIES = f"SELECT {_TRY} {_WITH_TRIAL} {_ALL} {_IS_TRY} ORDER BY r.number"
# A single value is in both columns: one that needs no decoding is enough.
_ONLY = 'CASE WHEN r.value IS NULL THEN r.objective_values END AS "objective_values [JSONB]"'
TRIES = Query(_TRIES, sqlite=_TRIES.replace("r.objective_values", _ONLY))
CHANGED_TRIES = Query(f"SELECT {_TRY}, r.args {_WITH_TRIAL} {_NEW} {_IS_TRY} ORDER BY r.number + 0")
NAMES = Query("SELECT id, name FROM runs WHERE experiment_id = :id AND name IS NOT NULL")
ARGS = Query(
    f"SELECT r.id, r.args FROM runs AS r {_ALL} AND r.args IS NOT NULL",
    # As text: JSON is decoded faster than the driver's converters would do it.
    sqlite=f"SELECT r.id, r.args || '' FROM runs AS r {_ALL} AND r.args IS NOT NULL",
)


def _both(sql: str) -> tuple[Query, Query]:
    """A query of all trials, and of those that changed."""
    texts = [sql.format(which=which) for which in (_ALL, _NEW)]
    mysql = [text.replace("c.key", "c.`key`") for text in texts]
    return Query(texts[0], mysql=mysql[0]), Query(texts[1], mysql=mysql[1])


KINDS = _both("""
SELECT DISTINCT c.name, d.id, d.json
  FROM (SELECT DISTINCT c.name, c.distribution_id
          FROM runs AS r JOIN run_params AS c ON c.run_id = r.id {which}) AS c
  JOIN distributions AS d ON d.id = c.distribution_id
 ORDER BY d.id
""")
CONSTRAINTS = _both("""
SELECT c.owner_id, c.key, c.value
  FROM runs AS r JOIN run_attrs AS c ON c.owner_id = r.id
 {which} AND c.scope = 'system' AND (c.key = 'constraints' OR c.key LIKE 'constraints:%')
""")
ATTRS = _both("""
SELECT c.owner_id, c.key, c.value
  FROM runs AS r JOIN run_attrs AS c ON c.owner_id = r.id
 {which} AND c.scope = 'user'
""")[1]
ATTR = _both("""
SELECT c.owner_id, c.value
  FROM runs AS r JOIN run_attrs AS c ON c.owner_id = r.id
 {which} AND c.scope = 'user' AND c.key = :key
""")[0]
# JSON numbers lie between "-" and "9", texts below, and what else there is above.
_KEYS = """
SELECT c.key, COUNT(CASE WHEN r.status NOT IN ('PLANNED', 'RUNNING') THEN 1 END),
       MIN(SUBSTR(c.value, 1, 1){bytes}), MAX(SUBSTR(c.value, 1, 1){bytes})
  FROM runs AS r JOIN run_attrs AS c ON c.owner_id = r.id
 {which} AND c.scope = 'user'
 GROUP BY c.key
"""


def _keys(which: str) -> Query:
    usual = _KEYS.format(bytes="", which=which)
    return Query(
        usual,
        postgresql=_KEYS.format(bytes=' COLLATE "C"', which=which),
        mysql=usual.replace("c.key", "c.`key`"),
    )


KEYS, KEYS_OF_TRIES = _keys(_ALL), _keys(f"{_ALL} {_IS_TRY}")


class Head(NamedTuple):
    """An experiment in a few words."""

    kind: str
    version: int
    directions: list[str]


class Changes(NamedTuple):
    """What changed since a version."""

    #: Like those of `trials`, with the arguments at the end.
    trials: list[Any]
    #: Each with the id of its trial.
    constraints: list[Any]
    attrs: list[Any]
    #: Name, id and JSON of distributions.
    kinds: list[Any]


@repeatable
def head(db: Database, id: int) -> Head | None:
    """Kind, version and directions; None if there is no such experiment."""
    row = db.row(HEAD, id=id)
    return None if row is None else Head(row[0], int(row[1]), list(row[2] or []))


@repeatable
def count(db: Database, id: int, kind: str) -> int:
    """How many trials an experiment of this kind has."""
    return int(db.row(COUNT_TRIES if kind == AX else COUNT, id=id)[0])


@repeatable
def trials(db: Database, id: int, kind: str) -> list[Any]:
    """Id, number, status, value, values, start, finish and version of all trials.

    Those of an Ax experiment each have the number of the trial that it is or belongs to, too.
    """
    return db.rows(TRIES if kind == AX else TRIALS, id=id)


@repeatable
def names(db: Database, id: int) -> list[Any]:
    """Ids and names of runs that have one."""
    return db.rows(NAMES, id=id)


@repeatable
def constraints(db: Database, id: int) -> list[Any]:
    """Id of the trial, key and JSON of all attributes that are constraints."""
    return db.rows(CONSTRAINTS[0], id=id)


@repeatable
def kinds(db: Database, id: int) -> list[Any]:
    """Names of parameters with the ids and JSON of their distributions."""
    return db.rows(KINDS[0], id=id)


@repeatable
def changes(db: Database, id: int, kind: str, seen: int) -> Changes:
    """What changed after a version."""
    rows = db.rows(CHANGED_TRIES if kind == AX else CHANGED, id=id, seen=seen)
    if not rows:
        return Changes([], [], [], [])
    more = (db.rows(query, id=id, seen=seen) for query in (CONSTRAINTS[1], ATTRS, KINDS[1]))
    return Changes(rows, *more)


@repeatable
def keys(db: Database, id: int, kind: str) -> dict[str, tuple[int, bool]]:
    """User attributes: how many finished trials have one, and whether all are numbers."""
    return {
        key: (int(n), _is_numeric(low) and _is_numeric(high))
        for key, n, low, high in db.rows(KEYS_OF_TRIES if kind == AX else KEYS, id=id)
    }


def _is_numeric(first: str) -> bool:
    return first in "-0123456789NI"


def is_number(text: str) -> bool:
    """Whether a JSON text is a number."""
    return _is_numeric(text[:1])


@repeatable
def attr(db: Database, id: int, key: str) -> tuple[list[int], list[Any]]:
    """The ids of the trials that have an attribute, and its values."""
    rows = db.rows(ATTR, id=id, key=key)
    decode = json.JSONDecoder().decode
    return [row[0] for row in rows], [decode(row[1]) for row in rows]


def args(db: Database, id: int, size: int = 5000) -> Iterator[list[Any]]:
    """Ids and arguments of all trials, in pieces."""
    cursor = db.execute(ARGS, id=id)
    while rows := cursor.fetchmany(size):
        yield [(row[0], document(row[1])) for row in rows]


def document(value: Any) -> dict[str, Any]:
    """A JSON object that the driver has decoded, or not."""
    if isinstance(value, str | bytes):
        import msgspec

        value = msgspec.json.decode(value)
    return value if isinstance(value, dict) else {}


def flat(args: dict[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    """Nested arguments by names with dots."""
    for name, value in args.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
