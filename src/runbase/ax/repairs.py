"""What Ax's JSON store loses or cannot load, put right.

Each repair is for one fault of the Ax versions that `runbase.ax` supports; `tests/ax/test_repairs`
has a test for each, and one that fails when Ax has mended it. What Ax's format has no place for
is a property of the experiment, `PROPERTY`, which Ax reads as any other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from ax.core.base_trial import TrialStatus
from ax.core.batch_trial import BatchTrial
from ax.core.experiment import Experiment
from ax.core.experiment_status import ExperimentStatus
from ax.core.metric import Metric
from ax.core.objective import Objective
from ax.core.optimization_config import OptimizationConfig, PreferenceOptimizationConfig
from ax.core.outcome_constraint import (
    ComparisonOp,
    OutcomeConstraint,
    ScalarizedOutcomeConstraint,
)

#: The property of an experiment that holds what Ax's format lacks.
PROPERTY = "runbase"
PARAMETER_FIELDS = ("backfill_value", "default_value")


def is_encoded_wrongly(config: OptimizationConfig | None) -> bool:
    """Whether Ax writes an experiment with these goals so that it cannot load it.

    It writes constraints with one metric, and preference configurations with an argument that
    their class does not have; alone, outside of an experiment, it writes them well, or as
    `constraint_encoder` does.
    """
    if config is None:
        return False
    return isinstance(config, PreferenceOptimizationConfig) or any(
        isinstance(constraint, ScalarizedOutcomeConstraint) or _is_own(constraint)
        for constraint in config.all_constraints
    )


def _is_own(constraint: OutcomeConstraint) -> bool:
    """Whether a constraint is more than a bound for one metric, in Ax's words."""
    if type(constraint) is not OutcomeConstraint or not hasattr(constraint, "expression"):
        return False  # in Ax 1.2 there are no others
    from ax.utils.common.sympy import build_constraint_expression_str

    weights, op, bound, is_relative = constraint._parsed
    usual = build_constraint_expression_str(
        metric_weights=[(weights[0][0], 1.0)],
        op=">=" if op is ComparisonOp.GEQ else "<=",
        bound=bound,
        relative=is_relative,
    )
    return len(weights) > 1 or bool(constraint.expression != usual)


def constraint_encoder(
    stock: Callable[[OutcomeConstraint], dict[str, Any]],
) -> Callable[[OutcomeConstraint], dict[str, Any]]:
    """Ax's encoder of constraints; expressions are kept.

    Of "2*a + b <= 3" Ax writes one metric and the bound. It reads this form as well.
    """

    def encode(constraint: OutcomeConstraint) -> dict[str, Any]:
        if not _is_own(constraint):
            return stock(constraint)
        return {
            "__type": "OutcomeConstraint",
            "expression": constraint.expression,
            "metric_name_to_signature": constraint.metric_name_to_signature,
        }

    return encode


def objective_encoder(
    stock: Callable[[Objective], dict[str, Any]],
) -> Callable[[Objective], dict[str, Any]]:
    """Ax's encoder of objectives; names that Ax takes for formulas are not written as such.

    "top-1", "100%" or "pi" can be the only metric of an objective, and Ax writes it as an
    expression that it cannot read again. It reads this older form.
    """

    def encode(objective: Objective) -> dict[str, Any]:
        if not hasattr(objective, "expression"):  # as in Ax 1.2
            return stock(objective)
        names, text = objective.metric_names, objective.expression
        is_one = len(names) == 1 and text in (names[0], f"-{names[0]}")
        if not is_one or _names_in(text) == names:
            return stock(objective)
        metric = Metric(name=names[0], lower_is_better=objective.minimize)
        return {"__type": "Objective", "metric": metric, "minimize": objective.minimize}

    return encode


@lru_cache(maxsize=1000)
def _names_in(expression: str) -> list[str] | None:
    """The metrics that Ax finds when it reads an expression."""
    try:
        return list(Objective(expression, metric_name_to_signature={}).metric_names)
    except Exception:
        return None


def extras(experiment: Experiment) -> dict[str, Any]:
    """What Ax does not write of an experiment: its status, and values of disabled parameters."""
    found: dict[str, Any] = {}
    if experiment.status is not None:
        found["status"] = experiment.status.name
    parameters = {
        name: fields
        for name, parameter in experiment.search_space.parameters.items()
        if (fields := _fields(parameter))
    }
    if parameters:
        found["parameters"] = parameters
    return found


def _fields(parameter: Any) -> dict[str, Any]:
    values = {name: getattr(parameter, f"_{name}", None) for name in PARAMETER_FIELDS}
    return {name: value for name, value in values.items() if value is not None}


def extras_in(head: dict[str, Any]) -> dict[str, Any]:
    """What `extras` found in the document of an experiment, to be changed there."""
    properties: dict[str, Any] = head["properties"]
    found: dict[str, Any] = {}
    if properties.get("__type") != "OrderedDict":  # of `plain_keys`
        found = properties.setdefault(PROPERTY, found)
        return found
    for key, value in properties["value"]:
        if key == PROPERTY:
            found = value
            return found
    properties["value"].append([PROPERTY, found])
    return found


