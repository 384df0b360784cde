"""What the values of a filter mean."""

from __future__ import annotations

import re
from datetime import datetime

from .syntax import STATUSES, Name, Value, mistake, near

NONE = ("none", "null")
TRUTHS = ("true", "false")
_NUMBER = re.compile(r"[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{1,3})?")


def number(value: float | str) -> float | None:
    """A number, or the number of a text that reads like one."""
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value) else None
    return value


def need_number(name: Name, value: Value) -> float:
    """The number that a column of numbers is compared with.

    Raises:
        InvalidValueError: it is none.
    """
    found = None if value.of is None else number(value.of)
    if found is None:
        raise mistake(value.at, f"expected a number for {name.key}, not {value.of}")
    return found


def time(value: Value) -> datetime:
    """A time; one without a zone is one of this machine's place.

    Raises:
        InvalidValueError: it is none.
    """
    try:
        return datetime.fromisoformat(str(value.of)).astimezone()
    except (ValueError, OverflowError, OSError):
        what = 'expected a time such as "2026-11-01 12:00"'
        raise mistake(value.at, f"{what}, not {value.of}") from None


def status(value: Value, known: list[str]) -> str:
    """The status as it is stored; schedulers have more of them than we know.

    Raises:
        InvalidValueError: there is none like it.
    """
    word = str(value.of).lower()
    found = STATUSES.get(word, word.upper())
    if word not in STATUSES and found not in known:
        raise mistake(value.at, f"there is no status {value.of}{near(word, list(STATUSES))}")
    return found


def need_comparable(sign: str, value: Value) -> None:
    """Refuse none after ``<`` and ``contains``.

    Raises:
        InvalidValueError: it is none, and compared otherwise than by = and !=.
    """
    if value.of is None and sign not in ("=", "!="):
        raise mistake(value.at, f"expected a number or a text after {sign}, not none")
