"""Whether two trials are the same, or one is what became of the other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

_RANK = {"WAITING": 0, "RUNNING": 1}  # and 2 for the finished ones


def is_same(a: FrozenTrial, b: FrozenTrial) -> bool:
    """Whether two trials are equal in all but id and number; NaN is NaN here."""
    return (
        a.state == b.state
        and _is_at(a.datetime_start, b.datetime_start)
        and _is_at(a.datetime_complete, b.datetime_complete)
        and _floats(a.values) == _floats(b.values)
        and len(a.params) == len(b.params)
        and _has_params(a, b)
        and a.distributions == b.distributions
        and _reports(a) == _reports(b)
        and json_of(a.user_attrs) == json_of(b.user_attrs)
        and json_of(a.system_attrs) == json_of(b.system_attrs)
    )


def can_become(old: FrozenTrial, new: FrozenTrial) -> bool:
    """Whether an unfinished trial may have become ``new`` since."""
    ranks = [_RANK.get(trial.state.name, 2) for trial in (old, new)]
    return (
        ranks[0] < 2
        and ranks[0] <= ranks[1]
        and (ranks[0] == 0 or _is_at(old.datetime_start, new.datetime_start))
        and json_of(_queued(old)) == json_of(_queued(new))
        and _has_params(old, new)
    )


def json_of(value: Any) -> str:
    """The JSON by which attributes are compared."""
    return json.dumps(value, sort_keys=True)


def _queued(trial: FrozenTrial) -> Any:
    return trial.system_attrs.get("fixed_params")


def _is_at(a: datetime | None, b: datetime | None) -> bool:
    if a is None or b is None or a == b:
        return a is b or a == b
    # MySQL rounds the times in Optuna's own tables to seconds.
    is_rounded = a.microsecond == 0 or b.microsecond == 0
    return is_rounded and abs((a - b).total_seconds()) < 1


def _floats(values: list[float] | None) -> list[str] | None:
    return None if values is None else [repr(float(value)) for value in values]


def _reports(trial: FrozenTrial) -> Mapping[int, str]:
    return {step: repr(float(value)) for step, value in trial.intermediate_values.items()}


def _has_params(old: FrozenTrial, new: FrozenTrial) -> bool:
    """Whether ``new`` has the parameters of ``old``."""
    for name, value in old.params.items():
        if name not in new.params:
            return False
        other = new.params[name]
        if not (other == value or repr(other) == repr(value)):
            return False
    return True
