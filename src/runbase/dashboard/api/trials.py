"""Trials: the table, one whole, and a file of all."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct

from .. import table_csv
from ..board import Board
from ..filter import mask
from ..paging import page
from ..server.endpoint import Raw
from .types import Artifact, Attr, Note, Number


class TrialRow(Struct):
    """One line of the table of trials."""

    id: int
    number: int
    status: str
    values: list[Number | None]
    params: dict[str, Any]
    user_attrs: dict[str, Any]
    feasible: bool
    is_best: bool
    time_started: float | None
    time_finished: float | None
    #: Seconds; of a running trial until now.
    duration: float | None
    name: str | None = None
    has_note: bool = False
    artifacts: list[Artifact] = []
    #: The trial that it is, or is an arm of.
    trial: int = 0
    #: Standard errors of the values; empty where none is known.
    sems: list[Number | None] = []
    #: Whether people are not asked about it.
    skipped: bool = False


class TrialPage(Struct):
    """A part of the table."""

    version: int
    #: How many trials the filter lets through.
    total: int
    #: The place of the first row in the sorted table.
    offset: int
    rows: list[TrialRow]


def get_trials(
    board: Board,
    id: int,
    filter: str = "",
    sort: str = "number",
    descending: bool = False,
    offset: int = 0,
    limit: int = 100,
    numbers: list[int] | None = None,
) -> TrialPage:
    """Rows of the table of trials; ``sort`` is the name of a column, see ``get_columns``.

    Trials without a value in that column come last either way. With ``numbers`` only these, or the
    arms of these.

    Raises:
        NotFoundError: there is no such experiment.
        InvalidValueError: the column or the filter is wrong.
    """
    from .. import rows

    table = board.tables.of(id)
    used = rows.chosen(table, filter, numbers)
    at = rows.ordered(table, sort, descending)
    at = at[used[at]]
    shown = rows.rows(board, table, page(at, offset, limit))
    return TrialPage(table.version, len(at), offset, shown)


class TrialParam(Struct):
    """A parameter of a trial with what it was chosen from."""

    name: str
    value: Any
    #: The text of the distribution, for people.
    distribution: str


class MetricSummary(Struct):
    """What a run's metric came to."""

    name: str
    count: int
    last: Number | None
    min: Number | None
    max: Number | None
    last_step: int | None
    #: The standard error of the last value.
    sem: Number | None = None


class Trial(Struct):
    """Everything about a trial."""

    id: int
    experiment_id: int
    number: int
    status: str
    name: str | None
    comment: str | None
    values: list[Number]
    params: list[TrialParam]
    #: Parameters that a waiting trial will get.
    fixed_params: list[Attr]
    constraints: list[Number]
    feasible: bool
    is_best: bool
    is_stale: bool
    user_attrs: list[Attr]
    system_attrs: list[Attr]
    tags: list[str]
    env: dict[str, Any] | None
    metrics: list[MetricSummary]
    note: Note
    artifacts: list[Artifact]
    #: Whether a form waits for this trial's answers.
    wants_answer: bool
    skipped: bool
    time_created: float | None
    time_started: float | None
    time_finished: float | None
    duration: float | None
    heartbeat: float | None
    #: Numbers of the neighbours, for going through trials.
    previous: int | None
    next: int | None
    #: The trial that it is, or is an arm of.
    trial: int
    #: Standard errors of the values; empty where none is known.
    sems: list[Number | None]


def get_trial(board: Board, id: int, number: int) -> Trial:
    """Everything about the trial with this number.

    Raises:
        NotFoundError: there is no such trial.
    """
    from .. import rows

    return rows.trial(board, board.tables.of(id), number)


def get_csv(board: Board, id: int, filter: str = "", numbers: list[int] | None = None) -> Raw:
    """All trials that the filter lets through, as a CSV file with Optuna Dashboard's columns.

    Text that a spreadsheet would take for a formula begins with a quote character.

    Raises:
        NotFoundError: there is no such experiment.
        InvalidValueError: the filter is wrong.
    """
    if not filter.strip() and numbers is None:
        return table_csv.answer(board.db, id, None)
    table = board.tables.of(id)
    chosen = mask(table, filter)
    if numbers is not None:
        chosen &= np.isin(table.numbers, numbers)
    return table_csv.answer(board.db, id, table.ids[chosen].tolist())
