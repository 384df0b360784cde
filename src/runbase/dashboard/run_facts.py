"""Reading one run of any kind, with everything that belongs to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from ..db import Database, repeatable
from ..query import Query, translate
from ..store import runs
from .api.types import RunHead

#: So many children are named.
CHILDREN = 200

_RUNS = """
SELECT r.id, r.experiment_id, e.name, e.kind, r.number, r.name, r.status, r.parent_id,
       r.time_created, r.time_started, r.time_updated, r.time_finished, r.heartbeat,
       r.comment, r.tags, r.args, r.env, r.extras, r.value, r.objective_values, e.directions
  FROM runs AS r JOIN experiments AS e ON e.id = r.experiment_id
 WHERE r.id IN (:ids)"""
_HEADS = """
SELECT r.id, r.experiment_id, e.name, e.kind, r.number, r.name, r.status
  FROM runs AS r JOIN experiments AS e ON e.id = r.experiment_id
 WHERE r.id IN (:ids)"""
LONGEST = Query("""
SELECT MAX(s.seconds) FROM runs AS r JOIN run_summary AS s ON s.id = r.id
 WHERE r.experiment_id = :experiment_id AND r.time_finished IS NOT NULL""")
CHILDREN_OF = Query("SELECT id FROM runs WHERE parent_id = :id ORDER BY id LIMIT :limit")
COUNT_OF_CHILDREN = Query("SELECT COUNT(*) FROM runs WHERE parent_id = :id")
# Arms of a batch trial, with numbers below 0, are neighbours of each other only.
_NEIGHBOUR = """
SELECT id FROM runs
 WHERE experiment_id = :experiment_id AND number {sign} :number {arms}
 ORDER BY number {order} LIMIT 1"""
EARLIER = {
    False: Query(_NEIGHBOUR.format(sign="<", arms="AND number >= 0", order="DESC")),
    True: Query(_NEIGHBOUR.format(sign=">", arms="AND number < 0", order="ASC")),
}
LATER = {
    False: Query(_NEIGHBOUR.format(sign=">", arms="", order="ASC")),
    True: Query(_NEIGHBOUR.format(sign="<", arms="", order="DESC")),
}


class Row(NamedTuple):
    """A row of ``runs`` with those of its experiment that matter."""

    id: int
    experiment_id: int
    experiment: str
    kind: str
    number: int
    name: str | None
    status: str
    parent_id: int | None
    time_created: datetime
    time_started: datetime | None
    time_updated: datetime | None
    time_finished: datetime | None
    heartbeat: datetime | None
    comment: str | None
    tags: dict[str, Any] | None
    args: dict[str, Any] | None
    env: dict[str, Any] | None
    extras: Any
    value: float | None
    objective_values: list[Any] | None
    directions: list[str] | None


@repeatable
def read(db: Database, id: int) -> Row:
    """A run.

    Raises:
        NotFoundError: no run has this id.
    """
    if found := read_all(db, [id]):
        return found[id]
    raise runs.missing(id)


@repeatable
def longest(db: Database, experiment_id: int) -> float:
    """Seconds that the longest finished run of an experiment took; 0 if there is none."""
    return float(db.row(LONGEST, experiment_id=experiment_id)[0] or 0.0)


@repeatable
def read_all(db: Database, ids: Iterable[int]) -> dict[int, Row]:
    """Those of these runs that are there, by id."""
    sql, parameters = translate(_RUNS, {"ids": list(ids)}, db.dialect)
    return {row[0]: Row(*row) for row in db.run(sql, parameters).fetchall()}


@repeatable
def heads(db: Database, ids: Iterable[int]) -> dict[int, RunHead]:
    """What names these runs, by id."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    sql, parameters = translate(_HEADS, {"ids": wanted}, db.dialect)
    return {row[0]: RunHead(*row) for row in db.run(sql, parameters).fetchall()}


@repeatable
def children(db: Database, id: int) -> tuple[list[int], int]:
    """The first runs whose parent this is, and how many there are."""
    found = [row[0] for row in db.rows(CHILDREN_OF, id=id, limit=CHILDREN)]
    return found, int(db.row(COUNT_OF_CHILDREN, id=id)[0]) if found else 0


@repeatable
def neighbours(db: Database, row: Row) -> tuple[int | None, int | None]:
    """The runs before and after this one in its experiment."""
    place = {"experiment_id": row.experiment_id, "number": row.number}
    found = [db.row(queries[row.number < 0], **place) for queries in (EARLIER, LATER)]
    before, after = (None if each is None else int(each[0]) for each in found)
    return before, after
