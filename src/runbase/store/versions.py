"""The counters of an experiment: run numbers, and the versions by which changes are found.

Counting locks the row of the experiment until the transaction ends. So numbers are unique and
without gaps, and the versions of committed changes never appear out of order: who has seen version
n, and asks for what is above, misses nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from ..db import Database
from ..query import Query

_COUNT = """
UPDATE experiments SET version = version + 1, next_number = next_number + :runs WHERE id = :id"""
COUNT = Query(f"{_COUNT} RETURNING version, next_number - :runs, kind", mysql=_COUNT)
READ = Query("SELECT version, next_number - :runs, kind FROM experiments WHERE id = :id")
#: For who knows the version, and finds out whether that is still so.
COUNT_TO = Query("UPDATE experiments SET version = :version WHERE id = :id AND version = :seen")
#: What an UPDATE of a run sets besides, so that whoever watches its experiment sees it; runs of
#: Optuna and Ax have the versions of `count` instead.
NEXT_OF_RUN = """version = version + (
    SELECT COUNT(*) FROM experiments AS e
     WHERE e.id = runs.experiment_id AND e.kind NOT IN ('optuna', 'ax'))"""
REPAIR = Query("""
UPDATE experiments
   SET next_number = (SELECT COALESCE(MAX(number), -1) + 1 FROM runs WHERE experiment_id = :id)
 WHERE id = :id
""")


class Counted(NamedTuple):
    """What `count` gave: the new version, and the number of the first of the new runs."""

    version: int
    number: int
    kind: str


def count(db: Database, experiment_id: int, runs: int = 0) -> Counted | None:
    """Count a change of an experiment, with so many new runs; None if there is no such experiment.

    Goes into the open transaction.
    """
    cursor = db.execute(COUNT, id=experiment_id, runs=runs)
    row = db.row(READ, id=experiment_id, runs=runs) if db.dialect == "mysql" else cursor.fetchone()
    return None if row is None else Counted(*row)


def repair(db: Database, experiment_id: int) -> None:
    """Go on after the highest number, where rows of ``runs`` were inserted past `count`."""
    with db.transaction():
        db.execute(REPAIR, id=experiment_id)
