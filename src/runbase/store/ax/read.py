"""Reading Ax experiments: documents and observations of all trials, or of those that changed."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from ...db import Database, repeatable
from ...errors import CorruptDatabaseError
from . import experiments, observations, points, trials
from .observations import Observation, Points, unfold
from .trials import Stored


class Loaded(NamedTuple):
    """A trial as it is stored, with what its arms measured."""

    stored: Stored
    points: Points
    observations: list[Observation]


@repeatable
def read(
    db: Database, experiment_id: int, seen: int | None = None, before: int | None = None
) -> tuple[int, list[Loaded]]:
    """The trials of an experiment by index, all or those that changed after version ``seen``.

    Args:
        db: the database.
        experiment_id: the experiment.
        seen: the version from which on changes are read; None for all trials.
        before: the version of the experiment, where it has just been read.

    Returns:
        The version up to which they are complete, and the trials.

    Raises:
        CorruptDatabaseError: a layout is none; the message names the row.
    """
    found: dict[int, Loaded] = {}
    if before is None:
        before = experiments.version(db, experiment_id) or 0
    while True:
        rows = trials.read(db, experiment_id, seen)
        try:
            trials_now = _loaded(db, experiment_id, rows, seen)
        except CorruptDatabaseError:
            now = experiments.version(db, experiment_id) or 0
            if now == before:
                raise
            before = now  # a trial was written between its layout and its points
            continue
        found |= {trial.stored.number: trial for trial in trials_now}
        # What was written meanwhile may be half of what was read.
        now = experiments.version(db, experiment_id) or 0
        if now == before:
            return now, [found[number] for number in sorted(found)]
        seen, before = before, now


def _loaded(db: Database, experiment_id: int, rows: list[Stored], seen: int | None) -> list[Loaded]:
    layouts = [_layout(row) for row in rows]
    names = set[str]().union(*map(observations.names, layouts))
    measured = points.read(db, experiment_id, names, seen or 0)
    found = []
    for row, layout in zip(rows, layouts, strict=True):
        by_arm = trials.by_arm(row, measured)
        found.append(Loaded(row, by_arm, _unfold(row, layout, by_arm)))
    return found


def _layout(row: Stored) -> dict[str, Any]:
    what = f"ax_trials.layout of run {row.run_id} (trial {row.number})"
    layout = parse(row.layout, what)
    if not isinstance(layout, dict) or not {"metrics", "arms", "by"} <= layout.keys():
        raise CorruptDatabaseError(f"{what} is damaged: {row.layout:.80}")
    return layout


def _unfold(row: Stored, layout: dict[str, Any], by_arm: Points) -> list[Observation]:
    try:
        return unfold(layout, by_arm)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise CorruptDatabaseError(
            f"ax_trials.layout of run {row.run_id} (trial {row.number}) does not fit what is in "
            "metrics: other programs changed or deleted some of its observations, or logged more "
            "under their names"
        ) from error


def parse(text: str, what: str) -> Any:
    """The JSON object in a column.

    Raises:
        CorruptDatabaseError: it is none; the message names the row, as ``what``.
    """
    try:
        found = json.loads(text)
    except ValueError as error:
        raise CorruptDatabaseError(f"{what} is damaged: it is no JSON ({error})") from error
    if not isinstance(found, dict):
        raise CorruptDatabaseError(f"{what} is damaged: it is no JSON object: {text:.80}")
    return found
