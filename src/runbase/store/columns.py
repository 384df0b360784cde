"""Which metric is in which column: ``metric_names``, and the columns of ``metrics`` themselves.

A metric gets a column when it first comes, up to the engine's limit; what does not get one goes
to ``metrics_more``. Adding columns never holds up other programs that log: where the table is
busy for longer than a moment, the metric goes to ``metrics_more`` and is tried again later.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple

from ..db import Database, repeatable
from ..query import Query
from . import views
from .values import PYTHON, Kind, check_names, kind_of_type

MANY = 64  # a call with more new names than this is a dump of everything, not columns
RETRY = 30.0  # seconds until a column is tried again after the table was busy
POINT = ("run_id", "step", "progress")


class Metric(NamedTuple):
    """A metric's exact name and where its values are: a column, or (None) ``metrics_more``."""

    id: int
    name: str
    column: str | None
    kind: Kind


class Plan(NamedTuple):
    """The statements, in the driver's style, that write finite numbers of certain metrics.

    ``insert`` makes a new point, ``merge`` fills its cells where they are all empty; neither
    changes anything otherwise. ``summary`` follows. On PostgreSQL it is part of both of them.
    """

    insert: str
    merge: str
    summary: str = ""


class Catalogue:
    """What this process knows of the metrics; metrics are never renamed."""

    def __init__(self) -> None:
        self.metrics: dict[str, Metric] = {}
        self.retry_at: dict[str, float] = {}
        self.plans: dict[tuple[str, ...], Plan] = {}


ALL = Query("SELECT id, name, column_name, kind FROM metric_names")
_INSERT = (
    "INSERT INTO metric_names (name, column_name, kind, user_defined)"
    " VALUES (:name, :column_name, :kind, :user_defined)"
)
INSERT = Query(
    f"{_INSERT} ON CONFLICT (name) DO NOTHING", mysql=f"{_INSERT} ON DUPLICATE KEY UPDATE id = id"
)
PROMOTE = Query(
    "UPDATE metric_names SET column_name = :column_name WHERE name = :name AND column_name IS NULL"
)
AUTOMATIC = Query(
    "SELECT COUNT(*) FROM metric_names WHERE column_name IS NOT NULL AND NOT user_defined"
)


def catalogue(db: Database) -> Catalogue:
    """This process's catalogue of the database."""
    try:
        return db.memo["catalogue"]  # type: ignore[no-any-return]
    except KeyError:
        found = db.memo["catalogue"] = Catalogue()
        return found


@repeatable
def refresh(db: Database) -> dict[str, Metric]:
    """All metrics by name, read again; another thread may put an older catalogue in its place."""
    known = catalogue(db)
    known.metrics = found = {row[1]: Metric(*row) for row in db.rows(ALL)}
    known.plans.clear()
    return found


def ensure(db: Database, kinds: Mapping[str, Kind]) -> dict[str, Metric]:
    """The metrics with these names; new ones get columns of these kinds where there is room.

    Raises:
        InvalidValueError: a name cannot be kept.
    """
    known = catalogue(db)
    metrics = known.metrics
    if not kinds.keys() <= metrics.keys():
        metrics = refresh(db)
    new = [name for name in kinds if name not in metrics]
    now = time.time()
    late = [name for name in kinds if known.retry_at.get(name, now) < now]
    if new or late:
        check_names(new)
        _add(db, {name: kinds[name] for name in [*new, *late]})
        metrics = refresh(db)
    return {name: metrics[name] for name in kinds}


def _add(db: Database, kinds: dict[str, Kind]) -> None:
    """Register metrics, with columns if the table is free for a moment, else without."""
    for name in kinds:
        catalogue(db).retry_at.pop(name, None)
    # On a server the table must not stay locked until the end of the user's transaction.
    side = Database(db.engine) if db.session.in_block and db.dialect != "sqlite" else db
    try:
        if len(kinds) <= MANY and _add_columns(side, kinds):
            return
        _add_names(side, kinds)
        if len(kinds) <= MANY:
            catalogue(db).retry_at |= dict.fromkeys(kinds, time.time() + RETRY)
    finally:
        if side is not db:
            side.close()


@repeatable
def _add_names(db: Database, kinds: Mapping[str, Kind]) -> None:
    with db.transaction():
        rows = [_row(name, None, kind) for name, kind in kinds.items()]
        db.execute_many(INSERT, rows)


def _row(
    name: str, column: str | None, kind: Kind, user_defined: bool = False
) -> dict[str, object]:
    return {"name": name, "column_name": column, "kind": kind, "user_defined": user_defined}


@repeatable
def _add_columns(db: Database, kinds: dict[str, Kind]) -> bool:
    """Add columns for metrics that have none; False if the table was busy."""
    try:
        with db.transaction(), db.engine.exclusive(db.run, brief=True):
            adopt(db)
            _add_missing(db, kinds)
    except Exception as error:
        if db.engine.is_busy(error):
            return False
        raise
    return True


def _add_missing(db: Database, kinds: dict[str, Kind]) -> None:
    metrics = {row[1]: Metric(*row) for row in db.rows(ALL)}
    room = db.engine.max_metric_columns - int(db.row(AUTOMATIC)[0])
    taken = {db.engine.fold(column) for column in db.engine.columns(db.run, "metrics")}
    without = [n for n in kinds if n not in metrics or metrics[n].column is None]
    added = {n: views.free_name(db.engine, n, taken) for n in without[: max(room, 0)]}
    # The names come after the columns: on MySQL each of these steps is a commit.
    _alter(db, {added[n]: db.engine.map_type(None, PYTHON[kinds[n]]) for n in added})
    for name in without:
        column = added.get(name)
        if name not in metrics:
            db.execute(INSERT, **_row(name, column, kinds[name]))
        elif column:
            db.execute(PROMOTE, name=name, column_name=column)
    if added:
        views.refresh(db)


def _alter(db: Database, added: dict[str, str]) -> None:
    parts = [f"ADD COLUMN {db.engine.quote(column)} {kind}" for column, kind in added.items()]
    if not parts:
        return
    groups = [[part] for part in parts] if db.dialect == "sqlite" else [parts]
    for group in groups:
        db.run(f"ALTER TABLE metrics {', '.join(group)}")


def adopt(db: Database) -> None:
    """Register the columns that users added to ``metrics`` themselves."""
    known = {row[2] for row in db.rows(ALL)}
    found = {
        column: declared
        for column, declared in db.engine.columns(db.run, "metrics").items()
        if column not in known and column not in POINT
    }
    for column, declared in found.items():
        db.execute(INSERT, **_row(column, column, kind_of_type(declared), user_defined=True))
        db.execute(PROMOTE, name=column, column_name=column)
    if found:
        views.refresh(db)
