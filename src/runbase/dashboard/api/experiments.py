"""The list of all experiments, and what can be done with one as a whole."""

from __future__ import annotations

from msgspec import Struct

from ...errors import ConflictError, InvalidValueError
from ...store import documents, studies
from ...store import experiments as store
from .. import home, steer
from ..board import Board
from .types import Direction, ExperimentRow


class Experiments(Struct):
    """All experiments, newest first, and the state of the database that they show."""

    experiments: list[ExperimentRow]
    #: Everything that the database has, where filters leave some out.
    total: int


def list_experiments(
    board: Board, q: str = "", kind: list[str] | None = None, tag: list[str] | None = None
) -> Experiments:
    """Experiments of some kinds whose name, tags or comment contain all words of ``q``."""
    rows = home.of(board).rows(board)
    words, tags = q.split(), set(tag or ())
    found = [
        row
        for row in rows
        if (not kind or row.kind in kind) and tags.issubset(row.tags) and home.is_found(row, words)
    ]
    return Experiments(found, len(rows))


class NewExperiment(Struct):
    """A study (kind "optuna") or a tracking experiment to create."""

    name: str
    kind: str = "optuna"
    directions: list[Direction] = []


def create_experiment(board: Board, body: NewExperiment) -> ExperimentRow:
    """Create a study or experiment.

    Raises:
        ConflictError: the name is taken.
        InvalidValueError: the name, the kind or a direction is none.
    """
    if body.kind == studies.KIND:
        id = steer.create_study(board, body.name, body.directions)
    elif body.kind == "tracking" and board.mirror is None:
        id = _create_tracking(board, body.name)
    else:
        raise InvalidValueError(f"nothing of the kind {body.kind!r} can be created here")
    return _row(board, id)


def _create_tracking(board: Board, name: str) -> int:
    steer.check_name(name)
    if any(row.name == name and row.kind == "tracking" for row in store.list_all(board.db)):
        raise ConflictError(f"there is an experiment {name!r} already: choose another name")
    id = store.get_or_create(board.db, name)
    board.written()
    return id


class ExperimentChange(Struct):
    """What to change; what is missing stays."""

    name: str | None = None
    tags: list[str] | None = None
    comment: str | None = None


def change_experiment(board: Board, id: int, body: ExperimentChange) -> ExperimentRow:
    """Rename, tag or describe. The id stays, unless the storage cannot rename in place.

    Raises:
        ConflictError: the name is taken.
        NotFoundError: there is no such experiment.
        InvalidValueError: the name is none, tags are for Runbase databases only, or the name and
            the comment are those of an Ax experiment.
    """
    if board.mirror is not None and not (body.tags is None and body.comment is None):
        raise InvalidValueError(
            "Optuna's own storages have no tags and comments: 'runbase import optuna' brings "
            "studies into a Runbase database, which has"
        )
    store.get_name(board.db, id)
    if body.name is not None or body.comment is not None:
        steer.check_not_ax(board, id)
    if body.tags is not None:
        documents.put(board.db, "experiments", "tags", id, documents.tags(body.tags))
    if body.comment is not None:
        store.set_comment(board.db, id, body.comment or None)
    if body.name is not None:
        id = steer.rename(board, id, body.name)
    board.written()
    return _row(board, id)


def delete_experiment(board: Board, id: int, artifacts: bool = False) -> None:
    """Delete an experiment with its trials, and with ``artifacts`` their files, too.

    Raises:
        NotFoundError: there is no such experiment.
    """
    steer.delete(board, id, artifacts)


def _row(board: Board, id: int) -> ExperimentRow:
    return next(row for row in list_experiments(board).experiments if row.id == id)
