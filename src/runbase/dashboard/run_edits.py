"""Editing the name, the comment and the tags of a run, so that nobody's text is lost unseen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..engines.json import Jsonb
from ..errors import ConflictError, InvalidValueError
from ..query import Query
from ..store import documents, experiments, runs, versions
from ..store.values import check_comment
from .board import Board

_READ = """
SELECT r.name, r.comment, r.tags, e.kind
  FROM runs AS r JOIN experiments AS e ON e.id = r.experiment_id
 WHERE r.id = :id"""
# SQLite has one writer at a time; the others lock the row from reading it to writing it.
READ = Query(f"{_READ} FOR UPDATE", sqlite=_READ)
WRITE = Query("UPDATE runs SET name = :name, comment = :comment, tags = :tags WHERE id = :id")


class Edited(NamedTuple):
    """What can be edited; no text is None."""

    name: str | None
    comment: str | None
    tags: list[str]


class EditConflictError(ConflictError):
    """Somebody else edited the same meanwhile."""

    def __init__(self, what: str, stored: Edited) -> None:
        super().__init__(f"somebody changed the {what} meanwhile: look at it, and write again")
        #: Goes into the answer beside the reason.
        self.answer: dict[str, Any] = {"stored": stored._asdict()}


def edit(board: Board, id: int, change: Mapping[str, Any], seen: Mapping[str, Any]) -> None:
    """Change some of name, comment and tags.

    Args:
        board: what is served.
        id: of the run.
        change: new values by name.
        seen: what the writer believes to replace, by name; what is missing is not checked.

    Raises:
        EditConflictError: something else is there.
        InvalidValueError: a value cannot be stored, or belongs to another tool.
        NotFoundError: no run has this id.
    """
    check_writable(board)
    change = {name: value if name == "tags" else value or None for name, value in change.items()}
    _check(change)
    db = board.db
    experiment_id = runs.experiment_of(db, id)
    with db.transaction():
        # So that pages show it; and first, as all do who lock an experiment and a run of it.
        versions.count(db, experiment_id)
        row = db.row(READ, id=id)
        if row is None:
            raise runs.missing(id)
        name, comment, tags, kind = row
        stored = Edited(name, comment, list(tags or ()))
        if kind != "tracking" and not {"tags"}.issuperset(change):
            raise InvalidValueError(
                f"run {id} belongs to {'a study' if kind == 'optuna' else 'an experiment'} of "
                f"{kind.capitalize()}: only its tags can be edited here"
            )
        for what in change.keys() & seen.keys():
            if _is_other(seen[what], getattr(stored, what)):
                raise EditConflictError("note" if what == "comment" else what, stored)
        new = stored._replace(**change)
        written = Jsonb(documents.tags(new.tags))
        db.execute(WRITE, id=id, name=new.name, comment=new.comment, tags=written)


def check_writable(board: Board) -> None:
    """Refuse to write to the copy of another storage.

    Raises:
        InvalidValueError: the board shows one.
    """
    if board.mirror is not None:
        raise InvalidValueError(
            "Optuna's own storages have no tags, comments and artifacts of runs: 'runbase import "
            "optuna' brings studies into a Runbase database, which has"
        )


def _is_other(seen: Any, stored: Any) -> bool:
    """Whether texts differ, or tags in any order."""
    if isinstance(stored, list):
        return set(seen) != set(stored)
    return (seen or None) != (stored or None)


def _check(change: Mapping[str, Any]) -> None:
    if (name := change.get("name")) is not None:
        experiments.check_name(name)
    check_comment(change.get("comment"))
    documents.tags(change.get("tags", ()))
