"""Marks of the databases whose artifacts are in a place, so that none deletes those of another."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from ..client import Client
from ..errors import InvalidValueError
from ..query import Query
from .stores import Folder, Store, beside

BORN = Query("SELECT time_applied FROM applied_migrations ORDER BY time_applied, name LIMIT 1")


def leave(client: Client, store: Store) -> None:
    """Mark a place as one of this database's, before anything is stored there."""
    store.mark(_name(client, store), f"Artifacts of {client.engine.describe()} are here.\n")


def check(client: Client, store: Store) -> None:
    """See that nobody else's artifacts are in a place, before some are deleted as left over.

    Whoever stores something leaves a mark before. So this is asked after the place was listed.

    Raises:
        InvalidValueError: they are, or may be.
    """
    mine, found = _name(client, store), store.marks()
    if others := sorted(set(found) - {mine}):
        raise InvalidValueError(
            f"there are also files of another database in {store}, which is not told from what is "
            f"left over: each database needs a place of its own. If what {', '.join(others)} there "
            "tells of is this database before it was moved, or is gone for good, delete that mark"
        )
    if mine not in found:
        raise InvalidValueError(
            f"the files in {store} may be those of another database: there is no mark of this one, "
            "which comes with its first artifact"
        )


def _name(client: Client, store: Store) -> str:
    """The mark of a database: when it was made, and where it is.

    A copy of a database, made at the same time, is elsewhere. A folder beside an SQLite file is
    moved with it, so that there it does not matter where that is.
    """
    (born,) = client.db.row(BORN) or ("",)
    if isinstance(born, datetime):
        born = born.astimezone(UTC).isoformat() if born.tzinfo else born.isoformat()
    identity = f"{born} {_where(client, store)}"
    return f"runbase-database-{hashlib.sha256(identity.encode()).hexdigest()[:16]}.txt"


def _where(client: Client, store: Store) -> str:
    if client.dialect != "sqlite":
        parts = ("host", "hostaddr", "port", "unix_socket", "service", "dbname", "schema")
        return " ".join(f"{part}={client.engine.config.get(part)}" for part in parts)
    own = beside(client)
    if own and isinstance(store, Folder) and store.path.resolve() == Path(own).resolve():
        return "beside"
    return str(Path(client.config.get("dbpath") or "").resolve())
