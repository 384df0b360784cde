"""Generation strategies: the document of each, and what it generated, in order.

A generator run that a trial has is not written twice: the strategy refers to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...db import Database, repeatable
from ...errors import NotFoundError
from ...query import Query, upsert


class Strategy(NamedTuple):
    """A strategy that is to be written, without its generator runs."""

    name: str
    node: str | None
    doc: str
    ax_version: str


class Found(NamedTuple):
    """A strategy as it is stored."""

    id: int
    experiment_id: int | None
    doc: str
    ax_version: str
    version: int


class Generated(NamedTuple):
    """A generator run: the one at ``position`` of a trial's run, or a document of its own."""

    ordinal: int
    run_id: int | None
    position: int | None
    doc: str | None


class Reference(NamedTuple):
    """The same as it is read: a trial is given by its index, with the version of the strategy."""

    ordinal: int
    trial: int | None
    position: int | None
    doc: str | None
    version: int


_INSERT = (
    "INSERT INTO ax_strategies (experiment_id, name, node, doc, ax_version, version)"
    " VALUES (:experiment_id, :name, :node, :doc, :ax_version, :version)"
)
INSERT = Query(f"{_INSERT} RETURNING id", mysql=_INSERT)
UPDATE = Query("""
UPDATE ax_strategies
   SET name = :name, node = :node, doc = :doc, ax_version = :ax_version, version = :version,
       experiment_id = COALESCE(:experiment_id, experiment_id)
 WHERE id = :id AND version = COALESCE(:known, version)
""")
TOUCH = Query("UPDATE ax_strategies SET version = :version WHERE id = :id AND version = :known")
PUT = upsert("ax_generator_runs", "strategy_id, ordinal", "run_id, position, doc")
ADD = Query(
    "INSERT INTO ax_generator_runs (strategy_id, ordinal, run_id, position, doc)"
    " VALUES (:strategy_id, :ordinal, :run_id, :position, :doc)"
)
_FIND = "SELECT s.id, s.experiment_id, s.doc, s.ax_version, s.version FROM ax_strategies AS s"
FIND = Query(f"{_FIND} WHERE s.id = :id")
LAST_OF = Query(f"{_FIND} WHERE s.experiment_id = :experiment_id ORDER BY s.id DESC LIMIT 1")
IDS = Query("SELECT id FROM ax_strategies WHERE experiment_id = :experiment_id ORDER BY id")
GENERATED = Query("""
SELECT g.ordinal, r.number, g.position, g.doc, s.version
  FROM ax_generator_runs AS g
  JOIN ax_strategies AS s ON s.id = g.strategy_id
  LEFT JOIN runs AS r ON r.id = g.run_id
 WHERE g.strategy_id = :id
 ORDER BY g.ordinal
""")
DELETE = Query("DELETE FROM ax_strategies WHERE id = :id")


def insert(db: Database, experiment_id: int | None, strategy: Strategy, version: int) -> int:
    """Insert a strategy in the open transaction and return its id."""
    return db.insert(INSERT, experiment_id=experiment_id, version=version, **strategy._asdict())


def update(
    db: Database,
    id: int,
    experiment_id: int | None,
    strategy: Strategy,
    version: int,
    known: int | None = None,
) -> bool:
    """Overwrite a strategy in the open transaction.

    False if it is gone, or, where ``known`` is the version that the caller knows, has changed.
    """
    row = strategy._asdict() | {"experiment_id": experiment_id, "known": known}
    return bool(db.execute(UPDATE, id=id, version=version, **row).rowcount)


def touch(db: Database, id: int, version: int, known: int) -> bool:
    """Let others see that a strategy has generated something; the same as `update` otherwise."""
    return bool(db.execute(TOUCH, id=id, version=version, known=known).rowcount)


def add(db: Database, id: int, generated: Sequence[Generated]) -> None:
    """Add what a strategy generated, in the open transaction.

    The driver's error for a unique key that is violated means that another program added some.
    """
    db.execute_many(ADD, [{"strategy_id": id, **row._asdict()} for row in generated])


def put(db: Database, id: int, generated: Sequence[Generated]) -> None:
    """The same, and overwrite what is there."""
    db.execute_many(PUT, [{"strategy_id": id, **row._asdict()} for row in generated])


@repeatable
def find(db: Database, id: int) -> Found | None:
    """The strategy with this id."""
    row = db.row(FIND, id=id)
    return None if row is None else Found(*row)


def read(db: Database, id: int) -> Found:
    """The same.

    Raises:
        NotFoundError: there is none.
    """
    if found := find(db, id):
        return found
    raise NotFoundError(f"there is no generation strategy {id}")


@repeatable
def last_of(db: Database, experiment_id: int) -> Found | None:
    """The newest strategy of an experiment."""
    row = db.row(LAST_OF, experiment_id=experiment_id)
    return None if row is None else Found(*row)


@repeatable
def ids(db: Database, experiment_id: int) -> list[int]:
    """The ids of an experiment's strategies, the oldest first."""
    return [int(row[0]) for row in db.rows(IDS, experiment_id=experiment_id)]


@repeatable
def generated(db: Database, id: int) -> list[Reference]:
    """What a strategy generated, in order."""
    return [Reference(*row) for row in db.rows(GENERATED, id=id)]


@repeatable
def delete(db: Database, ids: Sequence[int]) -> None:
    """Delete strategies; the trials that they generated stay."""
    with db.transaction():
        db.execute_many(DELETE, [{"id": id} for id in ids])
