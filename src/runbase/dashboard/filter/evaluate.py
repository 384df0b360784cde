"""Which trials of a table a filter lets through."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ... import search
from ...filter import values
from ...filter.syntax import (
    LATER,
    RUN,
    STATUSES,
    TIMES,
    And,
    Compare,
    Filter,
    Flag,
    In,
    Missing,
    Name,
    Not,
    Operator,
    Or,
    Tag,
    Text,
    Value,
    mistake,
    near,
)
from ..columns.table import Bools, Labelled, Table

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt,
    "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
#: What the table has of what every run has, by its names there.
_COLUMNS = {
    "number": "number", "id": "id", "status": "status", "duration": "duration",
    "started": "start", "finished": "finish", "trial": "trial", "name": "name",
}  # fmt: skip


def evaluate(table: Table, filter: Filter) -> Bools:
    """Which trials of ``table`` a filter lets through; the database is asked for what it has not.

    Raises:
        InvalidValueError: there is no such name, or its values cannot be compared like this.
    """
    match filter:
        case And(parts):
            return _joined(table, parts, np.logical_and, start=True)
        case Or(parts):
            return _joined(table, parts, np.logical_or, start=False)
        case Not(part):
            return ~evaluate(table, part)
        case Flag("feasible"):
            return table.feasible.copy()
        case Flag():
            return table.front.copy()
        case Tag() | Text():
            return _asked(table, filter)
    name = _resolved(table, filter.name)
    if _is_elsewhere(name):
        return _asked(table, replace(filter, name=name))
    match filter:
        case Missing():
            return np.isnan(_column(table, name).values)
        case In(_, some):
            each = [Compare(name, "=", value) for value in some]
            return _joined(table, each, np.logical_or, start=False)
        case Compare(_, sign, value):
            return _compare(name, _column(table, name), sign, value)


def _joined(table: Table, parts: Sequence[Filter], join: np.ufunc, *, start: bool) -> Bools:
    found = np.full(len(table.numbers), start)
    for part in parts:
        join(found, evaluate(table, part), out=found)
    return found


def _asked(table: Table, filter: Filter) -> Bools:
    """What the database says."""
    return np.isin(table.ids, search.matching(table.db, table.experiment_id, filter))


def _is_elsewhere(name: Name) -> bool:
    is_other = name.scope == "run" and name.key not in _COLUMNS
    return is_other or name.scope in ("metric", "env", "extra")


def _resolved(table: Table, name: Name) -> Name:
    """A plain name with the first scope that has it."""
    if name.scope != "any":
        return name
    if name.key in table.params:
        return replace(name, scope="param")
    if name.key in table.attrs:
        return replace(name, scope="attr")
    if name.key.lower() in LATER:
        return replace(name, scope="run", key=LATER[name.key.lower()])
    if name.key in table.metrics:
        return replace(name, scope="metric")
    raise _unknown(table, name)


def _unknown(table: Table, name: Name) -> Exception:
    what, known = {
        "param": ("no parameter", table.params),
        "attr": ("no attribute", table.attrs),
    }.get(name.scope, ("nothing called", []))
    if not known and name.scope == "any":
        known = [*table.params, *table.attrs, *table.metrics, *RUN, *LATER, "value"]
        known += [*STATUSES, "feasible", "best"]
    return mistake(name.at, f"there is {what} {name.key}{near(name.key, known)}")


def _column(table: Table, name: Name) -> Labelled:
    """The column of a name."""
    match name.scope:
        case "run":
            return table.column(_COLUMNS[name.key])
        case "value":
            n = len(table.directions)
            if int(name.key) >= n:
                raise mistake(name.at, f"there is no objective {name.key}, only 0 to {n - 1}")
            return table.column(f"value:{name.key}")
    if name.key not in (table.params if name.scope == "param" else table.attrs):
        raise _unknown(table, name)
    return table.column(f"{name.scope}:{name.key}")


def _compare(name: Name, column: Labelled, sign: Operator, value: Value) -> Bools:
    values.need_comparable(sign, value)
    if name.scope == "run" and name.key == "status" and sign != "contains" and value.of is not None:
        value = Value(values.status(value, column.labels or []), value.at)
    if column.labels is not None:
        return _compare_labels(column.values, column.labels, sign, value)
    if sign == "contains":
        raise mistake(value.at, f"{name.key} has numbers: contains is for texts")
    missing = np.isnan(column.values)
    if value.of is None:
        return missing if sign == "=" else ~missing
    is_time = name.scope == "run" and name.key in TIMES
    number = values.time(value).timestamp() * 1000 if is_time else values.need_number(name, value)
    found: Bools = _OPERATORS[sign](column.values, number) & ~missing
    return found


def _compare_labels(codes: Any, labels: list[str], sign: Operator, value: Value) -> Bools:
    """Compare each label once."""
    missing = np.isnan(codes)
    places = np.where(missing, len(labels), codes).astype(np.intp)
    if value.of is None:
        empty = [label.lower() in values.NONE for label in labels]
        is_none: Bools = np.array([*empty, True])[places]
        return is_none if sign == "=" else ~is_none
    hits = np.array([*(_hits(label, sign, value.of) for label in labels), False])
    return hits[places]


def _hits(label: str, sign: Operator, value: float | str) -> bool:
    if sign == "contains":
        return str(value).lower() in label.lower()
    if (number := values.number(value)) is not None:
        own = values.number(label)
        return sign == "!=" if own is None else bool(_OPERATORS[sign](own, number))
    pair = (label, str(value))
    if pair[1].lower() in values.TRUTHS:
        pair = (label.lower(), pair[1].lower())
    return bool(_OPERATORS[sign](*pair))
