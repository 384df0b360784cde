"""Ax's observations as points of ``metrics``, and back.

An observation is the mean of a metric of an arm, and the standard error of that mean. The mean
is the value of the metric, the error that of ``<metric>_sem``; an error that is not known (NaN)
has no value. An observation at a step of Ax's is at this ``step``, the part behind the decimal
point in ``progress``. One without a step is at step 0, or, in a trial that has steps as well,
after the last one, at ``progress`` 1: it is what the trial came to.

What does not fit into that is the `Layout`: the order of the observations, and the few that have
no place of their own.

Other programs may log to the same run. What they log under the name of a metric is no observation
of a trial without steps; in one with steps it is a part of the curve.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

FIRST = (0, 0.0)  # the place of what has no step, in a trial without steps
LAST = 1.0  # the progress of what has no step, in a trial that has steps
MAX_STEP = 2**53
NOWHERE = (0, math.inf)

Place = tuple[int, float]  # step and progress
#: Values by name at each place of each arm.
Points = dict[str, dict[Place, dict[str, float]]]
#: See `fold`; JSON.
Layout = dict[str, Any]


class Observation(NamedTuple):
    """One row of Ax's data; the last three are JSON, as Ax or the user gave them."""

    arm: str
    metric: str
    signature: str
    mean: float
    sem: float
    step: float | None = None
    start_time: Any = None
    end_time: Any = None
    n: Any = None


DETAILS = ("start_time", "end_time", "n")
NUMBERS = ("mean", "sem")


def fold(rows: Sequence[Observation], known: Collection[str]) -> tuple[Points, Layout]:
    """The points of a trial's observations, and the layout that makes them observations again.

    The layout of the usual trial is a few words, however long its curves are: ``metrics`` (their
    names in order), ``by`` ("step" or "metric": which one changes last in the order of the
    observations), ``stepless`` ("nan" or "none": how Ax wrote that there is no step), ``steps``
    (that there are some), ``signatures`` that are not the metric's name, and ``start_time``,
    ``end_time`` and ``n``, one for all or one for each. ``order`` is there if the order is none of
    the two, ``minus_zero`` says which numbers are -0.0, which not every engine tells from 0.0, and
    ``more`` has observations that have no place in ``metrics``, those of arms that are not
    ``known`` among them, each with its index.
    """
    arms = {arm: i for i, arm in enumerate(dict.fromkeys(row.arm for row in rows))}
    rows = sorted(rows, key=lambda row: arms[row.arm])  # Ax does so too, when it shows them
    metrics = list(dict.fromkeys(row.metric for row in rows))
    errors, signatures = sem_names(metrics), _signatures(rows)
    steps = [row.step for row in rows if row.step is not None and _is_number(row.step)]
    last = max(steps, default=None)
    stepless = _stepless(rows)
    points: Points = {}
    placed: list[tuple[int, str, Place, str]] = []
    more: list[list[Any]] = []
    for index, row in enumerate(rows):
        place = _place(row.step, last)
        cell = points.get(row.arm, {}).get(place or NOWHERE, {})
        is_usual = _same_absence(row.step, stepless) and row.signature == signatures[row.metric]
        if place is None or row.arm not in known or row.metric in cell or not is_usual:
            more.append([index, *row])
            continue
        cell = points.setdefault(row.arm, {}).setdefault(place, cell)
        cell[row.metric] = row.mean + 0.0  # never -0.0
        if row.sem == row.sem:
            cell[errors[row.metric]] = row.sem + 0.0
        placed.append((index, row.arm, place, row.metric))
    kept = [rows[index] for index, *_ in placed]
    layout: Layout = {"metrics": metrics, "arms": list(arms)} | _order(placed, metrics)
    layout |= _details(kept)
    if minus := {name: found for name in NUMBERS if (found := _minus_zeros(kept, name))}:
        layout["minus_zero"] = minus
    if with_error := [
        name
        for name in metrics
        if any(errors[name] in cell for cells in points.values() for cell in cells.values())
    ]:
        layout["sem"] = with_error
    if other := {name: s for name, s in signatures.items() if s != name}:
        layout["signatures"] = other
    if stepless is not None:
        layout["stepless"] = stepless
    if last is not None:
        layout["steps"] = True
    if more:
        layout["more"] = more
    return points, layout


