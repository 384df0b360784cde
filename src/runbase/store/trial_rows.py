"""Reading the trials of Optuna studies, as a whole or what changed since a version."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from ..db import Database, repeatable
from ..query import Query
from . import columns
from .columns import Metric
from .reports import INTERMEDIATE

# Which trials: all of a study, or those that changed. The index of versions is a partial one, which
# "version > 0" lets SQLite use; it begins to read at the first of the two bounds.
_ALL = "FROM runs AS r {join} WHERE r.experiment_id = :study_id"
_NEW = _ALL + " AND r.version > :seen AND r.version > 0"
# Few trials changed: they are sorted, since reading them in order would read all of the study.
_SORT = "ORDER BY r.number", "ORDER BY r.number + 0"
_JOIN = "JOIN {table} AS c ON c.{key} = r.id"
_TRIAL = (
    "r.id, r.number, r.status, r.value, r.objective_values, r.time_started, r.time_finished,"
    " r.version"
)
VERSION = Query("SELECT version FROM experiments WHERE kind = 'optuna' AND id = :study_id")
TRIALS = Query(f"SELECT {_TRIAL} {_ALL.format(join='')} ORDER BY r.number")
CHANGED = Query(f"""
SELECT e.version, {_TRIAL}
  FROM experiments AS e
  LEFT JOIN runs AS r ON r.experiment_id = e.id AND r.version > :seen AND r.version > 0
 WHERE e.kind = 'optuna' AND e.id = :study_id
 ORDER BY r.number + 0
""")
ARGS = Query("SELECT args FROM runs WHERE id = :id")


def _children(fields: str, table: str, key: str, more: str = "") -> tuple[Query, Query]:
    """The query of rows that belong to all trials, and to those that changed."""
    join = _JOIN.format(table=table, key=key)
    texts = [f"SELECT c.{key}, {fields} {which.format(join=join)}{more}" for which in (_ALL, _NEW)]
    texts[1] = texts[1].replace(*_SORT)
    mysql = [text.replace("c.key", "c.`key`") for text in texts]
    return Query(texts[0], mysql=mysql[0]), Query(texts[1], mysql=mysql[1])


PARAMS = _children(
    "c.name, c.value, c.distribution_id", "run_params", "run_id", " ORDER BY r.number, c.seq"
)
ATTRS = _children("c.scope, c.key, c.value", "run_attrs", "owner_id")
SPECIALS = _children("c.step, c.value", "metric_specials", "run_id", " AND c.metric_id = :metric")
MORE = _children("c.step, c.data", "metrics_more", "run_id")


@functools.cache
def _reports(column: str) -> tuple[Query, Query]:
    return _children(f"c.step, c.{column}", "metrics", "run_id", f" AND c.{column} IS NOT NULL")


class Rows(NamedTuple):
    """Rows of a study up to a version, each starting with the id of its trial."""

    version: int
    trials: Sequence[Any]  # id, number, status, value, objective_values, started, finished, version
    params: Iterable[Any]  # name, internal value, distribution id; in the order of suggestion
    attrs: Iterable[Any]  # scope, key, JSON text
    reports: Iterable[Any]  # step, value


@repeatable
def read(db: Database, study_id: int) -> Rows | None:
    """All trials of a study; None if there is no such study."""
    # What changes meanwhile has a higher version, and is read again.
    version = db.row(VERSION, study_id=study_id)
    if version is None:
        return None
    trials = db.rows(TRIALS, study_id=study_id)
    return _with_details(db, 0, int(version[0]), trials, study_id=study_id)


@repeatable
def changed(db: Database, study_id: int, seen: int) -> Rows | None:
    """The trials that changed after version ``seen``; None if there is no such study."""
    rows = db.rows(CHANGED, study_id=study_id, seen=seen)
    if not rows:
        return None
    version = int(rows[0][0])
    if rows[0][1] is None:
        return Rows(version, [], [], [], [])
    return _with_details(db, 1, version, [row[1:] for row in rows], study_id=study_id, seen=seen)


def _with_details(
    db: Database, which: int, version: int, trials: list[Any], **parameters: Any
) -> Rows:
    if not trials:
        return Rows(version, [], [], [], [])
    return Rows(
        version,
        trials,
        db.rows(PARAMS[which], **parameters),
        db.rows(ATTRS[which], **parameters),
        _all_reports(db, which, parameters),
    )


def _all_reports(db: Database, which: int, parameters: dict[str, Any]) -> list[Any]:
    """Intermediate values from wherever they are: column, special values, overflow.

    Those of trials that have some in the other places are sorted by step, as they were reported.
    """
    metric = _metric(db)
    if metric is None:
        return []
    found: list[Any] = []
    if metric.column is not None:
        query = _reports(db.engine.quote(metric.column))[which]
        found += db.rows(query, **parameters)
    specials = db.rows(SPECIALS[which], metric=metric.id, **parameters)
    others = [(id, step, float(value)) for id, step, value in specials]
    more = db.rows(MORE[which], **parameters)
    others += [(id, step, data[INTERMEDIATE]) for id, step, data in more if INTERMEDIATE in data]
    ids = {id for id, _, _ in others}
    mixed = sorted([*(row for row in found if row[0] in ids), *others], key=itemgetter(1))
    return [*(row for row in found if row[0] not in ids), *mixed] if ids else found


def _metric(db: Database) -> Metric | None:
    """Where reports are; asked again until they have a column."""
    metric = columns.catalogue(db).metrics.get(INTERMEDIATE)
    if metric is None or metric.column is None:
        metric = columns.refresh(db).get(INTERMEDIATE)
    return metric


@repeatable
def args(db: Database, id: int) -> dict[str, Any]:
    """What people read of a trial's parameters."""
    row = db.row(ARGS, id=id)
    return (row and row[0]) or {}
