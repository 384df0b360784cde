"""Between Optuna's objects and rows."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
    json_to_distribution,
)
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from ..db import Database
from ..store import distributions
from ..store.studies import Scope
from ..store.trials import State, Template

STATUS = {
    TrialState.WAITING: "PLANNED",
    TrialState.RUNNING: "RUNNING",
    TrialState.COMPLETE: "COMPLETED",
    TrialState.PRUNED: "PRUNED",
    TrialState.FAIL: "FAILED",
}
STATE = {status: state for state, status in STATUS.items()}
_TEXTS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
EXACT = 2.0**53  # above, floats are not all integers


def direction_names(directions: Any) -> list[str]:
    """``["minimize", ...]``, as people read it."""
    return [StudyDirection(d).name.lower() for d in directions]


def to_directions(names: list[str]) -> list[StudyDirection]:
    """The directions with these names."""
    return [StudyDirection[name.upper()] for name in names]


def to_utc(local: datetime | None) -> datetime | None:
    """Optuna's naive local time with its time zone."""
    return None if local is None else local.astimezone(UTC)


def to_local(time: datetime | None) -> datetime | None:
    """A time as Optuna gives it: local, without time zone."""
    return None if time is None else time.astimezone().replace(tzinfo=None)


def to_state(trial: FrozenTrial) -> State:
    """The state of a trial: one value as a number, several and special ones as a list."""
    values = trial._values
    number = values[0] if values is not None and len(values) == 1 else math.nan
    is_finite = math.isfinite(number)
    return State(
        STATUS[trial.state],
        None if math.isnan(number) else float(number),
        None if values is None or is_finite else [_value(value) for value in values],
        to_utc(trial.datetime_start),
        to_utc(trial.datetime_complete),
    )


def _value(value: float) -> float | str:
    if math.isfinite(value):
        return float(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def to_values(value: float | None, values: list[Any] | None) -> list[float] | None:
    """The values of a trial from its row."""
    if values is not None:
        return [_TEXTS[v] if isinstance(v, str) else float(v) for v in values]
    return None if value is None else [value]


def to_template(db: Database, trial: FrozenTrial) -> Template:
    """Everything of a trial."""
    params = [
        (name, to_internal(kind, trial._params[name]), distribution_id(db, kind))
        for name, kind in trial._distributions.items()
    ]
    attrs: list[tuple[Scope, str, str]] = [
        *(("user", key, json.dumps(value)) for key, value in trial._user_attrs.items()),
        *(("system", key, json.dumps(value)) for key, value in trial._system_attrs.items()),
    ]
    reports = {step: float(v) for step, v in trial.intermediate_values.items()}
    return Template(to_state(trial), dict(trial._params), params, attrs, reports)


def distribution_id(db: Database, distribution: BaseDistribution) -> int:
    """The id under which a distribution is stored."""
    return distributions.id_of(db, distribution_to_json(distribution))


def read_distribution(db: Database, id: int) -> BaseDistribution:
    """The distribution with this id; one object each."""
    known: dict[int, BaseDistribution] = db.memo.setdefault("optuna.distributions", {})
    found = known.get(id)
    if found is None:
        found = known[id] = json_to_distribution(distributions.read(db, id))
    return found


def is_same(a: BaseDistribution, b: BaseDistribution) -> bool:
    """Whether two distributions have the same JSON; False may also mean that this is not sure."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, CategoricalDistribution):
        x, y = a.choices, b.choices  # type: ignore[attr-defined]
        # True is 1 for Python, but not the same choice.
        return len(x) == len(y) and all(
            type(c) is type(d) and c == d for c, d in zip(x, y, strict=True)
        )
    return a.__dict__ == b.__dict__


def to_internal(distribution: BaseDistribution, value: Any) -> float:
    """The number that stands for a value; of choices that are equal the one of the same type."""
    if isinstance(distribution, CategoricalDistribution):
        for index, choice in enumerate(distribution.choices):
            if type(choice) is type(value) and choice == value:
                return float(index)
    return distribution.to_internal_repr(value)


class Parameter(NamedTuple):
    """How to read values of a distribution."""

    distribution: BaseDistribution
    convert: Callable[[float], Any] | None  # None where the internal value is the value
    is_rounded: bool  # whether internal values may have lost digits


def parameter(distribution: BaseDistribution) -> Parameter:
    """How to read values of ``distribution``; large integers are not exact as floats."""
    if isinstance(distribution, FloatDistribution):
        return Parameter(distribution, None, False)
    is_rounded = (
        isinstance(distribution, IntDistribution)
        and max(abs(distribution.low), abs(distribution.high)) > EXACT
    )
    return Parameter(distribution, distribution.to_external_repr, is_rounded)


def changed(trial: FrozenTrial, **parts: Any) -> FrozenTrial:
    """A copy of a trial with other ``parts``; what was handed out never changes."""
    new: FrozenTrial = FrozenTrial.__new__(FrozenTrial)
    new.__dict__.update(trial.__dict__)
    for name, value in parts.items():
        setattr(new, name, value)
    return new


def detached(trial: FrozenTrial) -> FrozenTrial:
    """A copy whose parts the caller may change; only the distributions are shared."""
    values = trial._values
    return changed(
        trial,
        _values=None if values is None else list(values),
        _params=_copied(trial._params),
        _distributions=dict(trial._distributions),
        _user_attrs=_copied(trial._user_attrs),
        _system_attrs=_copied(trial._system_attrs),
        intermediate_values=dict(trial.intermediate_values),
    )


def as_stored(template: FrozenTrial, id: int, number: int) -> FrozenTrial:
    """A copy of ``template`` as another storage would read what `to_template` made of it."""
    values = template._values
    copied = detached(template)
    return changed(
        copied,
        number=number,
        _trial_id=id,
        _values=None if values is None else [float(value) for value in values],
        _user_attrs=json.loads(json.dumps(copied._user_attrs)),
        _system_attrs=json.loads(json.dumps(copied._system_attrs)),
        _params={
            name: _as_stored(kind, copied._params[name])
            for name, kind in template._distributions.items()
        },
        intermediate_values={s: float(v) for s, v in template.intermediate_values.items()},
    )


def _as_stored(distribution: BaseDistribution, value: Any) -> Any:
    convert = parameter(distribution).convert
    internal = to_internal(distribution, value)
    if convert is None:
        return internal
    return int(value) if isinstance(distribution, IntDistribution) else convert(internal)


_FLAT = frozenset({float, int, str, bool, type(None)})


def _copied(values: Mapping[str, Any]) -> dict[str, Any]:
    if _FLAT.issuperset(map(type, values.values())):
        return dict(values)
    return {key: copy.deepcopy(value) for key, value in values.items()}
