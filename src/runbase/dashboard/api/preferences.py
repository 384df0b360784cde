"""What people are asked and have said about the trials of a preferential study."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from msgspec import Struct

from ...errors import NotFoundError
from .. import reading, steer
from ..board import Board
from ..place import Place
from ..preferential import answers
from ..preferential.attrs import Mode
from ..preferential.component import set_component as write_component
from .types import Artifact, Note


class FeedbackComponent(Struct):
    """What of a trial people look at: its note, or the file whose id is in a user attribute."""

    output_type: Literal["note", "artifact"]
    artifact_key: str | None = None


class Candidate(Struct):
    """A trial that people compare with others."""

    number: int
    id: int
    status: str
    params: dict[str, Any]
    note: Note
    #: What the component names; null where the trial has no such file (yet).
    artifact: Artifact | None


class Feedback(Struct):
    """What waits for an answer."""

    version: int
    component: FeedbackComponent
    #: User attributes of trials that hold the id of one of their files, of candidates and the
    #: latest trials.
    artifact_keys: list[str]
    #: How many trials the program keeps waiting; null if it did not say.
    n_generate: int | None
    #: Trials that may be compared, the 100 oldest: neither worse in an answer, nor skipped, nor
    #: set aside as equal to an earlier one.
    candidates: list[Candidate]
    #: Numbers of the trials that won a comparison, or equal one that did, and lost none.
    best: list[int]
    #: Numbers of skipped trials.
    skipped: list[int]
    #: How many answers count, and how many pairs they are.
    answers: int
    pairs: int


def get_feedback(board: Board, id: int) -> Feedback:
    """What people are asked next.

    Raises:
        NotFoundError: there is no such study, or it is not preferential.
    """
    from .. import feedback

    return feedback.read(board, board.tables.of(id))


class Answer(Struct):
    """What somebody said, or a program reported."""

    id: str
    mode: Mode
    #: Milliseconds since 1970; null where it is not known.
    time: float | None
    #: Numbers of the trials that were compared.
    candidates: list[int]
    #: The worst or the best one; null for other answers.
    clicked: int | None
    #: All of them in the order of a ranking, the best first; else empty.
    order: list[int]
    #: Numbers of a better and a worse trial.
    pairs: list[list[int]]
    is_removed: bool


class AnswerPage(Struct):
    """Answers, the latest first, and the trials that they are about."""

    total: int
    #: How many of all answers do not count any more.
    removed: int
    answers: list[Answer]
    trials: list[Candidate]
    component: FeedbackComponent


def get_answers(
    board: Board, id: int, offset: int = 0, limit: int = 50, removed: bool = False
) -> AnswerPage:
    """What was said so far, the latest first, removed answers as well, or only those.

    Raises:
        NotFoundError: there is no such study, or it is not preferential.
    """
    from .. import feedback

    return feedback.read_answers(board, board.tables.of(id), offset, limit, removed)


class SkippedTrials(Struct):
    """Trials that people are not asked about, the 100 latest, the latest first."""

    total: int
    trials: list[Candidate]
    component: FeedbackComponent


def get_skipped(board: Board, id: int) -> SkippedTrials:
    """What is skipped, so that it can be asked about again.

    Raises:
        NotFoundError: there is no such study, or it is not preferential.
    """
    from .. import feedback

    return feedback.read_skipped(board, board.tables.of(id))


class NewAnswer(Struct):
    """An answer; ``id`` is a new UUID of the asker's, so that it can be sent twice."""

    mode: Literal["ChooseWorst", "ChooseBest", "Rank", "Equal"]
    candidates: list[int]
    clicked: int | None = None
    order: list[int] = []
    id: str | None = None


def add_answer(board: Board, id: int, body: NewAnswer) -> None:
    """Keep an answer; one whose id is known already changes nothing.

    The compared trials become complete.

    Raises:
        NotFoundError: there is no such study, or no trial with one of the numbers.
        InvalidValueError: there are fewer than two candidates, or one is there twice; one waits to
            be run, failed or was pruned; ``clicked`` or ``order`` do not fit them, or the mode; or
            the study is not preferential.
    """
    with _writing(board, id) as place:
        answers.keep(
            place,
            answers.new(
                body.mode, body.candidates, clicked=body.clicked, order=body.order, id=body.id
            ),
        )


def remove_answer(board: Board, id: int, answer: str) -> None:
    """Let an answer not count any more; it can be restored.

    Raises:
        NotFoundError: there is no such answer.
        InvalidValueError: the study is not preferential.
    """
    with _writing(board, id) as place:
        answers.remove(place, answer)


def restore_answer(board: Board, id: int, answer: str) -> None:
    """Let a removed answer count again.

    Raises:
        NotFoundError: there is no such answer.
        InvalidValueError: the study is not preferential.
    """
    with _writing(board, id) as place:
        answers.restore(place, answer)


def set_component(board: Board, id: int, body: FeedbackComponent) -> None:
    """Choose what people look at.

    Raises:
        NotFoundError: there is no such study.
        InvalidValueError: an artifact has no ``artifact_key``, or the study is not preferential.
    """
    with _writing(board, id) as place:
        write_component(place, body.output_type, body.artifact_key)


def skip_trial(board: Board, id: int, trial_id: int) -> None:
    """Do not ask about a trial.

    Raises:
        NotFoundError: there is no such trial.
        InvalidValueError: the study is not preferential.
    """
    with _writing(board, id) as place:
        answers.skip(place, _trial(board, id, trial_id))


def unskip_trial(board: Board, id: int, trial_id: int) -> None:
    """Ask about a skipped trial again.

    Raises:
        NotFoundError: there is no such trial.
        InvalidValueError: the study is not preferential.
    """
    with _writing(board, id) as place:
        answers.skip(place, _trial(board, id, trial_id), False)


@contextmanager
def _writing(board: Board, id: int) -> Iterator[Place]:
    """Where a study is, while nobody else writes to it this way."""
    with steer.alone(board, id) as storage:
        yield Place(storage, id, None)


def _trial(board: Board, id: int, trial_id: int) -> int:
    if reading.experiment_of(board.db, trial_id) != id:
        raise NotFoundError(f"study {id} has no trial {trial_id}")
    return trial_id
