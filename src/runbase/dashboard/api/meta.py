"""What the server is, and whether something changed."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from ... import __version__
from ..board import Board


class Meta(Struct):
    """What this server can do."""

    version: str
    #: The storage without its password.
    storage: str
    read_only: bool
    artifact_is_available: bool
    #: Whether pages are told of changes ("events") or have to ask ("poll").
    live: Literal["events", "poll"]
    #: Whether views can be saved.
    saves_views: bool
    #: Whether queries in SQL can be run, and if not, why, as far as that is known yet.
    sql: bool
    sql_refusal: str | None
    #: Of Optuna Dashboard's: always false here.
    llm_is_available: bool = False
    plotlypy_is_available: bool = False
    allow_unsafe: bool = False


def get_meta(board: Board) -> Meta:
    """What this server can do."""
    refusal = board.console.refusal(wait=False)
    return Meta(
        version=__version__,
        storage=board.name,
        read_only=board.read_only,
        artifact_is_available=board.artifacts is not None,
        live="events" if board.streams else "poll",
        saves_views=board.mirror is None and not board.read_only,
        sql=refusal is None,
        sql_refusal=refusal,
    )


class Changes(Struct):
    """The versions of experiments; also the data of each server-sent event of ``/api/events``."""

    #: Grows with every change of anything in the database.
    tick: int
    #: Versions by id of experiments that changed since; all of them at first.
    experiments: dict[str, int]
    #: Ids of experiments that were deleted.
    deleted: list[int]


def get_changes(board: Board, since: int = 0) -> Changes:
    """What changed after a tick."""
    board.watcher.look()
    return changes(board, since)


def changes(board: Board, since: int) -> Changes:
    """What changed after a tick, as of the last time that somebody looked."""
    tick, experiments, deleted = board.watcher.since(since)
    return Changes(tick, {str(id): version for id, version in experiments.items()}, deleted)
