"""Writes to studies and experiments: to the storage that they come from, whichever it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from ..errors import ConflictError, InvalidValueError, NotFoundError
from ..store import experiments, studies, versions
from . import reading
from .board import Board
from .columns.read import AX

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

_one_at_a_time = threading.RLock()


@contextmanager
def writing(board: Board) -> Iterator[BaseStorage]:
    """The storage to write to; its errors become ours, and all pages learn of the change.

    Raises:
        NotFoundError: there is no such study or trial.
        ConflictError: the trial has finished.
        InvalidValueError: the storage refuses a value.
    """
    try:
        yield board.storage
    except KeyError as error:
        raise NotFoundError(f"there is no such study or trial: {_text(error)}") from error
    except Exception as error:
        if type(error).__name__ == "UpdateFinishedTrialError":
            raise ConflictError(f"the trial has finished: {error}") from error
        if type(error).__name__ == "DuplicatedStudyError":
            raise ConflictError("there is a study of this name already: choose another") from error
        if isinstance(error, TypeError):
            raise InvalidValueError(f"this cannot be stored: {error}") from error
        raise
    finally:
        board.written()


@contextmanager
def alone(board: Board, study_id: int) -> Iterator[BaseStorage]:
    """`writing`, while nobody else who asks for the same study this way does.

    On a Runbase database that holds for all processes, elsewhere for those of this server.
    """
    whole = board.client if board.mirror is None else nullcontext()
    with _one_at_a_time, writing(board) as storage, whole:
        if board.mirror is None:
            versions.count(board.db, study_id)  # locks the study's row
        yield storage


def create_study(board: Board, name: str, directions: Sequence[str]) -> int:
    """Create a study and return its id.

    Raises:
        ConflictError: the name is taken.
        InvalidValueError: there is no direction, an unknown one, or the name is none.
    """
    check_name(name)
    known = {"minimize", "maximize"}
    if not directions or not set(directions) <= known:
        raise InvalidValueError("a study needs directions, each one minimize or maximize")
    with writing(board) as storage:
        from optuna.study import StudyDirection

        return storage.create_new_study([StudyDirection[d.upper()] for d in directions], name)


def rename(board: Board, id: int, name: str) -> int:
    """Rename an experiment and return its id, which stays where the storage can rename.

    A journal and a storage in memory cannot: there a copy with everything takes its place.

    Raises:
        ConflictError: the name is taken.
        InvalidValueError: the name is none, or the experiment is one of Ax's.
        NotFoundError: there is no such experiment.
    """
    check_name(name)
    check_not_ax(board, id)
    old = experiments.get_name(board.db, id)
    if name == old:
        return id
    if board.mirror is None:
        experiments.set_name(board.db, id, name)
        board.written()
        return id
    with _one_at_a_time, writing(board) as storage:
        if any(study.study_name == name for study in storage.get_all_studies()):
            raise ConflictError(f"another study is called {name!r} already")
        if hasattr(storage, "engine"):
            return _rename_row(storage, id, name)
        return _rename_by_copy(storage, id, old, name)


def _rename_row(storage: Any, id: int, name: str) -> int:
    from sqlalchemy import text

    with storage.engine.begin() as connection:
        sql = text("UPDATE studies SET study_name = :name WHERE study_id = :id")
        connection.execute(sql, {"name": name, "id": id})
    return id


def _rename_by_copy(storage: BaseStorage, id: int, old: str, name: str) -> int:
    from ..sources.optuna import copy_studies

    copy_studies(storage, storage, [old], rename=name)
    storage.delete_study(id)
    return storage.get_study_id_from_name(name)


def delete(board: Board, id: int, artifacts: bool = False) -> None:
    """Delete an experiment, and with ``artifacts`` the files of its own and of its trials.

    Raises:
        NotFoundError: there is no such experiment.
    """
    from . import files

    gone = files.ids_of_all(board.db, id) if artifacts and board.artifacts is not None else []
    if board.mirror is None:
        experiments.delete(board.db, id)
        board.written()
    else:
        with writing(board) as storage:
            storage.delete_study(id)
    for artifact_id in gone:
        files.remove(board, artifact_id)


def trial(storage: BaseStorage, trial_id: int, unfinished: bool = True) -> FrozenTrial:
    """A trial.

    Raises:
        ConflictError: ``unfinished`` is asked for, and it has finished.
        KeyError: there is none.
    """
    found = storage.get_trial(trial_id)
    if unfinished and found.state.is_finished():
        raise ConflictError(f"trial {found.number} has finished: it can not be changed any more")
    return found


def study_of(board: Board, trial_id: int) -> int:
    """The id of the study that a trial belongs to.

    Raises:
        NotFoundError: there is no such trial.
    """
    study_id = studies.of_run(board.db, trial_id)
    if study_id is None:
        raise NotFoundError(f"there is no trial {trial_id}")
    return study_id


def is_ax(board: Board, id: int | None) -> bool:
    """Whether an experiment is one of Ax's."""
    return id is not None and reading.kind(board.db, id) == AX


def check_not_ax(board: Board, id: int | None) -> None:
    """Refuse to change an experiment of Ax's: its documents would not know of it.

    Raises:
        InvalidValueError: it is one.
    """
    if is_ax(board, id):
        raise InvalidValueError(
            f"experiment {id} is one of Ax's, which keeps documents of its own beside what is "
            "shown here: change it with Ax (runbase.ax.Client.load)"
        )


def check_trial_not_ax(board: Board, trial_id: int) -> None:
    """The same for the experiment that a trial belongs to.

    Raises:
        InvalidValueError: it is one of Ax's.
    """
    check_not_ax(board, reading.experiment_of(board.db, trial_id))


def check_name(name: str) -> None:
    """Refuse a name that is empty, or that some engine could not keep.

    Raises:
        InvalidValueError: it is one.
    """
    if not name.strip():
        raise InvalidValueError("a name needs at least one character that is no space")
    experiments.check_name(name)


def _text(error: KeyError) -> str:
    return str(error.args[0]) if error.args else "it is gone"
