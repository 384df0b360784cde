"""Rows of a query as an answer has them, within limits."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, NamedTuple

Kind = Literal["number", "time", "text"]
Cell = None | int | float | str

#: Rows of an answer at most, bytes of all cells together, and characters of one.
MOST_ROWS, MOST_BYTES, MOST_CHARACTERS = 10_000, 8 * 2**20, 5_000
#: Integers beyond are not exact in a browser.
EXACT = 2**53
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?\s?(Z|[+-]\d\d(:?\d\d)?)?)?", re.ASCII
)
_NUMBERS = {"nan": "nan", "infinity": "inf", "-infinity": "-inf", "inf": "inf", "-inf": "-inf"}


class Column(NamedTuple):
    """A column of a result; a kind of None is found out from its values."""

    name: str
    kind: Kind | None = None


class Result(NamedTuple):
    """What a query found."""

    columns: list[tuple[str, Kind]]
    rows: list[list[Cell]]
    #: What there was too much of, where the result is only a part: "rows" or "bytes".
    truncated: Literal["rows", "bytes"] | None


def collect(columns: Sequence[Column], rows: Iterable[Sequence[Any]], limit: int) -> Result:
    """Take rows until there are too many of them; those beyond are not asked for."""
    kinds: list[set[Kind]] = [{c.kind} if c.kind else set() for c in columns]
    numeric = [column.kind == "number" for column in columns]
    found: list[list[Cell]] = []
    size = 0
    truncated: Literal["rows", "bytes"] | None = None
    for row in rows:
        if len(found) == limit:
            truncated = "rows"
            break
        cells = [cell(value, is_number) for value, is_number in zip(row, numeric, strict=True)]
        size += sum(len(c) if isinstance(c, str) else 8 for c in cells)
        if size > MOST_BYTES:
            truncated = "bytes"
            break
        found.append(cells)
        for column, of_column, value in zip(columns, kinds, row, strict=True):
            if column.kind is None and value is not None:
                of_column.add(_kind(value))
    names = [
        (c.name, of.pop() if len(of) == 1 else "text") for c, of in zip(columns, kinds, strict=True)
    ]
    return Result(names, found, truncated)


def cell(value: Any, is_number: bool = False) -> Cell:
    """A value as JSON has it: what is no number there, or not exact, is text."""
    if value is None or (isinstance(value, int) and -EXACT <= value <= EXACT):
        return value if not isinstance(value, bool) else str(value).lower()
    if isinstance(value, float):
        return value if math.isfinite(value) else _NUMBERS[str(value)]
    if isinstance(value, bytes | bytearray | memoryview):
        return _cut("0x" + bytes(value[:MOST_CHARACTERS]).hex())
    if not isinstance(value, str):
        value = json.dumps(value) if isinstance(value, dict | list) else str(value)
    if is_number:
        return _number(value)
    return _cut(value)


def _number(text: str) -> Cell:
    """A number that a server sent as text: as a number where nothing of it is lost."""
    try:
        exact = Decimal(text)
        if not exact.is_finite():
            return _NUMBERS.get(text.lower(), text)
        if exact == exact.to_integral_value() and abs(exact) <= EXACT and "." not in text:
            return int(exact)
        near = float(text)
        return near if math.isfinite(near) and Decimal(repr(near)) == exact else _cut(text)
    except (InvalidOperation, ValueError):
        return _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"


def _kind(value: Any) -> Kind:
    if isinstance(value, int | float):
        return "number"
    return "time" if isinstance(value, str) and _TIME.fullmatch(value) else "text"
