"""Numbers as JSON that means exactly them, to Python and to the reader of pandas, which Ax uses.

pandas reads the digits before the point, at most 15 of those behind it, and the exponent as three
numbers, and rounds at each step of putting them together. Where the point is decides what that
does to a number, so the digits are written with the point where it does nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

DECIMALS = 15
TENTHS = [float(f"1e-{i}") for i in range(DECIMALS + 1)]
_PARTS = re.compile(r"(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?")


def number_text(value: Any) -> str:
    """The JSON of a number; null for NaN."""
    if type(value) is not float:
        return str(int(value)) if isinstance(value, int) else number_text(float(value))
    if value != value:
        return "null"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    text, size = repr(abs(value)), abs(value)
    if as_pandas(text) == size:
        return sign + text
    return sign + next((t for t in spellings(text) if as_pandas(t) == size), text)


def as_pandas(text: str) -> float:
    """What pandas reads."""
    whole, part, exponent = _split(text)
    part = part[:DECIMALS]
    number = float(int(whole)) + float(int(part or 0)) * TENTHS[len(part)]
    return number * math.pow(10.0, exponent) if exponent else number


def spellings(text: str) -> Iterator[str]:
    """The same digits with the point at each place, and the exponent that this needs."""
    whole, part, exponent = _split(text)
    digits = (whole + part).lstrip("0")
    exponent -= len(part)
    digits, dropped = digits.rstrip("0"), len(digits) - len(digits.rstrip("0"))
    exponent += dropped
    for i in range(1, len(digits) + 1):
        behind = digits[i:]
        power = exponent + len(behind)
        yield digits[:i] + (f".{behind}" if behind else "") + (f"e{power}" if power else "")


def _split(text: str) -> tuple[str, str, int]:
    found = _PARTS.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no number")
    return found[1], found[2] or "", int(found[3] or 0)
