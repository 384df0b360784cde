"""Trials as Optuna Dashboard answers them: JSON text made straight from rows.

A trial is 3 kB of JSON, most of it the distributions of its parameters over and over again, so
that what repeats is encoded once.
"""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from numbers import Real
from typing import Any, NamedTuple

import msgspec

from ..db import Database
from ..store import trial_rows
from . import files, notes
from .stock_space import Distribution, Param, of, param

STATES = {
    "PLANNED": "Waiting", "RUNNING": "Running", "COMPLETED": "Complete",
    "PRUNED": "Pruned", "FAILED": "Fail",
}  # fmt: skip
_TEXTS = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}
_MAX_ATTR = 1024
_NOTED = re.compile(r"dashboard:(\d+):note_ver")
_WITH_FILES = re.compile(r"dashboard:artifacts:(\d+):")


class Row(NamedTuple):
    """A trial's own row."""

    id: int
    number: int
    status: str
    value: float | None
    values: list[Any] | None
    started: datetime | None
    finished: datetime | None
    version: int

    @property
    def all_values(self) -> list[Any]:
        """The objective values; special ones are texts."""
        if self.values is not None:
            return [_TEXTS.get(v, v) for v in self.values]
        return [] if self.value is None else [self.value]


class Trials:
    """The trials of a study with everything that belongs to them.

    Args:
        db: where they are.
        study_id: of the study.
        study_attrs: the study's system attributes, where notes on trials are.
        rows: the trials.
    """

    def __init__(
        self, db: Database, study_id: int, study_attrs: Mapping[str, Any], rows: trial_rows.Rows
    ) -> None:
        self.study_id, self.study_attrs = study_id, study_attrs
        self.rows = [Row(*row) for row in rows.trials]
        self._texts: dict[int, list[str]] = defaultdict(list)
        self._params: list[Param] = []
        self._places: dict[int, list[int]] = defaultdict(list)
        self._take_params(db, rows.params)
        self.attrs: dict[str, dict[int, dict[str, Any]]] = {
            "user": defaultdict(dict), "system": defaultdict(dict)
        }  # fmt: skip
        for id, scope, key, text in rows.attrs:
            self.attrs[scope][id][key] = json.loads(text)
        self.reports: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for id, step, value in rows.reports:
            self.reports[id].append((step, value))
        self._noted = {int(m[1]) for m in map(_NOTED.fullmatch, study_attrs) if m}
        self._with_files = {int(m[1]) for m in map(_WITH_FILES.match, study_attrs) if m}

    def _take_params(self, db: Database, rows: Iterable[Any]) -> None:
        known: dict[tuple[str, int], int] = {}
        for id, name, internal, distribution_id in rows:
            place = known.get((name, distribution_id))
            if place is None:
                place = known[name, distribution_id] = len(self._params)
                self._params.append(param(name, of(db, distribution_id)))
            found = self._params[place]
            external = found.distribution.external(internal)
            if found.distribution.is_rounded:
                external = trial_rows.args(db, id).get(name, external)
            self._texts[id].append(found.json(internal, external))
            self._places[id].append(place)

    @cached_property
    def spaces(self) -> list[dict[str, Distribution]]:
        """The different sets of parameters that trials have; those of failed ones do not count."""
        found = {tuple(self._places.get(r.id, ())) for r in self.rows if r.status != "FAILED"}
        params = [[self._params[place] for place in places] for places in found]
        return [{p.name: p.distribution for p in each} for each in params]

    @property
    def user_attr_keys(self) -> dict[str, bool]:
        """The keys of user attributes, and whether their values are all numbers."""
        found: dict[str, bool] = {}
        for attrs in self.attrs["user"].values():
            for key, value in attrs.items():
                is_number = isinstance(value, Real) and not isinstance(value, bool)
                found[key] = found.get(key, True) and is_number
        return found

    @property
    def has_reports(self) -> bool:
        """Whether a trial that has not failed reported something."""
        return any(row.status != "FAILED" and row.id in self.reports for row in self.rows)

    def constraints(self, id: int) -> list[float]:
        """What a trial's constraints are; those above 0 are violated."""
        attrs = self.attrs["system"].get(id, {})
        named = [v for k, v in attrs.items() if k.startswith("constraints:")]
        return [*(attrs.get("constraints") or []), *named]

    def is_feasible(self, id: int) -> bool:
        """Whether a trial violates no constraint."""
        return all(value <= 0 for value in self.constraints(id))

    def json(self, row: Row) -> msgspec.Raw:
        """A trial as Optuna Dashboard answers it."""
        parts = msgspec.json.encode(self._parts(row)).decode()
        params = ",".join(self._texts.get(row.id, ()))
        reports = ",".join(
            f'{{"step":{step},"value":{value!r}}}'
            if math.isfinite(value)
            else f'{{"step":{step},"value":"{number(value)}"}}'
            for step, value in sorted(self.reports.get(row.id, ()))
        )
        more = f'"params":[{params}],"intermediate_values":[{reports}]'
        return msgspec.Raw(f"{parts[:-1]},{more}}}".encode())

    def _parts(self, row: Row) -> dict[str, Any]:
        """Everything of a trial but its parameters and reports."""
        system = self.attrs["system"].get(row.id, {})
        fixed = system.get("fixed_params") or {}
        found: dict[str, Any] = {
            "trial_id": row.id,
            "study_id": self.study_id,
            "number": row.number,
            "state": STATES.get(row.status, "Fail"),
            "fixed_params": [
                {"name": name, "param_external_value": str(value)} for name, value in fixed.items()
            ],
            "user_attrs": attrs_json(self.attrs["user"].get(row.id, {})),
            "note": self._note(row.id),
            "artifacts": self._files(row.id, system),
            "constraints": self.constraints(row.id),
        }
        if row.value is not None or row.values is not None:
            found["values"] = [number(value) for value in row.all_values]
        if row.started is not None:
            found["datetime_start"] = local(row.started)
        if row.finished is not None:
            found["datetime_complete"] = local(row.finished)
        return found

    def _note(self, id: int) -> dict[str, Any]:
        if id not in self._noted:
            return {"version": 0, "body": ""}
        return notes.read_note(self.study_attrs, id)._asdict()

    def _files(self, id: int, system: Mapping[str, Any]) -> list[dict[str, Any]]:
        found = files.listed(system)
        if id in self._with_files:
            found = files.listed(self.study_attrs, files.LEGACY.format(trial_id=id)) + found
        return [file._asdict() for file in found]


def attrs_json(attrs: Mapping[str, Any]) -> list[dict[str, str]]:
    """Attributes as Optuna Dashboard answers them: their values are texts, long ones are cut."""
    return [{"key": key, "value": _attr_text(value)} for key, value in attrs.items()]


def _attr_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, Real) else json.dumps(value)[:_MAX_ATTR]


def number(value: float | str) -> float | str:
    """A number as JSON can have it: special ones are texts."""
    if isinstance(value, str) or math.isfinite(value):
        return value
    return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


def local(time: datetime) -> str:
    """A time as Optuna has it: local, without a zone."""
    return time.astimezone().replace(tzinfo=None).isoformat()
