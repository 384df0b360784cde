"""Which trials of a table a filter lets through."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from ..columns.table import Bools, Labelled, Table
from .syntax import (
    LATER,
    STATUSES,
    TRIAL,
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
    Value,
    mistake,
    near,
)

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt,
    "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_TIMES = ("start", "finish")
_NONE = ("none", "null")
_TRUTHS = ("true", "false")


def evaluate(table: Table, filter: Filter) -> Bools:
    """Which trials of ``table`` a filter lets through.

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
        case Missing(name):
            return np.isnan(_column(table, name).values)
        case In(name, values):
            each = [Compare(name, "=", value) for value in values]
            return _joined(table, each, np.logical_or, start=False)
        case Compare(name, sign, value):
            return _compare(name, _column(table, name), sign, value)


def _joined(table: Table, parts: Sequence[Filter], join: np.ufunc, *, start: bool) -> Bools:
    found = np.full(len(table.numbers), start)
    for part in parts:
        join(found, evaluate(table, part), out=found)
    return found


def _column(table: Table, name: Name) -> Labelled:
    """The column of a name."""
    match name.scope:
        case "trial":
            return table.column(name.key)
        case "value":
            n = len(table.directions)
            if int(name.key) >= n:
                raise mistake(name.at, f"there is no objective {name.key}, only 0 to {n - 1}")
            return table.column(f"value:{name.key}")
        case "param" | "attr":
            return _named(table, name, [name.scope])
        case "any":
            return _named(table, name, ["param", "attr"])


def _named(table: Table, name: Name, scopes: list[str]) -> Labelled:
    for scope in scopes:
        if name.key in _names(table, scope):
            return table.column(f"{scope}:{name.key}")
    if name.scope == "any" and name.key in LATER:
        return table.column(LATER[name.key])
    known = [key for scope in scopes for key in _names(table, scope)]
    if name.scope == "any":
        known += [*TRIAL, "value", *STATUSES, "feasible", "best"]
    what = {"param": "no parameter", "attr": "no attribute", "any": "nothing called"}[name.scope]
    raise mistake(name.at, f"there is {what} {name.key}{near(name.key, known)}")


def _compare(name: Name, column: Labelled, sign: Operator, value: Value) -> Bools:
    if name.scope == "trial" and name.key == "status" and sign != "contains":
        value = Value(_status(value, column.labels or []), value.at)
    if column.labels is not None:
        return _compare_labels(column.values, column.labels, sign, value)
    if sign == "contains":
        raise mistake(value.at, f"{name.key} has numbers: contains is for texts")
    missing = np.isnan(column.values)
    if value.of is None:
        return _is_none(missing, sign, value)
    number = _time(value) if name.scope == "trial" and name.key in _TIMES else _number(name, value)
    found: Bools = _OPERATORS[sign](column.values, number) & ~missing
    return found


def _is_none(missing: Bools, sign: Operator, value: Value) -> Bools:
    if sign not in ("=", "!="):
        raise mistake(value.at, f"expected a number or a text after {sign}, not none")
    return missing if sign == "=" else ~missing


def _compare_labels(values: Any, labels: list[str], sign: Operator, value: Value) -> Bools:
    """Compare each label once."""
    missing = np.isnan(values)
    places = np.where(missing, len(labels), values).astype(np.intp)
    if value.of is None:
        empty = [label.lower() in _NONE for label in labels]
        return _is_none(np.array([*empty, True])[places], sign, value)
    hits = np.array([*(_hits(label, sign, value.of) for label in labels), False])
    return hits[places]


def _hits(label: str, sign: Operator, value: float | str) -> bool:
    if sign == "contains":
        return str(value).lower() in label.lower()
    pair: tuple[Any, Any] | None = _numbers(label, value)
    if pair is None:
        if isinstance(value, float):
            return sign == "!="
        is_truth = value.lower() in _TRUTHS
        pair = (label.lower(), value.lower()) if is_truth else (label, value)
    return bool(_OPERATORS[sign](*pair))


def _numbers(label: str, value: float | str) -> tuple[float, float] | None:
    """Both as numbers; None if one of them is none."""
    try:
        return float(label), float(value)
    except ValueError:
        return None


def _number(name: Name, value: Value) -> float:
    try:
        return float(value.of)  # type: ignore[arg-type]
    except ValueError:
        raise mistake(value.at, f"expected a number for {name.key}, not {value.of}") from None


def _time(value: Value) -> float:
    """Milliseconds since 1970; a time without a zone is one of the server's place."""
    try:
        return datetime.fromisoformat(str(value.of)).timestamp() * 1000
    except (ValueError, OverflowError, OSError):
        what = 'expected a time such as "2026-11-01 12:00"'
        raise mistake(value.at, f"{what}, not {value.of}") from None


def _status(value: Value, known: list[str]) -> str:
    """The status as it is stored; schedulers have more of them than we know."""
    word = str(value.of).lower()
    found = STATUSES.get(word, word.upper())
    if word not in STATUSES and found not in known:
        raise mistake(value.at, f"there is no status {value.of}{near(word, list(STATUSES))}")
    return found


def _names(table: Table, scope: str) -> list[str]:
    return table.params if scope == "param" else table.attrs
