"""From which ranges the parameters of trials were chosen, as their importances need it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..db import repeatable
from ..query import Query
from .columns.read import AX
from .columns.table import Bools, Floats, Labelled, Table
from .importances import Regime, Space

VALUES = Query("""
SELECT r.id, p.distribution_id, p.value
  FROM runs AS r
  JOIN run_params AS p ON p.run_id = r.id
 WHERE r.experiment_id = :id AND p.name = :name AND p.value IS NOT NULL
""")


def regimes(table: Table, used: Bools) -> dict[str, list[Regime]]:
    """The regimes of each parameter that at least one of the used trials has."""
    found = {name: [_only(r, used) for r in _regimes(table, name)] for name in table.params}
    return {name: each for name, each in found.items() if any(r.trials.size for r in each)}


def is_log(table: Table, column: str) -> bool:
    """Whether a column is a parameter that is chosen on a logarithmic scale."""
    scope, _, name = column.partition(":")
    kinds = table.parameters.kinds.get(name, {}) if scope == "param" else {}
    return any(attributes.get("log") for _, attributes in kinds.values())


def _regimes(table: Table, name: str) -> list[Regime]:
    return table.cached(("regimes", name), lambda: _read(table, name))


def _read(table: Table, name: str) -> list[Regime]:
    column = table.column(f"param:{name}")
    spaces = {id: _space(*kind) for id, kind in table.parameters.kinds.get(name, {}).items()}
    if not spaces:
        return _guessed(column)
    [space] = spaces.values() if len(spaces) == 1 else [None]
    if table.kind == AX:
        return [_inside(column, space)] if space is not None else []
    if space is not None and bool(space.choices) == (column.labels is not None):
        places = np.flatnonzero(~np.isnan(column.values))
        return [Regime(space, places, column.values[places])]
    return _by_range(table, spaces, _values(table, name))


def _inside(column: Labelled, space: Space) -> Regime:
    """The arms of an Ax experiment whose values are from the space; others were people's own."""
    values = column.values
    if column.labels is None:
        low, high = space.low, space.high
    else:
        low, high = 0, len(space.choices) - 1
    places = np.flatnonzero((values >= low) & (values <= high))
    return Regime(space, places, values[places])


def _guessed(column: Labelled) -> list[Regime]:
    """A parameter of trials that were not chosen by Optuna: its range is that of its values."""
    places = np.flatnonzero(np.isfinite(column.values))
    values = column.values[places]
    if not values.size:
        return []
    if column.labels is not None:
        return [Regime(Space(choices=tuple(column.labels)), places, values)]
    return [Regime(Space(float(values.min()), float(values.max())), places, values)]


def _by_range(table: Table, spaces: Mapping[int, Space], rows: Floats) -> list[Regime]:
    """A parameter that was not always chosen from the same range.

    Args:
        table: of the trials.
        spaces: by the ids of distributions.
        rows: of each trial that has it: the trial's id, that of the distribution, the value.
    """
    places, there = table.places.of(rows[:, 0].astype(np.int64))
    kinds, values = rows[there, 1], rows[there, 2]
    found = []
    for space in dict.fromkeys(spaces.values()):
        which = np.isin(kinds, [id for id, other in spaces.items() if other == space])
        found.append(Regime(space, places[which], values[which]))
    return found


def _values(table: Table, name: str) -> Floats:
    found = repeatable(lambda db: db.rows(VALUES, id=table.experiment_id, name=name))(table.db)
    return np.array(found, dtype=np.float64).reshape(-1, 3)


def _only(regime: Regime, used: Bools) -> Regime:
    kept = used[regime.trials]
    return Regime(regime.space, regime.trials[kept], regime.values[kept])


def _space(kind: str, attributes: Mapping[str, Any]) -> Space:
    if "choices" in attributes:
        return Space(choices=tuple(attributes["choices"]))
    return Space(
        attributes["low"],
        attributes["high"],
        attributes.get("log", False),
        attributes.get("step"),
        kind == "IntDistribution",
    )
