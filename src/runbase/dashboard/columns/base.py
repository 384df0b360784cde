"""What every trial has, as arrays: made of rows, and changed by rows into new arrays."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .types import Bools, Floats, Ints

#: Statuses with a place of their own; others follow as they come.
STATUSES = ("PLANNED", "RUNNING", "COMPLETED", "PRUNED", "FAILED", "CANCELLED")
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_NAN = math.nan


@dataclass
class Base:
    """Arrays of the same length, in the order of the trials.

    Arms of a batch trial have numbers below 0, and are where their trial is.
    """

    ids: Ints
    numbers: Ints
    #: The number of the trial that each one is, or is an arm of.
    trials: Ints
    #: Places in ``statuses``.
    status: NDArray[np.uint8]
    start: Floats
    finish: Floats
    values: Floats
    versions: Ints
    #: The sum of positive constraints; NaN without constraints.
    violation: Floats
    feasible: Bools
    statuses: list[str] = field(default_factory=lambda: list(STATUSES))

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def order(self) -> Ints:
        """What grows from one to the next."""
        if self.trials is self.numbers:
            return self.numbers
        return (self.trials << 32) - np.minimum(self.numbers, 0)


def of_rows(
    rows: Sequence[Any], objectives: int, arms: bool, statuses: Sequence[str] = STATUSES
) -> Base:
    """The arrays of rows that `read.trials` gives.

    Args:
        rows: of trials by number; arms go where their trials are.
        objectives: how many.
        arms: whether there may be, so that the rows have the numbers of trials besides.
        statuses: that have their places already.
    """
    if arms and rows and rows[0][1] < 0:
        rows = sorted(rows, key=lambda row: (row[8], -min(row[1], 0)))
    known = list(statuses)
    columns = list(zip(*rows, strict=False)) if rows else [()] * 9
    ids, numbers, status, value, values, start, finish, versions = columns[:8]
    own = np.array(numbers, np.int64)
    known += [text for text in dict.fromkeys(status) if text not in known]
    place = {text: min(i, 255) for i, text in enumerate(known)}
    return Base(
        np.array(ids, np.int64),
        own,
        np.array(columns[8], np.int64) if arms else own,
        np.array([place[text] for text in status], np.uint8),
        _times(start),
        _times(finish),
        _values(value, values, objectives),
        np.array(versions, np.int64),
        np.full(len(ids), np.nan),
        np.ones(len(ids), np.bool_),
        known[:256],
    )


def patched(base: Base, rows: Sequence[Any], arms: bool) -> tuple[Base, NDArray[np.intp]] | None:
    """The arrays with changed and new rows, and where those are.

    None, if there are new rows between the others.
    """
    new = of_rows(rows, base.values.shape[1], arms, base.statuses)
    size = len(base)
    at = np.searchsorted(base.order, new.order)
    is_old = at < size
    if not np.array_equal(base.ids[at[is_old]], new.ids[is_old]):
        return None
    added = int(np.count_nonzero(~is_old))
    at[~is_old] = np.arange(size, size + added)
    arrays = {}
    for name in (
        "ids", "numbers", "status", "start", "finish", "values", "versions", "violation",
        "feasible", *(["trials"] if arms else []),
    ):  # fmt: skip
        old, changed = getattr(base, name), getattr(new, name)
        arrays[name] = array = np.empty((size + added, *old.shape[1:]), old.dtype)
        array[:size] = old
        array[at] = changed
    arrays.setdefault("trials", arrays["numbers"])
    return Base(**arrays, statuses=new.statuses), at


def constrain(base: Base, rows: Sequence[Any], places: Places) -> None:
    """Fill in what constraints say, in a new `Base`."""
    of: dict[int, dict[str, Any]] = {}
    for id, key, value in rows:
        found, name = json.loads(value), key.partition(":")[2]
        by_name = {name: found} if name else dict(enumerate(found or []))
        of.setdefault(id, {}).update({str(k): v for k, v in by_name.items()})
    at, there = places.of(np.fromiter(of, np.int64, len(of)))
    here = [found for found, is_there in zip(of.values(), there, strict=True) if is_there]
    for place, constraints in zip(at, here, strict=True):
        numbers = [float(x) for x in constraints.values()]
        if numbers:
            base.violation[place] = sum(x for x in numbers if not x <= 0)
            base.feasible[place] = all(x <= 0 for x in numbers)


class Places:
    """Where trials are in the arrays, by their ids."""

    def __init__(self, ids: Ints) -> None:
        is_sorted = bool(np.all(ids[1:] > ids[:-1]))
        self.order = None if is_sorted else np.argsort(ids)
        self.ids = ids if self.order is None else ids[self.order]

    def of(self, ids: Ints) -> tuple[NDArray[np.intp], Bools]:
        """The places of those that are there, and which ones are."""
        at = np.searchsorted(self.ids, ids)
        at[at == len(self.ids)] = 0
        there = self.ids[at] == ids if len(self.ids) else np.zeros(len(ids), np.bool_)
        at = at[there]
        return (at if self.order is None else self.order[at]), there


def millis(time: datetime | None) -> float:
    """Milliseconds since 1970; NaN for none. A time without a zone is UTC."""
    if time is None:
        return _NAN
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000


def number(value: Any) -> float:
    """A value of an objective as it is stored."""
    return _NAN if value is None else _SPECIAL.get(value, _NAN) if isinstance(value, str) else value


def _times(times: Sequence[datetime | None]) -> Floats:
    return np.array([millis(time) for time in times], np.float64)


def _values(value: Sequence[Any], values: Sequence[Any], objectives: int) -> Floats:
    found = np.full((len(value), objectives), np.nan)
    if objectives == 1:
        found[:, 0] = np.array(value, np.float64)
    for row, several in enumerate(values):
        if several is not None:
            numbers = [number(each) for each in several[:objectives]]
            found[row, : len(numbers)] = numbers
    return found
