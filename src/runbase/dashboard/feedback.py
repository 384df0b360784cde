"""What people are asked about a preferential study, and what they said, as pages show it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..errors import NotFoundError
from . import heads, reading
from .api.preferences import (
    Answer,
    AnswerPage,
    Candidate,
    Feedback,
    FeedbackComponent,
    SkippedTrials,
)
from .api.types import Artifact
from .board import Board
from .columns.table import Bools, Table
from .paging import Places, page
from .preferential import attrs as stored

#: So many candidates are sent; whoever has more does not see an end anyway.
MOST = 100


def read(board: Board, table: Table) -> Feedback:
    """What waits for an answer.

    Raises:
        NotFoundError: the study is not preferential.
    """
    attrs = of(table)
    at = waiting(table, attrs)[:MOST]
    component = FeedbackComponent(**stored.component(attrs))
    latest = np.arange(max(len(table) - MOST, 0), len(table))
    return Feedback(
        version=table.version,
        component=component,
        artifact_keys=_artifact_keys(board, table, np.union1d(at, latest)),
        n_generate=stored.n_generate(attrs),
        candidates=candidates(board, table, at, component),
        best=table.numbers[best(table, attrs)].tolist(),
        skipped=table.numbers[skipped(table, attrs)].tolist(),
        answers=stored.count(attrs),
        pairs=len(stored.pairs(attrs)),
    )


def read_answers(
    board: Board, table: Table, offset: int, limit: int, removed: bool = False
) -> AnswerPage:
    """Some answers, the latest first, and the trials that they are about.

    Args:
        board: what is served.
        table: of the study.
        offset: the place of the first.
        limit: how many at most.
        removed: only those that were removed.

    Raises:
        NotFoundError: the study is not preferential.
        InvalidValueError: offset or limit are out of range.
    """
    attrs = of(table)
    every = answers(table)
    gone = [answer for answer in every if answer.is_removed]
    known = gone if removed else every
    at = page(np.arange(len(known))[::-1], offset, limit)
    shown = [known[place] for place in at.tolist()]
    compared = {number for answer in shown for number in answer.candidates}
    trials = np.flatnonzero(np.isin(table.numbers, list(compared)))
    component = FeedbackComponent(**stored.component(attrs))
    return AnswerPage(
        len(known), len(gone), [of_answer(each) for each in shown],
        candidates(board, table, trials, component), component,
    )  # fmt: skip


def read_skipped(board: Board, table: Table) -> SkippedTrials:
    """Trials that people are not asked about.

    Raises:
        NotFoundError: the study is not preferential.
    """
    attrs = of(table)
    at = np.flatnonzero(skipped(table, attrs))[::-1]
    component = FeedbackComponent(**stored.component(attrs))
    return SkippedTrials(len(at), candidates(board, table, at[:MOST], component), component)


def of(table: Table) -> stored.Attrs:
    """What is stored of people's answers, without the records of them.

    Raises:
        NotFoundError: the study is not preferential.
    """
    found = or_none(table)
    if found is None:
        raise NotFoundError(f"study {table.experiment_id} is not preferential")
    return found


def or_none(table: Table) -> stored.Attrs | None:
    """The same; None if the study is not preferential."""

    def read() -> stored.Attrs | None:
        if table.kind != "optuna":
            return None
        attrs = reading.preferences(table.db, table.experiment_id)
        return attrs if stored.is_preferential(attrs) else None

    return table.cached("preferences", read)


def answers(table: Table) -> list[stored.Answer]:
    """All answers, removed ones as well, the earliest first."""

    def read() -> list[stored.Answer]:
        # Records and what counts in one query, so that they are of the same moment.
        return stored.answers(reading.system_attrs(table.db, table.experiment_id, stored.PREFIX))

    return table.cached("answers", read)


def waiting(table: Table, attrs: stored.Attrs) -> Places:
    """Places of the trials that may be compared."""
    retired = np.isin(table.numbers, list(stored.retired(attrs)))
    return np.flatnonzero(table.has("COMPLETED", "RUNNING") & ~retired & ~skipped(table, attrs))


def best(table: Table, attrs: stored.Attrs) -> Bools:
    """Which trials won a comparison, or equal one that did, and lost none.

    Those that failed, or were not run, are not among them.
    """
    found = np.isin(table.numbers, list(stored.best(attrs)))
    return found & table.has("COMPLETED", "RUNNING") & ~skipped(table, attrs)


def skipped(table: Table, attrs: stored.Attrs) -> Bools:
    """Which trials people are not asked about."""
    return np.isin(table.ids, list(stored.skipped(attrs)))


def candidates(
    board: Board, table: Table, at: Places, component: FeedbackComponent
) -> list[Candidate]:
    """Trials with what people look at."""
    id, ids = table.experiment_id, table.ids[at].tolist()
    known = reading.rows(board.db, ids)
    notes = reading.notes_on(board.db, id, ids)
    files = _files(board, id, ids) if component.artifact_key else {}
    return [
        Candidate(
            number, trial_id, known[trial_id].status, known[trial_id].args,
            heads.note(notes, trial_id), files.get(trial_id, {}).get(component.artifact_key or ""),
        )
        for number, trial_id in zip(table.numbers[at].tolist(), ids, strict=True)
        if trial_id in known
    ]  # fmt: skip


def _artifact_keys(board: Board, table: Table, at: Places) -> list[str]:
    files = _files(board, table.experiment_id, table.ids[at].tolist())
    return sorted({key for of in files.values() for key in of})


def _files(board: Board, id: int, trial_ids: Iterable[int]) -> dict[int, dict[str, Artifact]]:
    """The files of trials by the user attributes that name them."""
    study = reading.system_attrs(board.db, id, "dashboard:artifacts:")
    found: dict[int, dict[str, Artifact]] = {}
    for trial_id, attrs in reading.attrs_of(board.db, list(trial_ids)).items():
        files = heads.artifacts_of_trial(board, attrs.system, study, id, trial_id)
        by_id = {file.artifact_id: file for file in files}
        named = {key: value for key, value in attrs.user.items() if isinstance(value, str)}
        found[trial_id] = {key: by_id[value] for key, value in named.items() if value in by_id}
    return found


def of_answer(known: stored.Answer) -> Answer:
    """An answer as pages have it."""
    return Answer(
        known.id, known.mode, None if known.time is None else known.time.timestamp() * 1000,
        known.candidates, known.clicked, known.order, [list(pair) for pair in known.pairs],
        known.is_removed,
    )  # fmt: skip
