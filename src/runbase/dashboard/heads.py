"""What the head of an experiment's pages shows, from its attributes and its table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, cast

import numpy as np

from . import files, forms, names, notes
from .api.types import (
    Artifact,
    Attr,
    Attribute,
    Choice,
    Direction,
    Form,
    Note,
    Parameter,
    Widget,
    WidgetLabel,
)
from .board import Board
from .columns.codes import Codes
from .columns.read import AX
from .columns.table import Bools, Table

#: Attributes that pages show in their own way.
_OWN = ("dashboard:", "preference:", "artifacts:", "study:metric_names")


def directions(stored: list[str]) -> list[Direction]:
    """Directions of objectives."""
    return cast("list[Direction]", stored)


def objective_names(attrs: Mapping[str, Any], objectives: int) -> list[str]:
    """One name for each objective."""
    found = names.read_objective_names(attrs)
    if found is not None and len(found) == objectives:
        return list(found)
    return [f"Objective {i}" for i in range(objectives)]


def as_list(attrs: Mapping[str, Any]) -> list[Attr]:
    """Attributes by key."""
    return [Attr(key, attrs[key]) for key in sorted(attrs)]


def of_others(attrs: Mapping[str, Any]) -> list[Attr]:
    """System attributes without those that pages show in their own way."""
    return as_list({key: value for key, value in attrs.items() if not key.startswith(_OWN)})


def note(attrs: Mapping[str, Any], trial_id: int | None = None) -> Note:
    """The note of a study, or of one of its trials."""
    return Note(*notes.read_note(attrs, trial_id))


def artifacts(board: Board, attrs: Mapping[str, Any], id: int) -> list[Artifact]:
    """The files of a study."""
    return described(board, files.listed(attrs), id)


def artifacts_of_trial(
    board: Board,
    attrs: Mapping[str, Any],
    study_attrs: Mapping[str, Any],
    id: int,
    trial_id: int,
) -> list[Artifact]:
    """The files of a trial: attributes of its own, or in earlier versions of the study."""
    legacy = files.listed(study_attrs, files.LEGACY.format(trial_id=trial_id))
    return described(board, [*files.listed(attrs), *legacy], id, trial_id)


def described(
    board: Board, found: Iterable[files.File], id: int, trial_id: int | None = None
) -> list[Artifact]:
    """Files as pages know them, with their URLs and, in a folder, their sizes; by name."""
    place = f"artifacts/{id}" if trial_id is None else f"artifacts/{id}/{trial_id}"
    return [
        Artifact(*file, f"{place}/{file.artifact_id}", files.size(board, file.artifact_id))
        for file in sorted(found, key=lambda file: (file.filename, file.artifact_id))
    ]


def form(attrs: Mapping[str, Any]) -> Form | None:
    """The form of a study."""
    found = forms.read_form(attrs)
    if found is None:
        return None
    return Form(found.output_type, [_widget(facts) for facts in found.widgets])


def _widget(facts: Mapping[str, Any]) -> Widget:
    known = {key: facts[key] for key in Widget.__struct_fields__ if facts.get(key) is not None}
    if "labels" in known:
        known["labels"] = [WidgetLabel(each["value"], each["label"]) for each in known["labels"]]
    return Widget(**known)


def hash_of(text: str) -> str:
    """Changes with the text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def attributes(table: Table) -> list[Attribute]:
    """The user attributes of trials."""
    return [
        Attribute(key, known.is_numeric, known.finished)
        for key, known in sorted(table.attributes.items())
    ]


def parameters(table: Table) -> list[Parameter]:
    """All parameters, with bounds over all trials."""

    def make() -> list[Parameter]:
        done = table.has("COMPLETED", "PRUNED")
        return [_parameter(table, name, codes, done) for name, codes in _codes(table).items()]

    return table.cached("parameters", make)


def _codes(table: Table) -> dict[str, Codes]:
    return table.parameters.codes


def _parameter(table: Table, name: str, codes: Codes, done: Bools) -> Parameter:
    kinds = list(table.parameters.kinds.get(name, {}).values())
    there = ~np.isnan(codes.values)
    count, in_all = int(there.sum()), bool(there[done].all())
    if codes.places is not None:
        choices = [Choice(*each) for each in zip(codes.labels, codes.types, strict=True)]
        return Parameter(
            name, "categorical", 0, len(choices) - 1, False, None, choices, count, in_all
        )
    if kinds:
        facts = [attributes for _, attributes in kinds]
        kind = "int" if all(kind == "IntDistribution" for kind, _ in kinds) else "float"
        steps = {each["step"] for each in facts}
        step = steps.pop() if len(steps) == 1 else None
        low, high = min(each["low"] for each in facts), max(each["high"] for each in facts)
        finite = codes.values[np.isfinite(codes.values)]
        if table.kind == AX and len(finite):  # arms of people's own may be outside
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
        log = all(each["log"] for each in facts)
        return Parameter(name, kind, low, high, log, step, [], count, in_all)  # type: ignore[arg-type]
    finite = codes.values[np.isfinite(codes.values)]
    if not len(finite):
        return Parameter(name, "float", None, None, False, None, [], count, in_all)
    is_whole = bool(np.all(finite == np.floor(finite)))
    return Parameter(
        name, "int" if is_whole else "float", float(finite.min()), float(finite.max()), False, None,
        [], count, in_all,
    )  # fmt: skip
