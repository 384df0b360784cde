"""What people and charts read of Ax's trials: statuses, arguments, values, what made them.

Worked out from the JSON alone, so that it is the same for a document that Ax has just written and
for one of a file, of whatever version of Ax.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ...errors import InvalidValueError
from ..values import is_storable
from .goals import Goals
from .observations import Observation, fold
from .trials import Arm, Trial

Json = Mapping[str, Any]

#: Statuses of ``runs`` by those of Ax's trials.
STATUSES = {
    "CANDIDATE": "PLANNED",
    "STAGED": "PLANNED",
    "DISPATCHED": "RUNNING",
    "RUNNING": "RUNNING",
    "COMPLETED": "COMPLETED",
    "EARLY_STOPPED": "PRUNED",
    "FAILED": "FAILED",
    "ABANDONED": "CANCELLED",
}
#: Those that `STATUSES` alone does not tell.
OWN = ("STAGED", "DISPATCHED")
MAX_ARM = 500  # characters in the name of an arm


def trial(doc: Json, text: str, rows: Sequence[Observation], wanted: Goals) -> Trial:
    """The rows of a trial.

    Args:
        doc: the trial's document.
        text: the same as it is stored.
        rows: what the trial observed.
        wanted: the goals of its experiment.

    Raises:
        InvalidValueError: an arm has a name that no engine could keep.
    """
    number = int(doc["index"])
    is_batch = "generator_runs" in doc or "generator_run_structs" in doc
    arms = _arms(doc)
    for name in arms:
        if not isinstance(name, str) or len(name) > MAX_ARM or not is_storable(name):
            raise InvalidValueError(
                f"the name of an arm of trial {number} has at most {MAX_ARM} characters, no NUL "
                f"and no half of a surrogate pair: {name!r:.80}"
            )
    found, layout = fold(rows, arms)
    status = str(doc["status"]["name"])
    gone = (doc.get("abandoned_arms_metadata") or {}).keys()
    return Trial(
        number,
        STATUSES.get(status, status),
        time(doc.get("time_created")),
        time(doc.get("time_run_started")),
        time(doc.get("time_completed")),
        is_batch,
        [
            _arm(name, arm, "ABANDONED" if name in gone else status, rows, wanted, is_batch)
            for name, arm in arms.items()
        ],
        _trial_attrs(doc, status) | ({} if is_batch else _own_attrs(doc, arms, rows, wanted)),
        text,
        json.dumps(layout, separators=(",", ":")),
        found,
    )


def generator_runs(doc: Json) -> list[Any]:
    """The generator runs in the document of a trial, in their order."""
    if "generator_runs" in doc:
        return list(doc["generator_runs"])
    if "generator_run_structs" in doc:  # of older versions
        return [struct["generator_run"] for struct in doc["generator_run_structs"]]
    return [doc["generator_run"]] if doc.get("generator_run") else []


def _arms(doc: Json) -> dict[str, tuple[Json, Json, float]]:
    """Arm, generator run and weight by the arm's name."""
    found: dict[str, tuple[Json, Json, float]] = {}
    for run in generator_runs(doc):
        arms = run.get("arms") or []
        weights = run.get("weights") or [1.0] * len(arms)
        for arm, weight in zip(arms, weights, strict=False):
            before = found.get(arm["name"])
            found[arm["name"]] = (arm, run, weight + (before[2] if before else 0.0))
    if (status_quo := doc.get("status_quo")) and doc.get("status_quo_weight_override"):
        weight = doc["status_quo_weight_override"]
        found.setdefault(status_quo["name"], (status_quo, {}, weight))
    return found


def _arm(
    name: str, arm: tuple[Json, Json, float], status: str, rows: Sequence[Observation],
    wanted: Goals, is_batch: bool,
) -> Arm:  # fmt: skip
    parameters, run, weight = arm
    means = _last(rows, name)
    values = [objective.value(means) for objective in wanted.objectives]
    is_known = bool(values) and all(value is not None for value in values)
    only = values[0] if is_known and len(values) == 1 else None
    attrs: dict[tuple[str, str], str] = {}
    if is_batch:
        attrs = _generated(run) | _violations(means, wanted)
        attrs["user", "weight"] = json.dumps(weight)
    return Arm(
        name,
        {name: plain(value) for name, value in parameters["parameters"].items()},
        STATUSES.get(status, status),
        only if only is not None and math.isfinite(only) else None,
        values if is_known and (len(values) > 1 or not math.isfinite(values[0] or 0.0)) else None,
        attrs,
    )


def plain(value: Any) -> Any:
    """A parameter's value as people read it."""
    return value.get("name", value.get("value")) if isinstance(value, dict) else value


def _last(rows: Iterable[Observation], arm: str) -> dict[str, float]:
    """The mean of each metric at its last step, and of what has no step, as Ax takes it."""
    best: dict[str, tuple[float, float]] = {}
    for row in rows:
        if row.arm != arm:
            continue
        step = math.inf if row.step is None or row.step != row.step else row.step
        if row.metric not in best or step >= best[row.metric][0]:
            best[row.metric] = (step, row.mean)
    return {metric: mean for metric, (_, mean) in best.items()}


def _trial_attrs(doc: Json, status: str) -> dict[tuple[str, str], str]:
    attrs: dict[tuple[str, str], str] = {}
    reason = doc.get("status_reason") or doc.get("abandoned_reason") or doc.get("failed_reason")
    if reason:
        attrs["user", "status_reason"] = json.dumps(reason)
    if status in OWN:
        attrs["user", "ax_status"] = json.dumps(status)
    return attrs


def _own_attrs(
    doc: Json, arms: Mapping[str, tuple[Json, Json, float]], rows: Sequence[Observation],
    wanted: Goals,
) -> dict[tuple[str, str], str]:  # fmt: skip
    """Those of a trial's only arm."""
    attrs: dict[tuple[str, str], str] = {}
    for name, (_, run, _) in arms.items():
        attrs |= _generated(run) | _violations(_last(rows, name), wanted)
    return attrs


def _generated(run: Json) -> dict[tuple[str, str], str]:
    """What an arm was generated by, as far as Ax knows."""
    found = {
        "generation_node": run.get("generation_node_name"),
        "generator": run.get("generator_key") or run.get("model_key"),
    }
    return {("user", key): json.dumps(value) for key, value in found.items() if value}


def _violations(means: Mapping[str, float], wanted: Goals) -> dict[tuple[str, str], str]:
    found = [constraint.violation(means) for constraint in wanted.constraints]
    if not found or any(value is None for value in found):
        return {}
    return {("system", "constraints"): json.dumps(found)}


def time(value: Any) -> datetime | None:
    """A time of a document in UTC; Ax writes local time, without a zone."""
    if value is None:
        return None
    text = value["value"] if isinstance(value, dict) else value
    return datetime.fromisoformat(text).astimezone(UTC)
