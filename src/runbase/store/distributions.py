"""Distributions of parameters: each JSON text is stored once."""

from __future__ import annotations

from ..db import Database, repeatable
from ..query import Query

FIND = Query(
    "SELECT id FROM distributions WHERE json = :json",
    postgresql="SELECT id FROM distributions WHERE md5(json) = md5(:json)",
    mysql="SELECT id FROM distributions WHERE sha256 = SHA2(:json, 256)",
)
INSERT = Query(
    "INSERT INTO distributions (json) VALUES (:json) ON CONFLICT (json) DO NOTHING",
    postgresql="INSERT INTO distributions (json) VALUES (:json) ON CONFLICT (md5(json)) DO NOTHING",
    mysql="INSERT INTO distributions (json) VALUES (:json) ON DUPLICATE KEY UPDATE id = id",
)
READ = Query("SELECT json FROM distributions WHERE id = :id")


def id_of(db: Database, json: str) -> int:
    """The id of a distribution, inserted if it is new; ids are remembered."""
    known: dict[str, int] = db.memo.setdefault("distributions", {})
    found = known.get(json)
    if found is None:
        found = known[json] = _id_of(db, json)
    return found


@repeatable
def _id_of(db: Database, json: str) -> int:
    if row := db.row(FIND, json=json):
        return int(row[0])
    with db.transaction():
        db.execute(INSERT, json=json)
        return int(db.row(FIND, json=json)[0])


@repeatable
def read(db: Database, id: int) -> str:
    """The JSON text of a distribution that is in use."""
    return str(db.row(READ, id=id)[0])
