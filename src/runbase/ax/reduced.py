"""Loading less than all, and saving it again without losing the rest.

``reduced_state`` leaves out the large parts of generator runs, ``skip_runners_and_metrics`` the
runners and the classes of metrics, and auxiliary experiments can be left out. What was left out
is taken from the stored document when such an object is saved.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..store.ax import project
from . import repairs

Json = Any

#: What a reduced generator run is without, as Ax's own SQL store has it.
LARGE = (
    "generator_kwargs", "adapter_kwargs", "gen_metadata", "generator_state_after_gen",
    "optimization_config", "search_space",
)  # fmt: skip
PLAIN = "Metric"  # the class of metrics that have nothing of their own


def reduce_run(run: Json) -> None:
    """Take the large parts out of the document of a generator run."""
    for key in LARGE:
        if key in run:
            run[key] = None


def reduce_trial(trial: Json) -> None:
    """Take the large parts out of the generator runs of a trial."""
    for run in project.generator_runs(trial):
        reduce_run(run)


def restore_run(run: Json, stored: Json) -> None:
    """Put back into the document of a generator run what `reduce_run` took out."""
    for key in LARGE:
        if run.get(key) is None and stored.get(key) is not None:
            run[key] = stored[key]


def is_missing(trial: Json) -> bool:
    """Whether a generator run in the document of a trial is without one of its large parts."""
    return any(run.get(key) is None for run in project.generator_runs(trial) for key in LARGE)


def restore_runs(trial: Json, stored: Json) -> None:
    """Put back what `reduce_trial` took out; what was stored once is never taken away, as in Ax."""
    for run, before in zip(
        project.generator_runs(trial), project.generator_runs(stored), strict=False
    ):
        restore_run(run, before)


def restore_trial(trial: Json, stored: Json) -> None:
    """Put back what `skip_in_trial` took out."""
    if trial.get("runner") is None:
        trial["runner"] = stored.get("runner")
    _restore_metrics(trial, stored)


def skip_in_head(head: Json) -> None:
    """Take runners out of the document of an experiment, and make plain metrics of all others."""
    head["runner"] = None
    if head.get("_trial_type_to_runner"):
        head["_trial_type_to_runner"] = dict.fromkeys(head["_trial_type_to_runner"])
    _make_plain(head)


def skip_in_trial(trial: Json) -> None:
    """Take the runner out of the document of a trial, and make plain metrics of all others."""
    trial["runner"] = None
    _make_plain(trial)


def _make_plain(json: Json) -> None:
    for metric in list(_metrics(json)):
        if metric["__type"] == PLAIN:
            continue
        plain = {"__type": PLAIN, "name": metric["name"]}
        plain["lower_is_better"] = metric.get("lower_is_better")
        metric.clear()
        metric.update(plain)


def restore_head(head: Json, stored: Json) -> None:
    """Put back what `skip_in_head` took out."""
    if head.get("runner") is None:
        head["runner"] = stored.get("runner")
    types, before = (each.get("_trial_type_to_runner") or {} for each in (head, stored))
    for key, runner in types.items():
        if runner is None:
            types[key] = before.get("null" if key is None else key)
    _restore_metrics(head, stored)


def restore_auxiliary(head: Json, stored: Json) -> None:
    """Put back the auxiliary experiments that were not loaded, before those that are new."""
    before = repairs.extras_in(stored).get("auxiliary")
    if before:
        now = repairs.extras_in(head).setdefault("auxiliary", {})
        for purpose, others in before.items():
            new = [other for other in now.get(purpose, ()) if other not in others]
            now[purpose] = [*others, *new]


def _restore_metrics(json: Json, stored: Json) -> None:
    found = _metrics(stored)
    before = {metric["name"]: dict(metric) for metric in found if metric["__type"] != PLAIN}
    for metric in list(_metrics(json)):
        stored_one = before.get(metric["name"])
        if metric["__type"] == PLAIN and stored_one is not None:
            metric.clear()
            metric.update(stored_one)


def _metrics(json: Json) -> Iterator[dict[str, Any]]:
    """The documents of metrics in a document, whatever their classes."""
    if isinstance(json, dict):
        if "lower_is_better" in json and "name" in json and "__type" in json:
            yield json
        for value in json.values():
            yield from _metrics(value)
    elif isinstance(json, list):
        for value in json:
            yield from _metrics(value)
