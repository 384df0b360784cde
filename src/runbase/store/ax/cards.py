"""Analysis cards of Ax experiments: Ax's document of each."""

from __future__ import annotations

from ...db import Database, repeatable
from ...query import Query

_INSERT = (
    "INSERT INTO ax_cards (experiment_id, doc, ax_version)"
    " VALUES (:experiment_id, :doc, :ax_version)"
)
INSERT = Query(f"{_INSERT} RETURNING id", mysql=_INSERT)
READ = Query("SELECT id, doc, ax_version FROM ax_cards WHERE experiment_id = :id ORDER BY id")


@repeatable
def insert(db: Database, experiment_id: int, doc: str, ax_version: str) -> int:
    """Insert a card and return its id."""
    with db.transaction():
        return db.insert(INSERT, experiment_id=experiment_id, doc=doc, ax_version=ax_version)


@repeatable
def read(db: Database, experiment_id: int) -> list[tuple[int, str, str]]:
    """Id, document and Ax's version of the cards of an experiment, the oldest first."""
    return [(row[0], row[1], row[2]) for row in db.rows(READ, id=experiment_id)]
