"""What charts draw: columns of trials, at most as many points as a screen can show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from msgspec import Struct

from ...errors import InvalidValueError, NotFoundError
from .. import contour, curves
from ..board import Board
from ..columns import select
from ..columns.table import Bools, Floats, Table
from ..filter import mask
from ..importances import Indices, importances, normalised
from ..regimes import is_log, regimes
from ..targets import has_result, losses, numbers
from .types import Column, Number, Sample


class Columns(Struct):
    """Values of the asked-for columns for the same trials, in the order of their numbers."""

    version: int
    #: How many trials the filter lets through.
    total: int
    #: Whether some of them were left out.
    sampled: bool
    #: With ``since``: whether these are all trials again, not only the changed ones.
    complete: bool
    columns: dict[str, Column]


def get_columns(
    board: Board,
    id: int,
    names: list[str],
    filter: str = "",
    limit: int = 2000,
    sample: Sample = "spread",
    objective: int = 0,
    since: int | None = None,
) -> Columns:
    """Columns of trials.

    Names are ``number``, ``trial`` (the same, for an arm of a batch trial of Ax that of the trial),
    ``name``, ``id``, ``status``, ``start``, ``finish`` (times), ``duration`` (seconds),
    ``value:0`` (of an objective), ``sem:0`` (its standard error), ``best:0`` (the best value so far
    of feasible trials that the filter lets through, by number), ``rank:0`` (0 is best, 1 worst),
    ``feasible``, ``violation`` (sum of positive constraints), ``front`` (whether nothing dominates
    it), ``param:NAME``, ``attr:KEY``.

    Args:
        board: what is served.
        id: of the experiment.
        names: of the columns.
        filter: only trials that it lets through.
        limit: how many trials at most, 1 to 20,000.
        sample: which ones, where there are more: "spread" keeps the extremes of each stretch of
            trials, others evenly, each improvement of the best value and all of the front;
            "latest" the highest numbers; "best" the best of ``objective``.
        objective: what "spread" and "best" look at.
        since: only trials that changed after this version, in the sample or not; all, if there
            are too many, or if of a sample some may have left the filter. Where an earlier trial
            became the best, its ``best`` holds for those after it, too, up to a better one.

    Raises:
        NotFoundError: there is no such experiment.
        InvalidValueError: a name or the filter is wrong.
    """
    table = board.tables.of(id)
    found = select.places(table, filter)
    changed = None
    if since is not None and not (filter and len(found) > limit):
        changed = select.since(table, found, names, since)
    shown = select.some(table, found, limit, sample, objective) if changed is None else changed
    return Columns(
        table.version,
        len(found),
        len(found) > limit,
        changed is None,
        select.columns(table, names, shown, filter),
    )


class Importance(Struct):
    """How much a parameter matters, as a share of 1."""

    name: str
    importance: float


class Importances(Struct):
    """Importances of the parameters, the largest first."""

    version: int
    #: One list for each objective asked for.
    importances: list[list[Importance]]
    #: How many trials they were computed from.
    trials: int
    #: Why there are none, if so.
    reason: str | None


def get_importances(
    board: Board,
    id: int,
    filter: str = "",
    quantile: float = 0.1,
    baseline: float = 1.0,
    params: list[str] | None = None,
) -> Importances:
    """PED-ANOVA importances (Watanabe, Bansal and Hutter 2023), one list per objective.

    Raises:
        NotFoundError: there is no such experiment.
        InvalidValueError: a parameter or the filter is wrong.
    """
    table = board.tables.of(id)
    if not 0 < quantile < baseline <= 1:
        raise InvalidValueError("importances need 0 < quantile < baseline <= 1")
    done = table.has("COMPLETED") & mask(table, filter)
    found = regimes(table, done)
    if unknown := [name for name in params or [] if name not in found]:
        raise InvalidValueError(f"no finished trial has a parameter {unknown[0]!r}")
    chosen = {name: found[name] for name in params or found}
    shares = [
        normalised(importances(loss, chosen, quantile=quantile, baseline=baseline))
        for loss in losses(table, done)
    ]
    count = int(np.count_nonzero(done & np.isfinite(table.values).any(axis=1)))
    reason = _why_not(table, count, len(found))
    return Importances(
        table.version,
        [] if reason else [[Importance(*share) for share in each] for each in shares],
        count,
        reason,
    )


def _why_not(table: Table, trials: int, params: int) -> str | None:
    """Why there are no importances, if so."""
    if not table.directions:
        return "needs an objective: only studies have one"
    if trials < 2:
        return "needs two finished trials with finite values"
    return None if params else "needs parameters: the finished trials have none"


class Contour(Struct):
    """Values over two parameters, on a grid, interpolated between trials."""

    version: int
    x: list[float]
    y: list[float]
    #: One row for each y, with one value for each x; null where no trial is near.
    z: list[list[float | None]]
    #: The labels of categorical axes.
    x_labels: list[str] | None
    y_labels: list[str] | None
    x_log: bool
    y_log: bool


def get_contour(
    board: Board, id: int, x: str, y: str, target: str = "value:0", filter: str = "", size: int = 60
) -> Contour:
    """A grid of at most ``size`` by ``size`` values; axes and target are names of columns.

    Objective values are those of completed trials only: pruned ones were cut short.

    Args:
        board: what is served.
        id: of the experiment.
        x: the column across.
        y: the column down.
        target: the column of the values.
        filter: only trials that it lets through.
        size: 2 to 500.

    Raises:
        NotFoundError: there is no such experiment.
        InvalidValueError: a name, the size or the filter is wrong.
    """
    table = board.tables.of(id)
    if not 2 <= size <= 500:
        raise InvalidValueError(f"the size of a grid is 2 to 500, not {size}")
    used = has_result(table, target) & mask(table, filter)
    across, down = (
        contour.axis(table.column(name), used, log=is_log(table, name), size=size)
        for name in (x, y)
    )
    z = contour.grid(across, down, np.where(used, numbers(table, target), np.nan))
    return Contour(
        table.version, across.at.tolist(), down.at.tolist(),
        [[None if v != v else v for v in row] for row in z.tolist()],
        across.labels, down.labels, across.log, down.log,
    )  # fmt: skip


class Distribution(Struct):
    """The share of trials whose value is at most x: one y for each x."""

    version: int
    x: list[float]
    y: list[float]
    total: int


def get_edf(board: Board, id: int, target: str = "value:0", filter: str = "") -> Distribution:
    """The empirical distribution function of a column at up to 500 values, of completed trials.

    Raises:
        NotFoundError: there is no such experiment.
        InvalidValueError: a name or the filter is wrong.
    """
    table = board.tables.of(id)
    values = numbers(table, target)[mask(table, filter) & has_result(table, target)]
    found = np.sort(values[np.isfinite(values)])
    places = np.unique(np.linspace(0, found.size - 1, min(found.size, 500)).astype(int))
    x = np.unique(found[places])
    y = np.searchsorted(found, x, side="right") / max(found.size, 1)
    return Distribution(table.version, x.tolist(), y.tolist(), found.size)


class Curve(Struct):
    """One metric of one trial along its steps, at most as many points as asked for."""

    number: int
    status: str
    value: Number | None
    steps: list[float]
    values: list[Number | None]
    name: str | None = None


class Curves(Struct):
    """Curves of some trials of an experiment."""

    version: int
    #: How many trials have the metric.
    total: int
    curves: list[Curve]


def get_curves(
    board: Board,
    id: int,
    metric: str = "intermediate_value",
    filter: str = "",
    which: Literal["best", "latest", "running", "numbers"] = "best",
    numbers: list[int] | None = None,
    limit: int = 50,
    points: int = 200,
) -> Curves:
    """Curves of a metric, of the best or latest trials, those that run, or those with numbers.

    Raises:
        NotFoundError: there is no such experiment or metric.
        InvalidValueError: the filter is wrong.
    """
    if not 1 <= limit <= 1000 or not 2 <= points <= 10_000:
        raise InvalidValueError("curves are 1 to 1,000 with 2 to 10,000 points each")
    table = board.tables.of(id)
    found = curves.find(board.db, metric)
    if found is None:
        raise NotFoundError(f"there is no metric {metric!r}")
    spans = curves.spans(board.db, id, found)
    there = mask(table, filter) & np.isin(table.ids, list(spans))
    places = _chosen(table, there, which, numbers or [])[:limit]
    ids = table.ids[places].tolist()
    read = curves.read(board.db, found, {id: spans[id] for id in ids}, points)
    values, names = _first_value(table), _names_of_arms(table)
    return Curves(table.version, int(there.sum()), [
        Curve(
            int(table.numbers[place]),
            table.statuses[table.status[place]],
            select.numbers(values[place : place + 1])[0],
            read[id].steps.tolist(),
            ["nan" if value is None else value for value in select.numbers(read[id].values)],
            names(place),
        )
        for place, id in zip(places.tolist(), ids, strict=True)
        if id in read
    ])  # fmt: skip


def _chosen(table: Table, there: Bools, which: str, wanted: list[int]) -> Indices:
    """Places of the trials whose curves are asked for, the most wanted first."""
    latest = np.flatnonzero(there)[::-1]
    match which:
        case "numbers":
            return latest[np.isin(table.numbers[latest], wanted)][::-1]
        case "running":
            return latest[table.has("RUNNING")[latest]]
        case "latest":
            return latest
    sign = -1 if table.directions[:1] == ["maximize"] else 1
    losses = sign * _first_value(table)[latest]  # NaN is sorted to the end
    return latest[np.argsort(losses, kind="stable")]


def _names_of_arms(table: Table) -> Callable[[int], str | None]:
    """The name of the trial at a place, where it is an arm."""
    if not (table.numbers < 0).any():
        return lambda place: None
    values, labels = table.column("name")
    return lambda place: labels[int(values[place])] if labels and values[place] >= 0 else None


def _first_value(table: Table) -> Floats:
    if table.values.shape[1]:
        return table.values[:, 0]
    return np.full(len(table.ids), np.nan)
