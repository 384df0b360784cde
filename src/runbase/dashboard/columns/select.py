"""Columns of some trials as a chart gets them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import InvalidValueError
from ..api.types import Column, Number, Sample
from ..filter import mask
from .read import VERSIONED
from .sample import Places, chosen
from .table import Bools, Floats, Labelled, Table

DIGITS = 6
MAX_LIMIT = 20_000
#: More labels than these, as texts of all sorts have, are sent only where trials have them.
MANY_LABELS = 100
#: So many changed trials are sent as such; of more the charts begin anew.
FEW = 500
#: Columns in which a trial's value depends on all others.
_OF_ALL = ("rank", "front")


def places(table: Table, filter: str) -> Places:
    """Where the trials are that the filter lets through.

    Raises:
        InvalidValueError: the filter has a mistake.
    """
    return np.flatnonzero(mask(table, filter)) if filter.strip() else np.arange(len(table))


def some(table: Table, found: Places, limit: int, sample: Sample, objective: int) -> Places:
    """As many of the places as a chart shows.

    Raises:
        InvalidValueError: the limit or the objective is wrong.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidValueError(f"the limit is from 1 to {MAX_LIMIT}, not {limit}")
    if objective and not 0 <= objective < len(table.directions):
        raise InvalidValueError(f"there is no objective {objective}")
    if len(found) <= limit:
        return found
    losses, notable = _notable(table, objective)
    return chosen(found, losses, limit, sample, notable)


def since(table: Table, found: Places, names: Sequence[str], version: int) -> Places | None:
    """Those that changed after a version; None if that is not all that changed in the columns."""
    if version > table.version or table.kind not in VERSIONED:
        return None
    if table.trials is not table.numbers and bool((table.numbers < 0).any()):
        return None  # arms are not in the order of their numbers, by which pages put them together
    changed = table.base.versions > version
    if changed.sum() > FEW:
        return None
    if changed.any() and any(name.partition(":")[0] in _OF_ALL for name in names):
        return None
    return found[changed[found]]


def columns(table: Table, names: Sequence[str], at: Places, filter: str = "") -> dict[str, Column]:
    """The columns of the trials at some places; the best so far is that of the filtered trials.

    Raises:
        InvalidValueError: there is no such column.
    """
    used = mask(table, filter) if filter.strip() else None
    found = {}
    for name in names:
        column = table.column(name)
        if used is not None and name.startswith("best:"):
            column = table.best(int(name.removeprefix("best:")), used)
        found[name] = _column(column, at, _digits(name))
    return found


def _notable(table: Table, objective: int) -> tuple[Floats, Bools]:
    """What is to be low, and the trials to be seen in any case."""

    def make() -> tuple[Floats, Bools]:
        if not table.directions:
            return np.full(len(table), np.nan), np.zeros(len(table), np.bool_)
        losses = np.where(table.has("COMPLETED"), table.losses(objective), np.nan)
        best = table.column(f"best:{objective}").values
        before = np.concatenate([[np.nan], best[:-1]])
        improves = (best != before) & ~np.isnan(best)
        return losses, improves | table.front

    return table.cached(("notable", objective), make)


def _digits(name: str) -> int | None:
    return None if name in ("start", "finish", "number", "trial", "id") else DIGITS


def _column(column: Labelled, at: Places, digits: int | None) -> Column:
    values, labels = column.values[at], column.labels
    if labels is not None and len(labels) > MANY_LABELS:
        there = ~np.isnan(values)
        used, codes = np.unique(values[there], return_inverse=True)
        labels = [labels[int(place)] for place in used]
        values = values.copy()
        values[there] = codes
    return Column(numbers(values if labels or digits is None else rounded(values, digits)), labels)


def numbers(values: Floats) -> list[Number | None]:
    """Numbers as JSON has them: whole ones without a point, null for NaN, texts for infinities."""
    finite = np.isfinite(values)
    if finite.all():
        return _plain(values)
    found: list[Number | None] = _plain(np.where(finite, values, 0.0))
    for i in np.flatnonzero(~finite).tolist():
        x = values[i]
        found[i] = None if np.isnan(x) else "inf" if x > 0 else "-inf"
    return found


def _plain(values: Floats) -> list[Number | None]:
    is_whole = bool(np.all((np.abs(values) < 2**53) & (values == np.floor(values))))
    found: list[Number | None] = (values.astype(np.int64) if is_whole else values).tolist()
    return found


def rounded(values: Floats, digits: int = DIGITS) -> Floats:
    """Numbers rounded to so many significant digits."""
    with np.errstate(all="ignore"):
        power = digits - 1 - np.floor(np.log10(np.abs(values)))
        up, down = 10.0 ** np.clip(power, 0, 300), 10.0 ** np.clip(-power, 0, 300)
        found = np.round(values * up / down) / up * down
    is_usual = np.isfinite(found) & np.isfinite(power) & (power < 300)
    return np.where(is_usual, found, values)
