"""Analysis cards of Ax experiments: Ax's document of each."""

from __future__ import annotations

from ...db import Database, repeatable
from ...query import Query

_INSERT = (
    "INSERT INTO ax_cards (experiment_id, doc, ax_version)"
    " VALUES (:experiment_id, :doc, :ax_version)"
)
INSERT = Query(f"{_INSERT} RETURNING id", mysql=_INSERT)
SAME = Query(
    "SELECT id FROM ax_cards WHERE experiment_id = :experiment_id AND doc = :doc"
    " ORDER BY id DESC LIMIT 1"
)
READ = Query("SELECT id, doc, ax_version FROM ax_cards WHERE experiment_id = :id ORDER BY id")


def insert(db: Database, experiment_id: int, doc: str, ax_version: str) -> int:
    """Insert a card and return its id."""
    return _insert(db, experiment_id, doc, ax_version, [])


@repeatable
def _insert(
    db: Database, experiment_id: int, doc: str, ax_version: str, attempts: list[None]
) -> int:
    attempts.append(None)
    with db.transaction():
        # Maybe it is stored, and the commit's answer was lost.
        same = {"experiment_id": experiment_id, "doc": doc}
        if len(attempts) > 1 and (row := db.row(SAME, **same)):
            return int(row[0])
        return db.insert(INSERT, experiment_id=experiment_id, doc=doc, ax_version=ax_version)


@repeatable
def read(db: Database, experiment_id: int) -> list[tuple[int, str, str]]:
    """Id, document and Ax's version of the cards of an experiment, the oldest first."""
    return [(row[0], row[1], row[2]) for row in db.rows(READ, id=experiment_id)]