def take_extras(head: dict[str, Any]) -> dict[str, Any]:
    """Take what `extras` found out of the document, after `with_plain_dicts`, of an experiment."""
    properties = head.get("properties") or {}
    if properties.get("__type") != DICT:
        return properties.pop(PROPERTY, None) or {}
    found = [item[1] for item in properties["items"] if item[0] == PROPERTY]
    properties["items"] = [item for item in properties["items"] if item[0] != PROPERTY]
    return found[0] if found else {}


def restore(experiment: Experiment, found: Mapping[str, Any]) -> None:
    """Give an experiment back what `extras` found."""
    if "status" in found:
        experiment._status = ExperimentStatus[found["status"]]
    for name, fields in found.get("parameters", {}).items():
        for field, value in fields.items():
            setattr(experiment.search_space.parameters[name], f"_{field}", value)


@contextmanager
def without_status_quo(experiment: Experiment) -> Iterator[None]:
    """A block in which trials can be loaded.

    While an experiment has a status quo, Ax adds it to every batch trial that it loads, also to
    those that never had it.
    """
    kept, experiment._status_quo = experiment._status_quo, None
    try:
        yield
    finally:
        experiment._status_quo = kept


def batch_encoder(stock: Callable[[Any], dict[str, Any]]) -> Callable[[BatchTrial], dict[str, Any]]:
    """Ax's encoder of batch trials; whether they ask for the status quo is a property of theirs."""

    def encode(trial: BatchTrial) -> dict[str, Any]:
        found = stock(trial)
        flag = trial.should_add_status_quo_arm
        if flag is not _has_status_quo(trial):
            own = {"should_add_status_quo_arm": flag}
            found["properties"] = {**found["properties"], PROPERTY: own}
        return found

    return encode


def finish_batch(trial: BatchTrial, weight: float | None) -> None:
    """What is left to do with a batch trial that was loaded `without_status_quo`.

    Older versions of Ax kept the status quo apart from the other arms, with a ``weight``.
    """
    if weight is not None and trial.experiment.status_quo is not None:
        status, trial._status = trial._status, TrialStatus.CANDIDATE  # else it cannot be changed
        before = len(trial.generator_runs)
        trial.add_status_quo_arm(weight=weight)
        trial._status = status
        for run in trial.generator_runs[before:]:
            run._time_created = trial.time_created  # not that of loading
    own = trial._properties.pop(PROPERTY, None) or {}
    asks = own.get("should_add_status_quo_arm", _has_status_quo(trial))
    trial.should_add_status_quo_arm = asks


def _has_status_quo(trial: BatchTrial) -> bool:
    arm = trial.experiment.status_quo
    return arm is not None and arm.name in trial.arms_by_name


#: Types that Ax's decoder knows by itself; it also knows all that begin with "torch".
BUILT_IN = (
    "DataFrame", "GeneratorRunStruct", "ListSurrogate", "OrderedDict", "Tensor", "datetime",
    "float", "ndarray", "set",
)  # fmt: skip


def plain_keys(value: Any, classes: Container[str]) -> Any:
    """A dictionary whose keys JSON does not keep, or Ax would not, in a form that keeps them.

    JSON has only text for keys; Ax takes "null" for None, and "__type" for the name of a class,
    which is somebody's own key if it names none of ``classes``. An OrderedDict of Ax's JSON keeps
    its keys as they are, and stock Ax loads it; "plain" says that it was a dictionary.
    """
    if type(value) is not dict:
        return value
    is_own = "__type" in value and not _is_class(value["__type"], classes)
    if not is_own and all(isinstance(k, str) and k != "null" for k in value):
        return value
    if set(value) == {None}:
        return value  # the runner of an experiment: its decoder wants it like this
    return {"__type": "OrderedDict", "plain": True, "value": [[k, v] for k, v in value.items()]}


def _is_class(name: Any, classes: Container[str]) -> bool:
    return isinstance(name, str) and (
        name in BUILT_IN or name in classes or name.startswith("torch")
    )


def with_text_keys(stock: Callable[[Any], dict[str, Any]], field: str) -> Any:
    """An encoder whose dictionary ``field`` gets the keys that JSON would give it.

    Ax decodes this one by itself, and expects text.
    """

    def encode(obj: Any) -> dict[str, Any]:
        found = stock(obj)
        if found.get(field):
            keys = json.loads(json.dumps(dict.fromkeys(found[field])))
            found[field] = dict(zip(keys, found[field].values(), strict=True))
        return found

    return encode


def with_plain_dicts(value: Any) -> Any:
    """JSON in which what `plain_keys` wrote becomes dictionaries again when Ax decodes it."""
    if isinstance(value, dict):
        if value.get("__type") == "OrderedDict" and value.get("plain"):
            return {"__type": DICT, "items": [with_plain_dicts(item) for item in value["value"]]}
        return {key: with_plain_dicts(item) for key, item in value.items()}
    return [with_plain_dicts(item) for item in value] if isinstance(value, list) else value


#: The name under which `with_plain_dicts` and Ax's decoder know dictionaries with any keys.
DICT = "runbase.dict"


def dict_from_items(items: list[list[Any]]) -> dict[Any, Any]:
    """The dictionary with these keys and values."""
    return {_hashable(key): value for key, value in items}


def _hashable(key: Any) -> Any:
    """JSON makes lists of tuples."""
    return tuple(map(_hashable, key)) if isinstance(key, list) else key
