"""What is stored of a preferential study: system attributes of it, those of Optuna Dashboard.

An answer is a record of what was asked and said, which stays when the answer is removed, and the
pairs that count: ``preference:history{id}`` and ``preference:values{id}``. Answers "about equal"
have ties in place of pairs, as ``preference:ties{id}``; Optuna Dashboard does not know of them, nor
shows records whose mode it does not know, but counts their pairs, and removes and restores them.

Any program may write attributes: what is not as it should be says nothing, and harms nobody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeGuard, get_args

from ...errors import InvalidValueError

#: How an answer was given. "Reported" came from a program, by ``report_preference``.
Mode = Literal["ChooseWorst", "ChooseBest", "Rank", "Equal", "Reported"]

#: Numbers of two trials: of a pair the better one is first, of a tie the earlier one.
Pair = tuple[int, int]

PREFIX = "preference:"
IS_PREFERENTIAL = PREFIX + "is_preferential"
N_GENERATE = PREFIX + "n_generate"
COMPONENT = PREFIX + "component"
VALUES = PREFIX + "values"
TIES = PREFIX + "ties"
HISTORY = PREFIX + "history"
SKIPPED = PREFIX + "skip_trial:"

#: Numbers of trials are below this in every storage.
LIMIT = 2**31

Attrs = Mapping[str, Any]


class Answer(NamedTuple):
    """What somebody said, or a program reported."""

    id: str
    mode: Mode
    #: None where it is not known.
    time: datetime | None
    #: Numbers of the trials that were compared.
    candidates: list[int]
    #: The worst or the best one.
    clicked: int | None
    #: All of a ranking, the best first.
    order: list[int]
    #: What it says; a removed answer says it no more.
    pairs: list[Pair]
    ties: list[Pair]
    is_removed: bool


def is_preferential(attrs: Attrs) -> bool:
    """Whether a study asks people for preferences."""
    return bool(attrs.get(IS_PREFERENTIAL))


def check_preferential(attrs: Attrs) -> None:
    """Refuse a study that asks people for nothing.

    Raises:
        InvalidValueError: it is one.
    """
    if not is_preferential(attrs):
        raise InvalidValueError(
            "the study is not preferential: runbase.dashboard.preferential.create_study makes one"
        )


def n_generate(attrs: Attrs) -> int | None:
    """How many trials the program keeps waiting for people; None if it did not say."""
    found = attrs.get(N_GENERATE)
    return found if is_number(found) else None


def component(attrs: Attrs) -> dict[str, Any]:
    """What of a trial people look at: ``output_type`` and for an artifact its ``artifact_key``."""
    match attrs.get(COMPONENT):
        case {"output_type": "note" | "artifact" as kind, "artifact_key": str(key)}:
            return {"output_type": kind, "artifact_key": key}
    return {"output_type": "note"}


def pairs(attrs: Attrs) -> list[Pair]:
    """Numbers of a better and a worse trial, of all answers that count."""
    return _all(attrs, VALUES)


def ties(attrs: Attrs) -> list[Pair]:
    """Numbers of two trials that are about equal, of all answers that count."""
    return _all(attrs, TIES)


def skipped(attrs: Attrs) -> set[int]:
    """Ids (not numbers) of the trials that people are not asked about."""
    found = (key.removeprefix(SKIPPED) for key in attrs if key.startswith(SKIPPED) and attrs[key])
    return {int(id) for id in found if id.isdecimal() and len(id) < 19}  # 64 bits


def retired(attrs: Attrs) -> set[int]:
    """Numbers of the trials that are compared no more: worse ones, or equal to an earlier one."""
    return {worse for _, worse in pairs(attrs)} | {max(tie) for tie in ties(attrs)}


def best(attrs: Attrs) -> set[int]:
    """Numbers of the trials that won a comparison, or equal one that did, and lost none."""
    wins = pairs(attrs)
    found = {better for better, _ in wins} - {worse for _, worse in wins}
    equal = ties(attrs)
    found |= {b for a, b in equal if a in found} | {a for a, b in equal if b in found}
    return found - {worse for _, worse in wins}


def answers(attrs: Attrs) -> list[Answer]:
    """All answers, removed ones as well, the earliest first; those without a time before all."""
    ids = {
        key.removeprefix(prefix): None
        for prefix in (HISTORY, VALUES)
        for key in attrs
        if key.startswith(prefix)
    }
    found = [answer for answer in (find(attrs, id) for id in ids) if answer is not None]
    return sorted(found, key=lambda answer: (answer.time or datetime.min, answer.id))


def count(attrs: Attrs) -> int:
    """How many answers count."""
    return sum(bool(_pairs(said)) for key, said in attrs.items() if key.startswith((VALUES, TIES)))


def find(attrs: Attrs, id: str) -> Answer | None:
    """The answer with this id.

    Pairs without a record, or with one that cannot be read, are taken for reported ones: such are
    those that ``report_preference`` of Optuna Dashboard wrote.
    """
    counting = _pairs(attrs.get(VALUES + id))
    facts = record(attrs, id)
    if facts is None:
        if not counting:
            return None
        return Answer(id, "Reported", None, _numbers(counting), None, [], counting, [], False)
    mode: Mode = facts["mode"] if facts.get("mode") in get_args(Mode) else "Reported"
    said = _pairs(facts.get("preferences")) or counting
    clicked = facts.get("clicked")
    return Answer(
        id, mode, _time(facts.get("timestamp")),
        _list(facts.get("candidates")) or _numbers(said),
        clicked if is_number(clicked) else None, _list(facts.get("order")),
        said, _pairs(facts.get("ties")), not _pairs(attrs.get(says(mode) + id)),
    )  # fmt: skip


def record(attrs: Attrs, id: str) -> dict[str, Any] | None:
    """What was written down of an answer; None if nothing was, or nobody can read it."""
    try:
        found = json.loads(attrs.get(HISTORY + id, ""))
    except (TypeError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def says(mode: Mode) -> str:
    """The beginning of the key of what an answer says: ties, or pairs."""
    return TIES if mode == "Equal" else VALUES


def is_number(found: object) -> TypeGuard[int]:
    """Whether this can be the number of a trial."""
    return type(found) is int and 0 <= found < LIMIT


def _all(attrs: Attrs, prefix: str) -> list[Pair]:
    lists = [_pairs(value) for key, value in attrs.items() if key.startswith(prefix)]
    return [pair for found in lists for pair in found]


def _pairs(found: Any) -> list[Pair]:
    """Those of two different trials."""
    both = [_list(pair) for pair in found] if isinstance(found, list | tuple) else []
    return [(pair[0], pair[1]) for pair in both if len(pair) == 2 and pair[0] != pair[1]]


def _list(found: Any) -> list[int]:
    """Numbers of trials; none if something else is among them."""
    is_list = isinstance(found, list | tuple) and all(is_number(number) for number in found)
    return list(found) if is_list else []


def _numbers(pairs: list[Pair]) -> list[int]:
    return sorted({number for pair in pairs for number in pair})


def _time(text: Any) -> datetime | None:
    """A time of this computer's zone, whatever its own zone is."""
    try:
        return datetime.fromtimestamp(datetime.fromisoformat(text).timestamp())
    except (TypeError, ValueError, OverflowError, OSError):
        return None
