"""What a filter is made of, and how a mistake in one is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

from ...errors import InvalidValueError

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "contains"]
#: Where a name is looked for; "any" is a parameter or else a user attribute.
Scope = Literal["trial", "value", "param", "attr", "any"]


@dataclass(frozen=True, slots=True)
class Name:
    """What is compared: ``key`` is the number of an objective for "value"."""

    scope: Scope
    key: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Value:
    """What it is compared with: a number, a text, or none."""

    of: float | str | None
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """``name < value``."""

    name: Name
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class In:
    """``name in (values)``."""

    name: Name
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """``name is missing``."""

    name: Name


@dataclass(frozen=True, slots=True)
class Flag:
    """``feasible`` or ``best``."""

    of: Literal["feasible", "best"]


@dataclass(frozen=True, slots=True)
class Not:
    """``not part``."""

    part: Filter


@dataclass(frozen=True, slots=True)
class And:
    """``part and part``; no parts: everything."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """``part or part``."""

    parts: tuple[Filter, ...]


Filter = Compare | In | Missing | Flag | Not | And | Or

#: Names of what every trial has, and how else people call it.
TRIAL = {
    "number": "number", "id": "id", "trial_id": "id", "status": "status", "state": "status",
    "duration": "duration", "started": "start", "start": "start",
    "finished": "finish", "finish": "finish",
}  # fmt: skip
#: Names of what runs and arms have; parameters and attributes of these names come first.
LATER = {"trial": "trial", "name": "name", "arm": "name"}
#: Statuses in the words of Runbase, and in Optuna's.
STATUSES = {
    "planned": "PLANNED", "waiting": "PLANNED", "running": "RUNNING",
    "completed": "COMPLETED", "complete": "COMPLETED", "pruned": "PRUNED",
    "failed": "FAILED", "fail": "FAILED", "cancelled": "CANCELLED",
}  # fmt: skip


def mistake(at: int, message: str) -> InvalidValueError:
    """The error for a mistake at a place of the text, counted from 0."""
    return InvalidValueError(f"the filter, at character {at + 1}: {message}")


def near(word: str, known: list[str]) -> str:
    """`` (did you mean ...?)`` with what is written nearly like ``word``."""
    folded = {name.casefold(): name for name in known}
    found = [folded[name] for name in get_close_matches(word.casefold(), list(folded))]
    return f" (did you mean {' or '.join(found)}?)" if found else ""
