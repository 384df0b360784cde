"""Notes of studies and trials, with a version so that nobody overwrites another's unseen."""

from __future__ import annotations

import json
from typing import Any

from ...errors import ConflictError, NotFoundError
from ...store import studies, versions
from .. import notes, reading, steer
from ..board import Board
from .types import Note


class NoteConflictError(ConflictError):
    """Somebody else wrote the note meanwhile."""

    def __init__(self, stored: notes.Note) -> None:
        super().__init__(
            f"the note has version {stored.version} by now: read it, and write version "
            f"{stored.version + 1}"
        )
        #: Goes into the answer beside the reason.
        self.answer: dict[str, Any] = {"note": stored._asdict()}


def put_study_note(board: Board, id: int, body: Note) -> None:
    """Write the note of a study.

    Raises:
        NoteConflictError: somebody wrote meanwhile; the answer has the stored note.
        NotFoundError: there is no such study.
    """
    _put(board, id, body)


def put_trial_note(board: Board, id: int, trial_id: int, body: Note) -> None:
    """Write the note of a trial, a finished one too.

    Raises:
        NoteConflictError: somebody wrote meanwhile; the answer has the stored note.
        NotFoundError: there is no such trial.
    """
    if reading.experiment_of(board.db, trial_id) != id:
        raise NotFoundError(f"study {id} has no trial {trial_id}")
    _put(board, id, body, trial_id)


def _put(board: Board, id: int, note: Note, trial_id: int | None = None) -> None:
    if board.mirror is None and steer.is_ax(board, id):
        return _put_beside(board, id, note, trial_id)
    with steer.alone(board, id) as storage:
        attrs = storage.get_study_system_attrs(id)
        stored = notes.read_note(attrs, trial_id)
        if note.version != stored.version + 1:
            raise NoteConflictError(stored)
        for key, value in notes.note_attrs(note.body, note.version, attrs, trial_id).items():
            storage.set_study_system_attr(id, key, value)


def _put_beside(board: Board, id: int, note: Note, trial_id: int | None) -> None:
    """Write the note of an Ax experiment, which Ax's documents know nothing of."""
    db = board.db
    with board.client:
        versions.count(db, id)  # locks the experiment's row
        prefix = "dashboard:" if trial_id is None else f"dashboard:{trial_id}:"
        attrs = reading.system_attrs(db, id, prefix)
        stored = notes.read_note(attrs, trial_id)
        if note.version != stored.version + 1:
            raise NoteConflictError(stored)
        for key, value in notes.note_attrs(note.body, note.version, attrs, trial_id).items():
            db.execute(studies.SET_ATTR, id=id, scope="system", key=key, value=json.dumps(value))
    board.written()
