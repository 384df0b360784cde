"""Saved views: names for what pages of runs show, shared by all who use the database."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Struct

from ...errors import ConflictError, InvalidValueError
from ...store import saved_views as store
from ..board import Board

Integer = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]  # of what databases have


class SavedView(Struct):
    """A name for what a page of runs shows."""

    id: int
    #: None for a page of the runs of all experiments.
    experiment: int | None
    name: str
    #: The query string of the page.
    state: str
    created: float
    updated: float | None
    #: Grows with each change.
    version: int


class SavedViews(Struct):
    """The views of one experiment, or of the runs of all, by name."""

    views: list[SavedView]


class NewView(Struct):
    """A view to save."""

    experiment: Integer | None
    name: str
    state: str


class ViewChange(Struct):
    """What a view is from now on, and the version that its writer has seen."""

    name: str
    state: str
    version: Integer


class ViewConflictError(ConflictError):
    """Somebody else changed the view meanwhile."""

    def __init__(self, error: store.ChangedMeanwhileError) -> None:
        super().__init__(str(error))
        #: Goes into the answer beside the reason.
        self.answer: dict[str, Any] = {"view": msgspec.to_builtins(_shown(error.view))}


def list_views(board: Board, experiment: int | None = None) -> SavedViews:
    """The views of an experiment; without one, those of the runs of all experiments."""
    return SavedViews([_shown(view) for view in store.list_of(board.db, experiment)])


def save_view(board: Board, body: NewView) -> SavedView:
    """Save a new view.

    Raises:
        ConflictError: there is a view of this name.
        InvalidValueError: the name or the state is too long, or this is no Runbase database.
        NotFoundError: there is no such experiment.
    """
    _check_ours(board)
    return _shown(store.add(board.db, body.experiment, body.name, body.state))


def change_view(board: Board, id: int, body: ViewChange) -> SavedView:
    """Rename a view, or save another state under its name.

    Raises:
        ViewConflictError: somebody changed it meanwhile; the answer has the stored ``view``.
        ConflictError: there is another view of this name.
        NotFoundError: there is no such view.
    """
    _check_ours(board)
    try:
        return _shown(store.change(board.db, id, body.name, body.state, body.version))
    except store.ChangedMeanwhileError as error:
        raise ViewConflictError(error) from error


def delete_view(board: Board, id: int) -> None:
    """Delete a view.

    Raises:
        NotFoundError: there is no such view.
    """
    _check_ours(board)
    store.delete(board.db, id)


def _check_ours(board: Board) -> None:
    # A mirror is a cache, which is thrown away now and then.
    if board.mirror is not None:
        raise InvalidValueError(
            "views are saved in Runbase databases only: 'runbase import optuna' brings studies "
            "into one; a link to this page shows the same as a view"
        )


def _shown(view: store.View) -> SavedView:
    updated = view.time_updated
    return SavedView(
        view.id,
        view.experiment_id,
        view.name,
        view.state,
        view.time_created.timestamp() * 1000,
        None if updated is None else updated.timestamp() * 1000,
        view.version,
    )
