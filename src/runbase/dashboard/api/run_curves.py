"""Curves of chosen runs of any kind, one beside the other or as groups."""

from __future__ import annotations

import math
from typing import Any

import msgspec
from msgspec import Struct

from ...errors import InvalidValueError
from ...search import cells
from .. import run_curves
from ..board import Board
from ..columns import select
from ..curve_groups import band
from ..curves import Points
from ..run_chains import Chain, chains
from .types import Number

MOST_RUNS, MOST_POINTS = 200, 10_000


class RunCurve(Struct):
    """A metric of a run; of runs that resume one another, of the last one of them."""

    id: int
    #: All runs that it is made of, the earliest first.
    runs: list[int]
    x: list[float]
    y: list[Number]


class RunBand(Struct):
    """What a metric is on average in runs with the same value of a column."""

    value: Any
    runs: list[int]
    x: list[float]
    mean: list[float]
    low: list[float]
    high: list[float]
    std: list[float]
    #: How many runs there are at each x.
    count: list[float]


class RunCurves(Struct):
    """A metric of chosen runs."""

    metric: str
    curves: list[RunCurve]
    #: With ``group_by``, in place of curves.
    bands: list[RunBand]
    #: Whether the times along x are estimated: evenly from the start of a run to its last change.
    estimated: bool
    #: Curves that were left out because there are too many.
    left_out: int


def get_run_curves(
    board: Board,
    runs: list[int],
    metric: str,
    x: str = "step",
    start: float | None = None,
    end: float | None = None,
    points: int = 1000,
    merged: bool = False,
    group_by: str = "",
) -> RunCurves:
    """Curves of a metric of some runs, those that have it.

    Args:
        board: what is served.
        runs: ids of up to 200 runs.
        metric: its name.
        x: step (of a run with a single one, progress), progress, time (milliseconds since 1970),
            relative (seconds since the start of the run), or ``metric:NAME``, another metric
            logged at the same steps.
        start: only from there; a shorter part has more detail, down to every point.
        end: only up to there.
        points: about how many for each run, 10 to 10,000: of each stretch of a longer curve the
            lowest and the highest point, and NaN.
        merged: runs that resume others are one curve with them; where both have a step, the later
            run wins.
        group_by: a column, such as ``args.model``: means of runs with the same value.

    Raises:
        NotFoundError: there is no such metric.
        InvalidValueError: an axis, a column or a number is wrong.
    """
    if len(runs) > MOST_RUNS or not 10 <= points <= MOST_POINTS:
        raise InvalidValueError("curves are of up to 200 runs with 10 to 10,000 points each")
    db, axis = board.db, run_curves.axis(board.db, x)
    within = None
    if start is not None or end is not None:
        within = run_curves.bounded(
            -math.inf if start is None else start, math.inf if end is None else end
        )
    all_chains = chains(db, runs) if merged else [Chain(id, [id]) for id in dict.fromkeys(runs)]
    kept = all_chains[:MOST_RUNS]
    found = run_curves.read(
        db, kept, run_curves.known(db, metric), axis, points,
        within=within, means=bool(group_by),
    )  # fmt: skip
    left_out, estimated = len(all_chains) - len(kept), axis.time is not None
    kept = [chain for chain in kept if chain.id in found]
    if group_by:
        [values] = cells(db, [chain.id for chain in kept], [group_by]).values()
        bands = _bands(kept, values, found, points)
        return RunCurves(metric, [], bands, estimated, left_out)
    made = [RunCurve(chain.id, chain.runs, *_columns(found[chain.id])) for chain in kept]
    return RunCurves(metric, made, [], estimated, left_out)


def _columns(curve: Points) -> tuple[list[float], list[Number]]:
    y = select.numbers(curve.values)
    return curve.steps.tolist(), ["nan" if value is None else value for value in y]


def _bands(
    kept: list[Chain], values: list[Any], found: dict[int, Points], points: int
) -> list[RunBand]:
    groups: dict[bytes, list[Chain]] = {}
    by_key = {}
    for chain, value in zip(kept, values, strict=True):
        key = msgspec.json.encode(value)
        groups.setdefault(key, []).append(chain)
        by_key[key] = value
    return [
        RunBand(by_key[key], [chain.id for chain in group],
                *(column.tolist() for column in band([found[c.id] for c in group], points)))
        for key, group in groups.items()
    ]  # fmt: skip
