"""What charts ask of a table: which trials have a result, and the result as numbers."""

from __future__ import annotations

import numpy as np

from ..errors import InvalidValueError
from .columns.table import Bools, Floats, Table


def has_result(table: Table, target: str) -> Bools:
    """Which trials have a result in a column: values of trials that were cut short are none."""
    if target.partition(":")[0] in ("value", "rank", "best"):
        return table.has("COMPLETED")
    return np.full(len(table), True)


def numbers(table: Table, name: str) -> Floats:
    """A column whose values are numbers.

    Raises:
        InvalidValueError: there is none, or its values are texts.
    """
    column = table.column(name)
    if column.labels is not None:
        raise InvalidValueError(f"the column {name} has texts: numbers are needed here")
    return column.values


def losses(table: Table, used: Bools) -> list[Floats]:
    """Each objective of the used trials, the lower the better; NaN for the others."""
    return [np.where(used, table.losses(i), np.nan) for i in range(len(table.directions))]
