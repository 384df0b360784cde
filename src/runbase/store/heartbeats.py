"""Signs of life of trials, by the database's clock."""

from __future__ import annotations

from ..db import Database, repeatable
from ..errors import NotFoundError
from ..query import Query

HEARTBEAT = Query("UPDATE runs SET heartbeat = CURRENT_TIMESTAMP WHERE id = :id",
    sqlite="UPDATE runs SET heartbeat = strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')"
    " WHERE id = :id",
    mysql="UPDATE runs SET heartbeat = UTC_TIMESTAMP(6) WHERE id = :id",
)  # fmt: skip
_STALE = """
SELECT id FROM runs
 WHERE experiment_id = :study_id AND status = 'RUNNING' AND heartbeat < {limit}
 ORDER BY number"""
STALE = Query(
    _STALE.format(limit="CURRENT_TIMESTAMP - :seconds * INTERVAL '1 second'"),
    sqlite=_STALE.format(
        limit="strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now', '-' || :seconds || ' seconds')"
    ),
    mysql=_STALE.format(limit="UTC_TIMESTAMP(6) - INTERVAL :seconds SECOND"),
)


@repeatable
def beat(db: Database, id: int) -> None:
    """Note that the process of a trial is alive, by the database's clock."""
    with db.transaction(durable=False):
        if not db.execute(HEARTBEAT, id=id).rowcount:
            raise NotFoundError(f"there is no trial {id}")


@repeatable
def stale(db: Database, study_id: int, seconds: float) -> list[int]:
    """Ids of running trials whose last heartbeat is older than that; others have none."""
    return [row[0] for row in db.rows(STALE, study_id=study_id, seconds=seconds)]
