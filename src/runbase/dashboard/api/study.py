"""One experiment: what the head of its pages shows."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from ...errors import NotFoundError
from .. import heads, plots, reading, summaries
from ..board import Board
from ..columns import ax
from ..columns.read import AX
from ..columns.table import Table
from ..filter import mask
from ..preferential.attrs import is_preferential
from .types import (
    Artifact,
    Attr,
    Attribute,
    Counts,
    Direction,
    Form,
    Note,
    Parameter,
    TrialRef,
)

#: So many tries of the status quo are sent.
STATUS_QUOS = 200


class Summary(Struct):
    """What changes while trials run; small, and asked for at every change."""

    version: int
    counts: Counts
    #: The best trials: one for one objective, the first 20 of the front for several.
    best: list[TrialRef]
    #: How many trials are on the front.
    front_size: int
    #: Trials that run now, the latest 20.
    running: list[TrialRef]
    #: Running trials without a sign of life for long, by number.
    stale: list[int]
    last_activity: float | None
    #: Finished trials a minute, over the last trials.
    rate: float | None
    #: Mean seconds of a finished trial.
    mean_duration: float | None
    #: Milliseconds until what is queued and runs will be done, at this rate.
    time_left: float | None
    #: How much better the best is than it was a tenth of the trials ago (positive: better).
    improvement: float | None


class Figure(Struct):
    """A user-defined Plotly figure; its JSON is at ``figures/{id}``."""

    id: str
    #: Changes with the figure.
    hash: str


class StatusQuo(Struct):
    """The arm of an Ax experiment that all others are compared with."""

    name: str
    #: Where it was tried, the latest 200.
    trials: list[TrialRef]


class Study(Struct):
    """An experiment with everything but its trials."""

    id: int
    kind: str
    name: str
    comment: str | None
    tags: list[str]
    directions: list[Direction]
    #: One name for each objective: its own, or "Objective 0".
    objective_names: list[str]
    time_created: float
    user_attrs: list[Attr]
    system_attrs: list[Attr]
    note: Note
    artifacts: list[Artifact]
    form: Form | None
    figures: list[Figure]
    params: list[Parameter]
    attributes: list[Attribute]
    #: Names of metrics that runs of this experiment logged, intermediate values among them; of an
    #: Ax experiment those that were observed along steps.
    metrics: list[str]
    has_intermediate_values: bool
    has_constraints: bool
    is_preferential: bool
    #: Whether trials are arms of batch trials of Ax.
    has_arms: bool
    status_quo: StatusQuo | None
    #: Whether standard errors of objectives are known.
    has_errors: bool
    summary: Summary


def get_study(board: Board, id: int, details: bool = True) -> Study:
    """Everything about an experiment but its trials.

    Args:
        board: what is served.
        id: of the experiment.
        details: also parameters, attributes and metrics, for which all trials are read once; a
            page draws its first chart before that.

    Raises:
        NotFoundError: there is no such experiment.
    """
    table = board.tables.of(id)
    known = reading.experiment(board.db, id)
    attrs = reading.attrs(board.db, id)
    metrics = _metrics(board, table) if details else []
    return Study(
        id, known.kind, known.name, known.comment, known.tags,
        heads.directions(known.directions),
        heads.objective_names(attrs.system, len(known.directions)),
        known.time_created.timestamp() * 1000,
        heads.as_list(attrs.user), heads.of_others(attrs.system),
        heads.note(attrs.system), heads.artifacts(board, attrs.system, id),
        heads.form(attrs.system),
        [Figure(name, heads.hash_of(text)) for name, text in _figures(attrs.system).items()],
        heads.parameters(table) if details else [],
        heads.attributes(table) if details else [], metrics, "intermediate_value" in metrics,
        bool(np.any(~np.isnan(table.column("violation").values))),
        is_preferential(attrs.system),
        bool((table.numbers < 0).any()), _status_quo(table),
        any(bool(np.any(~np.isnan(errors))) for errors in table.errors),
        _summary(board, table),
    )  # fmt: skip


def _metrics(board: Board, table: Table) -> list[str]:
    """Metrics that have curves: an Ax experiment may have many that were observed only once."""
    if table.kind == AX:
        return ax.curves(board.db, table.experiment_id, table.ax)
    return reading.metrics(board.db, table.experiment_id)


def _status_quo(table: Table) -> StatusQuo | None:
    name = table.ax.status_quo
    if name is None:
        return None
    values, labels = table.column("name")
    if not labels or name not in labels:
        return StatusQuo(name, [])
    at = np.flatnonzero(values == labels.index(name))
    return StatusQuo(name, summaries.refs(table, at[-STATUS_QUOS:]))


def get_summary(board: Board, id: int, filter: str = "") -> Summary:
    """Counts, the best and what runs, of the trials that the filter lets through.

    Raises:
        NotFoundError: there is no such experiment.
        InvalidValueError: the filter has a mistake.
    """
    table = board.tables.of(id)
    return _summary(board, table, filter)


def _summary(board: Board, table: Table, filter: str = "") -> Summary:
    used = mask(table, filter) if filter.strip() else None
    best = summaries.best(table, used)
    running = summaries.running(table, board.db)
    shown = running.at if used is None else running.at[used[running.at]]
    pace = summaries.pace(table)
    counts = summaries.counts(table, used)
    waiting = counts.PLANNED + counts.RUNNING
    activity = summaries.last([running.latest, *table.cached("times", lambda: _times(table))])
    return Summary(
        table.version,
        counts,
        summaries.refs(table, best[: summaries.SHOWN]),
        len(best),
        summaries.refs(table, shown[-summaries.SHOWN :]),
        running.stale if used is None else _among(table, running.stale, shown),
        summaries.time_or_none(activity),
        pace.rate,
        pace.mean_duration,
        waiting / pace.rate * 60_000 if pace.rate and waiting else None,
        summaries.improvement(table, used),
    )


def _times(table: Table) -> tuple[float, ...]:
    return tuple(
        float(np.fmax.reduce(times, initial=np.nan)) for times in (table.start, table.finish)
    )


def _among(table: Table, numbers: list[int], at: np.typing.NDArray[np.intp]) -> list[int]:
    chosen = set(table.numbers[at].tolist())
    return [number for number in numbers if number in chosen]


def get_figure(board: Board, id: int, figure: str) -> bytes:
    """The Plotly JSON of a user-defined figure.

    Raises:
        NotFoundError: there is none with this id.
    """
    reading.experiment(board.db, id)
    text = _figures(reading.system_attrs(board.db, id, "dashboard:plot_data:")).get(figure)
    if text is None:
        raise NotFoundError(f"there is no figure {figure!r} of experiment {id}")
    return text.encode()


_figures = plots.read_figures
