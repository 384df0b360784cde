"""Which trials are feasible, and which are the best of their study."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from ..db import Database, repeatable
from ..query import Query
from .statement import Statement

STUDIES = Query("SELECT id, directions FROM experiments WHERE directions IS NOT NULL")
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_CONSTRAINTS = """
SELECT c.owner_id, c.value
  FROM run_attrs AS c JOIN runs AS r ON r.id = c.owner_id
 WHERE c.scope = 'system' AND (c.key = 'constraints' OR c.key LIKE 'constraints:%')
"""
_OF_ONE = f"{_CONSTRAINTS} AND r.experiment_id = :id"
ALL = Query(_CONSTRAINTS, mysql=_CONSTRAINTS.replace("c.key", "c.`key`"))
OF_ONE = Query(_OF_ONE, mysql=_OF_ONE.replace("c.key", "c.`key`"))


@repeatable
def infeasible(db: Database, experiment_id: int | None) -> list[int]:
    """Ids of the trials of which a constraint is above 0, in their order."""
    rows = db.rows(ALL) if experiment_id is None else db.rows(OF_ONE, id=experiment_id)
    return sorted({id for id, text in rows if not _is_met(json.loads(text))})


@repeatable
def best(db: Database, experiment_id: int | None) -> list[int]:
    """Ids of the completed and feasible trials that no other one of their study dominates."""
    excluded = set(infeasible(db, experiment_id))
    found: list[int] = []
    for id, directions in db.rows(STUDIES):
        if experiment_id in (None, id) and directions:
            found += _front(_losses(db, id, directions, excluded))
    return sorted(found)


def _losses(
    db: Database, id: int, directions: Sequence[str], excluded: set[int]
) -> list[tuple[list[float], int]]:
    statement = Statement(db, id)
    completed = f"r.status = {statement.bind('COMPLETED')}"
    found = []
    for run_id, value, several in statement.rows("r.id, r.value, r.objective_values", completed):
        values = [number(x) for x in ([value] if several is None else several)]
        if run_id in excluded or len(values) < len(directions) or any(map(math.isnan, values)):
            continue
        signs = (-1.0 if direction == "maximize" else 1.0 for direction in directions)
        found.append(([x * sign for x, sign in zip(values, signs, strict=False)], run_id))
    return found


def _front(losses: list[tuple[list[float], int]]) -> list[int]:
    """The ids of those that none of the others is as low as everywhere and lower somewhere."""
    losses.sort()
    if not losses or len(losses[0][0]) > 2:
        return _front_of_many(losses)
    # The first is on the front; with two losses also each one whose second is below all before.
    found: list[int] = []
    last = losses[0][0]
    for point, id in losses:
        if point == last or (len(point) == 2 and point[1] < last[1]):
            found.append(id)
            last = point
    return found


def _front_of_many(losses: list[tuple[list[float], int]]) -> list[int]:
    """The same for three objectives or more, of sorted points: what dominates one is before it."""
    try:
        import numpy as np
    except ImportError:
        return _front_without_numpy(losses)
    points, ids = np.array([point for point, _ in losses]), np.array([id for _, id in losses])
    found: list[int] = []
    while len(points):
        found += ids[(points == points[0]).all(axis=1)].tolist()
        is_left = (points < points[0]).any(axis=1)
        points, ids = points[is_left], ids[is_left]
    return found


def _front_without_numpy(losses: list[tuple[list[float], int]]) -> list[int]:
    kept: list[tuple[list[float], int]] = []
    for point, id in losses:
        dominated = any(
            other != point and all(a <= b for a, b in zip(other, point, strict=True))
            for other, _ in kept
        )
        if not dominated:
            kept.append((point, id))
    return [id for _, id in kept]


def number(value: Any) -> float:
    """A value of an objective as it is stored."""
    if value is None or isinstance(value, str):
        return _SPECIAL.get(value or "", math.nan)
    return float(value)


def _is_met(constraints: Any) -> bool:
    """Whether no constraint is above 0; what is no number is not met."""
    found = constraints if isinstance(constraints, list) else [constraints]
    found = [] if constraints is None else found
    return all(isinstance(x, int | float) and x <= 0 for x in found)