def unfold(
    layout: Mapping[str, Any], points: Mapping[str, Mapping[Place, Mapping[str, float]]]
) -> list[Observation]:
    """The observations of a trial, in their order."""
    metrics: list[str] = layout["metrics"]
    errors, signatures = sem_names(metrics), layout.get("signatures", {})
    absent = {"nan": math.nan}.get(layout.get("stepless", ""))
    rows = []
    for arm, place, metric in _in_order(layout, points):
        cell = points[arm][place]
        without = "stepless" in layout and (place[1] == LAST or "steps" not in layout)
        step = absent if without else place[0] + place[1]
        rows.append(Observation(
            arm, metric, signatures.get(metric, metric),
            cell[metric], cell.get(errors[metric], math.nan), step,
        ))  # fmt: skip
    rows = _with_details(rows, layout)
    for name, indices in layout.get("minus_zero", {}).items():
        for index in indices:
            rows[index] = rows[index]._replace(**{name: -0.0})
    for index, *row in layout.get("more", ()):
        rows.insert(index, Observation(*row))
    return rows


def names(layout: Mapping[str, Any]) -> set[str]:
    """The names under which the values of a trial's observations are stored."""
    errors = sem_names(layout["metrics"])
    return {*layout["metrics"], *(errors[name] for name in layout.get("sem", ()))}


def sem_names(metrics: Iterable[str]) -> dict[str, str]:
    """The name under which the standard error of each metric is stored."""
    taken = set(metrics)
    names = {}
    for metric in taken:
        name = f"{metric}_sem"
        while name in taken:
            name += "_"
        names[metric] = name
    return names


def _is_number(step: float | None) -> bool:
    return step is not None and abs(step) <= MAX_STEP


def _stepless(rows: Iterable[Observation]) -> str | None:
    """How the first observation without a step says so."""
    for row in rows:
        if row.step is None:
            return "none"
        if row.step != row.step:
            return "nan"
    return None


def _is_minus_zero(value: float) -> bool:
    return value == 0 and math.copysign(1, value) < 0


def _minus_zeros(rows: Sequence[Observation], name: str) -> list[int]:
    return [i for i, row in enumerate(rows) if _is_minus_zero(getattr(row, name))]


def _same_absence(step: float | None, stepless: str | None) -> bool:
    if step is None or step != step:
        return stepless == ("none" if step is None else "nan")
    return True


def _place(step: float | None, last: float | None) -> Place | None:
    """Where an observation is, or None if there is no such place."""
    if step is None or step != step:
        return FIRST if last is None else (math.floor(last), LAST)
    if not _is_number(step):
        return None
    if _is_minus_zero(step):
        return None
    whole = math.floor(step)
    part = step - whole
    return (whole, part) if part < LAST and whole + part == step else None


def _order(placed: Sequence[tuple[int, str, Place, str]], metrics: Sequence[str]) -> Layout:
    """How the observations are sorted within each arm, as Ax itself sorts them by arm."""
    number = {name: i for i, name in enumerate(metrics)}
    arms = {arm: i for i, arm in enumerate(dict.fromkeys(row[1] for row in placed))}
    for by, key in _keys(arms, number).items():
        if all(key(one) <= key(two) for one, two in itertools.pairwise(placed)):
            return {"by": by}
    key = _keys(arms, number)["step"]
    position = {row[0]: i for i, row in enumerate(sorted(placed, key=key))}
    return {"by": "step", "order": [position[row[0]] for row in placed]}


def _keys(arms: Mapping[str, int], number: Mapping[str, int]) -> dict[str, Any]:
    return {
        "step": lambda row: (arms[row[-3]], row[-2], number[row[-1]]),
        "metric": lambda row: (arms[row[-3]], number[row[-1]], row[-2]),
    }


def _in_order(layout: Mapping[str, Any], points: Mapping[str, Any]) -> list[tuple[str, Place, str]]:
    number = {name: i for i, name in enumerate(layout["metrics"])}
    arms = {arm: i for i, arm in enumerate(layout["arms"])}
    has_steps = "steps" in layout
    found = [
        (arm, place, metric)
        for arm in points.keys() & arms.keys()
        for place, cell in points[arm].items()
        if has_steps or place == FIRST
        for metric in cell
        if metric in number
    ]
    found.sort(key=_keys(arms, number)[layout["by"]])
    order = layout.get("order")
    if order is None or len(order) < len(found):
        return found
    return [found[i] for i in order]


def _details(rows: Sequence[Observation]) -> Layout:
    found: Layout = {}
    for name in DETAILS:
        values = [getattr(row, name) for row in rows]
        if any(value is not None for value in values):
            same = all(value == values[0] for value in values)
            found[name] = {"all": values[0]} if same else {"each": values}
    return found


def _with_details(rows: list[Observation], layout: Mapping[str, Any]) -> list[Observation]:
    for name in DETAILS:
        if name in layout:
            kind, value = next(iter(layout[name].items()))
            each = value if kind == "each" else [value] * len(rows)
            rows = [row._replace(**{name: one}) for row, one in zip(rows, each, strict=True)]
    return rows


def _signatures(rows: Iterable[Observation]) -> dict[str, str]:
    """The signature of each metric, which is that of its first observation."""
    found: dict[str, str] = {}
    for row in rows:
        found.setdefault(row.metric, row.signature)
    return found
