"""The goals of Ax experiments, read from the JSON of their heads: objectives and constraints.

Each version of Ax has written them in another way; today's are formulas.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

Json = Mapping[str, Any]


class Objective(NamedTuple):
    """A sum of metrics that is to be minimised or maximised."""

    name: str
    direction: str
    weights: Mapping[str, float]

    def value(self, means: Mapping[str, float]) -> float | None:
        """The sum, or None where a metric is missing."""
        if not self.weights.keys() <= means.keys():
            return None
        return sum(weight * means[name] for name, weight in self.weights.items())


class Constraint(NamedTuple):
    """A sum of metrics that must not be above (or below) a bound."""

    weights: Mapping[str, float]
    is_upper: bool
    bound: float

    def violation(self, means: Mapping[str, float]) -> float | None:
        """How far it is violated: above 0 where it is, as Optuna counts; None if not known."""
        if not self.weights.keys() <= means.keys():
            return None
        total = sum(weight * means[name] for name, weight in self.weights.items())
        return total - self.bound if self.is_upper else self.bound - total


class Goals(NamedTuple):
    """What an experiment is for."""

    objectives: Sequence[Objective]
    constraints: Sequence[Constraint]


def goals_of(head: Json) -> Goals:
    """The goals in the document of an experiment; an objective that is not understood is left out.

    So are all constraints if one of them is not, or is relative to the status quo and so no bound
    by itself: a trial that violates only that one must not look as if it violated none.
    """
    config = head.get("optimization_config") or {}
    objective = config.get("objective") or {}
    metrics = [*(head.get("tracking_metrics") or ()), *(head.get("metrics") or ())]
    names = {metric["name"] for metric in metrics}
    constraints = []
    for written in config.get("outcome_constraints") or ():
        if (constraint := _constraint(written, names)) is None:
            return Goals(_objectives(objective, names), [])
        constraints.append(constraint)
    return Goals(_objectives(objective, names), constraints)


def _objectives(objective: Json, names: Collection[str]) -> list[Objective]:
    if "expression" in objective:
        parts = _split(objective["expression"])
        return [found for part in parts if (found := _expression(part, names))]
    if "objectives" in objective:
        return [found for part in objective["objectives"] for found in _objectives(part, names)]
    if "metrics" in objective:
        names = [metric["name"] for metric in objective["metrics"]]
        weights = objective.get("weights") or [1.0] * len(names)
        total = " + ".join(f"{w:g} * {name}" for w, name in zip(weights, names, strict=True))
        minimize = bool(objective.get("minimize"))
        return [Objective(total, _direction(minimize), dict(zip(names, weights, strict=True)))]
    if "metric" in objective:
        name = objective["metric"]["name"]
        return [Objective(name, _direction(bool(objective.get("minimize"))), {name: 1.0})]
    return []


def _direction(minimize: bool) -> str:
    return "minimize" if minimize else "maximize"


_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
# The sign and the weight of a term; the weight is lazy, since a name may look like one.
_FACTOR = rf"([+-]{{0,2}})(?:({_NUMBER})\*)??"
_NAME = r"[^\d\s+*,-][^\s+*,]*?"
_GROUP = re.compile(rf"{_FACTOR}\(([^()]*)\)")


def _split(expression: str) -> list[str]:
    return [part.strip() for part in expression.split(",")]


def _expression(text: str, names: Collection[str]) -> Objective | None:
    """An objective of Ax's is maximised, and minimised by a minus before its metric."""
    weights = _weights(text, names)
    if weights is None:
        return None
    if len(weights) == 1:
        [(name, weight)] = weights.items()
        return Objective(name, _direction(weight < 0), {name: 1.0})
    if all(weight < 0 for weight in weights.values()):
        positive = {name: -weight for name, weight in weights.items()}
        return Objective(_sum(positive), "minimize", positive)
    return Objective(_sum(weights), "maximize", weights)


def _weights(text: str, names: Collection[str]) -> dict[str, float] | None:
    """The metrics of a sum with their weights; None if it is none.

    The ``names`` of the experiment's metrics may look like formulas.
    """
    whole, known = _dense(text), {_dense(name): name for name in names if name.strip()}
    group = _GROUP.fullmatch(whole)
    if group and whole.lstrip("+-") not in known:
        inner = _weights(group[3], names) or {}
        return {name: _factor(group) * weight for name, weight in inner.items()} or None
    longest_first = sorted(map(re.escape, known), key=len, reverse=True)
    weights: dict[str, float] = {}
    end = 0
    for term in re.finditer(rf"{_FACTOR}({'|'.join([*longest_first, _NAME])})(?=[+-]|$)", whole):
        if term.start() != end:
            return None
        name = known.get(term[3], term[3])
        weights[name] = weights.get(name, 0.0) + _factor(term)
        end = term.end()
    if end != len(whole) or any(name.count("(") != name.count(")") for name in weights):
        return None
    return weights or None


def _dense(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _factor(term: re.Match[str]) -> float:
    weight = float(term[2] or 1)
    return -weight if term[1].count("-") == 1 else weight


def _sum(weights: Mapping[str, float]) -> str:
    return " + ".join(f"{w:g} * {n}" if w != 1 else n for n, w in weights.items())


_BOUND = re.compile(rf"(.+?)([<>])=\s*([+-]?{_NUMBER})\s*")


def _constraint(constraint: Json, names: Collection[str]) -> Constraint | None:
    if "expression" in constraint:
        found = _BOUND.fullmatch(constraint["expression"])
        total = _weights(found[1], names) if found else None
        return Constraint(total, found[2] == "<", float(found[3])) if found and total else None
    bound, op = constraint.get("bound"), (constraint.get("op") or {}).get("name")
    if constraint.get("relative") or bound is None or op not in ("LEQ", "GEQ"):
        return None
    if "metrics" in constraint:
        summed = [metric["name"] for metric in constraint["metrics"]]
        weights = dict(zip(summed, constraint.get("weights") or [1.0] * len(summed), strict=True))
    elif "metric" in constraint:
        weights = {constraint["metric"]["name"]: 1.0}
    else:
        return None
    return Constraint(weights, op == "LEQ", float(bound))
