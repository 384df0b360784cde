"""The schema as a whole: making it, checking it, and the views that depend on the metrics."""

from __future__ import annotations

from collections.abc import Iterable

from .. import migrate
from ..db import Database
from ..migrate import Applied, Script
from . import columns, views


def setup(db: Database, scripts: Iterable[Script] = ()) -> list[Applied]:
    """Bring the schema up to date and run users' scripts, each once; see `migrate.migrate`.

    Returns:
        What became of each script.
    """
    applied = migrate.migrate(db, scripts)
    with db.transaction(), db.engine.exclusive(db.run):
        columns.adopt(db)
        views.refresh(db)
    columns.refresh(db)
    return applied


def prepare(db: Database) -> None:
    """Make sure that the tables fit this program; set up a new, empty SQLite file.

    Raises:
        SchemaError: the tables are missing, or older or newer than this program.
    """
    if not migrate.check(db):
        setup(db)
