"""Distributions of parameters as Optuna Dashboard has them, read without Optuna."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from ..db import Database
from ..store import distributions

_SHORT = {"float": "FloatDistribution", "int": "IntDistribution"}
EXACT = 2**53  # above, floats are not all integers


class Distribution(NamedTuple):
    """A distribution: its class, and its bounds or choices."""

    type: str
    low: float
    high: float
    step: float | None
    log: bool
    choices: tuple[Any, ...] = ()

    @property
    def is_rounded(self) -> bool:
        """Whether internal values may have lost digits."""
        return self.type == "IntDistribution" and max(abs(self.low), abs(self.high)) > EXACT

    def external(self, internal: float) -> Any:
        """The value that people gave."""
        if self.type == "FloatDistribution":
            return internal
        return self.choices[int(internal)] if self.choices else int(internal)

    def json(self) -> dict[str, Any]:
        """As Optuna Dashboard answers."""
        if self.choices:
            choices = [{"pytype": str(type(c)), "value": str(c)} for c in self.choices]
            return {"type": self.type, "choices": choices}
        return {k: v for k, v in self._asdict().items() if k != "choices"}


def of(db: Database, id: int) -> Distribution:
    """The distribution with this id."""
    known: dict[int, Distribution] = db.memo.setdefault("dashboard.distributions", {})
    found = known.get(id)
    if found is None:
        found = known[id] = parse(distributions.read(db, id))
    return found


def parse(text: str) -> Distribution:
    """A distribution from its JSON, in Optuna's long or short form."""
    found = json.loads(text)
    name = found.get("name") or _SHORT.get(found["type"], "CategoricalDistribution")
    parts = found.get("attributes", found)
    if "choices" in parts:
        return Distribution(name, 0, 0, None, False, tuple(parts["choices"]))
    step = parts.get("step", 1 if name == "IntDistribution" else None)
    return Distribution(name, parts["low"], parts["high"], step, parts.get("log", False))


Space = dict[str, list[Distribution]]


def union(trials: Iterable[Mapping[str, Distribution]]) -> Space:
    """All parameters of trials; distributions of one type are one with wider bounds."""
    found: Space = {}
    for trial in trials:
        for name, one in trial.items():
            kinds = found.setdefault(name, [])
            same = next((i for i, other in enumerate(kinds) if _is_alike(one, other)), None)
            if same is None:
                kinds.append(one)
            else:
                kinds[same] = _merged(kinds[same], one)
    return dict(sorted(found.items()))


def intersection(trials: Iterable[Mapping[str, Distribution]]) -> Space:
    """The parameters that all trials have, of one type."""
    found: dict[str, Distribution] | None = None
    for trial in trials:
        if found is None:
            found = dict(trial)
        found = {
            name: _merged(other, trial[name])
            for name, other in found.items()
            if name in trial and _is_alike(other, trial[name])
        }
    return {name: [one] for name, one in sorted((found or {}).items())}


def space_json(space: Space) -> list[dict[str, Any]]:
    """A search space as Optuna Dashboard answers."""
    return [
        {"name": name, "distribution": each.json()}
        for name, kinds in space.items()
        for each in kinds
    ]


def _is_alike(a: Distribution, b: Distribution) -> bool:
    return (a.type, a.step, a.log) == (b.type, b.step, b.log)


def _merged(a: Distribution, b: Distribution) -> Distribution:
    choices = tuple(dict.fromkeys(a.choices + b.choices))
    low, high = min(a.low, b.low), max(a.high, b.high)
    if a.step is not None and not a.log:
        high = _on_step(low, high, a.step)
    return a._replace(low=low, high=high, choices=choices)


def _on_step(low: float, high: float, step: float) -> float:
    """The highest value that is whole steps from the lowest, in decimals as people write them."""
    first, last, width = (Decimal(str(number)) for number in (low, high, step))
    return type(high)((last - first) // width * width + first)


class Param(NamedTuple):
    """How the JSON of a parameter's values is made, in pieces that are the same for all values."""

    distribution: Distribution
    head: str
    tail: str
    #: The JSON of each choice.
    choices: list[str]
    name: str

    def json(self, internal: float, external: Any) -> str:
        """The JSON of one value."""
        if self.choices:
            return self.choices[int(internal)]
        return f'{self.head}{internal!r},"param_external_value":"{external}"{self.tail}'


def param(name: str, distribution: Distribution) -> Param:
    """How to write values of a parameter."""
    head = f'{{"name":{_encode(name)},"param_internal_value":'
    tail = f',"distribution":{_encode(distribution.json())}}}'
    choices = [
        f'{head}{place},"param_external_value":{_encode(str(choice))}'
        f',"param_external_pytyp":{_encode(str(type(choice)))}{tail}'
        for place, choice in enumerate(distribution.choices)
    ]
    kind = float if distribution.type == "FloatDistribution" else int
    tail = f',"param_external_pytyp":{_encode(str(kind))}{tail}'
    return Param(distribution, head, tail, choices, name)


def _encode(value: Any) -> str:
    return msgspec.json.encode(value).decode()
