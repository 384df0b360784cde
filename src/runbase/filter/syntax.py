"""What a filter is made of, and how a mistake in one is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal, get_args

from ..errors import FilterError

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "contains"]
#: Where a name is looked for: what every run has, an objective, the arguments (or parameters), the
#: user attributes, the environment, the extras, or the metrics. "any" is the first of these that
#: has it: arguments, attributes, the names in `LATER`, metrics.
Scope = Literal["run", "value", "param", "attr", "env", "extra", "metric", "any"]
#: What is known of a metric: "at" is the step of the best value, "n" how many were logged.
Part = Literal["best", "last", "min", "max", "mean", "n", "at"]


@dataclass(frozen=True, slots=True)
class Name:
    """What is compared: ``key`` is the number of an objective for "value"."""

    scope: Scope
    key: str
    at: int = field(default=0, compare=False)
    part: Part = "best"


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
class Tag:
    """``tag:name``."""

    of: str


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted text that stands alone: it is in the name, comment, tags, status or arguments."""

    of: str


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


Filter = Compare | In | Missing | Flag | Tag | Text | Not | And | Or

PARTS: tuple[Part, ...] = get_args(Part)
#: Names of what every run has, and how else people call it.
RUN = {
    "number": "number", "id": "id", "trial_id": "id", "status": "status", "state": "status",
    "duration": "duration", "started": "started", "start": "started",
    "finished": "finished", "finish": "finished",
}  # fmt: skip
#: Names that arguments and attributes may have, too: those come first, unless ``run.`` is before.
LATER = {
    "trial": "trial", "name": "name", "arm": "name", "experiment": "experiment", "kind": "kind",
    "created": "created", "updated": "updated", "tags": "tags", "comment": "comment",
    "parent": "parent",
}  # fmt: skip
TIMES = ("created", "started", "updated", "finished")
#: Statuses in the words of Runbase, and in Optuna's.
STATUSES = {
    "planned": "PLANNED", "waiting": "PLANNED", "running": "RUNNING",
    "completed": "COMPLETED", "complete": "COMPLETED", "pruned": "PRUNED",
    "failed": "FAILED", "fail": "FAILED", "cancelled": "CANCELLED",
}  # fmt: skip


def mistake(at: int, message: str) -> FilterError:
    """The error for a mistake at a place of the text, counted from 0."""
    return FilterError(f"the filter, at character {at + 1}: {message}", at)


def near(word: str, known: list[str]) -> str:
    """`` (did you mean ...?)`` with what is written nearly like ``word``."""
    folded = {name.casefold(): name for name in known}
    found = [folded[name] for name in get_close_matches(word.casefold(), list(folded))]
    return f" (did you mean {' or '.join(found)}?)" if found else ""
