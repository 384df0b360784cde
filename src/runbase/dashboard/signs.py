"""What a database shows of having been written to."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from ..db import Database, repeatable
from ..errors import ConnectionLostError
from ..query import Query
from ..session import Session

VERSIONS = Query("SELECT id, version FROM experiments WHERE kind IN ('optuna', 'ax')")
# Runs of other experiments have no versions: what is another one when any of them was written to.
_SIGN = """
       COUNT(r.id), MAX(r.id), SUM(r.version), MAX(r.time_started), MAX(r.time_updated),
       MAX(r.time_finished), MAX(r.heartbeat), COUNT(r.time_finished), COUNT(r.args),
       COUNT(r.value), COUNT(r.objective_values), MIN(r.status), MAX(r.status),
       COUNT(CASE WHEN r.status = 'RUNNING' THEN 1 END),
       COUNT(CASE WHEN r.status = 'COMPLETED' THEN 1 END)"""
OTHERS = Query(f"""
SELECT e.id, e.version, {_SIGN}
  FROM experiments AS e LEFT JOIN runs AS r ON r.experiment_id = e.id
 WHERE e.kind NOT IN ('optuna', 'ax')
 GROUP BY e.id, e.version
""")
OTHER = Query(f"SELECT {_SIGN} FROM runs AS r WHERE r.experiment_id = :id")
#: What can be told apart by these has been written to in between. On PostgreSQL this is exactly
#: which transactions a statement sees. On SQLite it changes with every commit of another
#: connection, and costs microseconds. MariaDB and MySQL count the bytes of the log, which grow
#: before a commit is seen: see `SETTLES`.
SIGN = Query(
    "SELECT 1",
    postgresql="SELECT CAST(txid_current_snapshot() AS TEXT)",
    sqlite="PRAGMA data_version",
    mysql="SHOW GLOBAL STATUS WHERE Variable_name IN ('Innodb_lsn_current',"
    " 'Innodb_redo_log_current_lsn', 'Innodb_os_log_written', 'Innodb_rows_inserted',"
    " 'Innodb_rows_updated', 'Innodb_rows_deleted', 'Com_commit')",
)
#: Seconds after which everything that a sign stands for is seen by all.
SETTLES = {"sqlite": 0.0, "postgresql": 0.0, "mysql": 0.25}


@repeatable
def of_runs(db: Database, id: int) -> tuple[Any, ...]:
    """What is another one when the runs of an experiment without versions changed."""
    return tuple(db.row(OTHER, id=id))


@repeatable
def of_all_runs(db: Database) -> dict[int, tuple[Any, ...]]:
    """The same of all experiments without versions, by id."""
    return {int(row[0]): tuple(row[1:]) for row in db.rows(OTHERS)}


class Signs:
    """A connection of its own that looks at one database; for one thread at a time."""

    def __init__(self, database: Database) -> None:
        self.settles = SETTLES[database.dialect]
        # A database in memory has only one connection, which sees no others.
        self._memory = database if database.engine.is_memory else None
        if self._memory is None:
            # A server that is away is for the caller to wait for.
            own = Database(database.engine)
            own.patience = 0.0
            self._session = Session(own)

    def sign(self) -> Hashable:
        """Something that stays equal until somebody writes.

        Raises:
            DatabaseError: the database cannot be reached.
        """
        if self._memory is not None:
            return self._memory.engine.own_changes(self._memory.session.open())
        return tuple(tuple(row) for row in self._fetch(SIGN))

    def versions(self) -> dict[int, Hashable]:
        """What is another one when an experiment changed, by id: its version, if it has one.

        Raises:
            DatabaseError: the database cannot be reached.
        """
        if self._memory is not None:
            studies, others = self._memory.rows(VERSIONS), self._memory.rows(OTHERS)
        else:
            studies, others = self._fetch(VERSIONS), self._fetch(OTHERS)
        versions: dict[int, Hashable] = {int(row[0]): int(row[1]) for row in studies}
        return versions | {int(row[0]): tuple(row[1:]) for row in others}

    def close(self) -> None:
        """Close the connection; it is opened again when needed."""
        if self._memory is None:
            self._session.close()

    def _fetch(self, query: Query) -> list[Any]:
        sql = query.text[self._session.engine.dialect]
        try:
            return self._session.fetch(sql).rows
        except ConnectionLostError:
            self._session.close()
            return self._session.fetch(sql).rows
