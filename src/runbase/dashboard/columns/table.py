"""One experiment's trials as columns; a table never changes, a later one takes its place."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...db import Database
from ...errors import InvalidValueError
from ...store import columns as metric_names
from . import ax, read
from .attrs import Attrs, Key
from .base import STATUSES, Base, Places
from .codes import Codes
from .params import Params
from .pareto import front
from .types import Bools, Floats, Ints, Labelled

__all__ = ["STATUSES", "Bools", "Floats", "Ints", "Labelled", "Table"]

T = TypeVar("T")


class Table:
    """The trials of one experiment in their order, as they were at a version.

    Parameters and attributes are read when they are first asked for; a table made of this one
    for a later version has them, too.
    """

    def __init__(
        self, db: Database, experiment_id: int, head: read.Head, base: Base, lock: threading.RLock
    ) -> None:
        self.db, self.experiment_id, self.base = db, experiment_id, base
        self.kind, self.version, self.directions = head
        self.lock = lock
        self.places = Places(base.ids)
        self.read_params: Params | None = None
        self.read_attrs = Attrs()
        self.read_errors: ax.Errors | None = None
        self._memo: dict[Any, Any] = {}

    def __len__(self) -> int:
        return len(self.base)

    @property
    def ids(self) -> Ints:
        """Ids of the runs."""
        return self.base.ids

    @property
    def numbers(self) -> Ints:
        """Numbers of the trials, growing; those of arms of batch trials are below 0."""
        return self.base.numbers

    @property
    def trials(self) -> Ints:
        """The number of the trial that each one is, or is an arm of; growing."""
        return self.base.trials

    @property
    def status(self) -> NDArray[np.uint8]:
        """Places in `statuses`."""
        return self.base.status

    @property
    def statuses(self) -> list[str]:
        """`STATUSES`, and others that trials of this experiment have."""
        return self.base.statuses

    @property
    def start(self) -> Floats:
        """Milliseconds since 1970; NaN where there is none."""
        return self.base.start

    @property
    def finish(self) -> Floats:
        """Milliseconds since 1970; NaN where there is none."""
        return self.base.finish

    @property
    def values(self) -> Floats:
        """One row for each trial, one column for each objective; NaN where there is none."""
        return self.base.values

    @property
    def feasible(self) -> Bools:
        """Whether all constraints of a trial, if it has any, are at most 0."""
        return self.base.feasible

    @property
    def is_candidate(self) -> Bools:
        """Whether a trial can be the best: it has completed, and is feasible."""
        return self.has("COMPLETED") & self.feasible

    @property
    def front(self) -> Bools:
        """Whether a trial can be the best and nothing dominates it."""
        return self.cached("front", self._front)

    @property
    def params(self) -> list[str]:
        """The names of all parameters."""
        return list(self.parameters.codes)

    @property
    def attrs(self) -> list[str]:
        """The names of all user attributes of trials."""
        return list(self.attributes)

    @property
    def metrics(self) -> list[str]:
        """The names of all metrics of the database."""
        return list(metric_names.refresh(self.db))

    @property
    def parameters(self) -> Params:
        """All parameters."""
        if self.read_params is None:
            with self.lock:
                if self.read_params is None:
                    self.read_params = self._read_params()
        return self.read_params

    @property
    def attributes(self) -> dict[str, Key]:
        """The user attributes that trials have."""
        if self.read_attrs.keys is None:
            with self.lock:
                if self.read_attrs.keys is None:
                    keys = read.keys(self.db, self.experiment_id, self.kind)
                    self.read_attrs.keys = {key: Key(*known) for key, known in keys.items()}
        return self.read_attrs.keys

    @property
    def ax(self) -> ax.Head:
        """What the document of an Ax experiment says; of others, nothing."""
        if self.kind != read.AX:
            return ax.NOTHING
        return self.cached("ax", lambda: ax.head(self.db, self.experiment_id))

    @property
    def errors(self) -> list[Floats]:
        """Standard errors of the values of each objective, where the experiment has such."""
        if self.read_errors is None:
            with self.lock:
                if self.read_errors is None:
                    errors = ax.Errors(self.ax, len(self))
                    errors.read(self.db, self.experiment_id, self.places)
                    self.read_errors = errors
        return self.read_errors.columns

    def has(self, *statuses: str) -> Bools:
        """Which trials have one of these statuses."""
        places = [self.statuses.index(status) for status in statuses]
        found: Bools = np.isin(self.status, places) if len(places) > 1 else self.status == places[0]
        return found

    def column(self, name: str) -> Labelled:
        """A column by the name that ``api.charts.get_columns`` describes.

        Raises:
            InvalidValueError: there is no such column.
        """
        found = self.cached(("column", name), lambda: self._column(name))
        if found is None:
            raise InvalidValueError(
                f"there is no column {name!r}: see the documentation of get_columns for their names"
            )
        return found

    def losses(self, objective: int) -> Floats:
        """Values of an objective of which lower ones are better."""
        values = self.values[:, objective]
        return -values if self.directions[objective] == "maximize" else values

    def best(self, objective: int, used: Bools | None = None) -> Labelled:
        """The best value so far of all trials, or of those that are used."""
        candidates = self.is_candidate if used is None else self.is_candidate & used
        best = np.fmin.accumulate(np.where(candidates, self.losses(objective), np.nan))
        return Labelled(-best if self.directions[objective] == "maximize" else best)

    def cached(self, key: Any, make: Callable[[], T]) -> T:
        """What was made once of this table; at worst two threads make it."""
        try:
            return self._memo[key]  # type: ignore[no-any-return]
        except KeyError:
            found = self._memo[key] = make()
            return found

    def _column(self, name: str) -> Labelled | None:
        scope, colon, key = name.partition(":")
        if not colon:
            return self._plain(name)
        match scope:
            case "param":
                return self.parameters.codes[key].column if key in self.parameters.codes else None
            case "attr":
                return self._attr(key)
            case "value" | "best" | "rank" | "sem":
                if key.isdecimal() and int(key) < len(self.directions):
                    return self._of_objective(scope, int(key))
        return None

    def _plain(self, name: str) -> Labelled | None:
        match name:
            case "number":
                return Labelled(self.numbers.astype(np.float64))
            case "trial":
                return Labelled(self.trials.astype(np.float64))
            case "name":
                return self._names()
            case "id":
                return Labelled(self.ids.astype(np.float64))
            case "status":
                return Labelled(self.status.astype(np.float64), self.statuses)
            case "start":
                return Labelled(self.start)
            case "finish":
                return Labelled(self.finish)
            case "duration":
                return Labelled((self.finish - self.start) / 1000)
            case "feasible":
                return Labelled(self.feasible.astype(np.float64))
            case "violation":
                return Labelled(self.base.violation)
            case "front":
                return Labelled(self.front.astype(np.float64))
        return None

    def _of_objective(self, what: str, objective: int) -> Labelled:
        if what == "value":
            return Labelled(self.values[:, objective])
        if what == "sem":
            known = self.errors
            unknown = np.full(len(self), np.nan)
            return Labelled(known[objective] if objective < len(known) else unknown)
        losses = self.losses(objective)
        if what == "rank":
            return Labelled(_ranks(np.where(self.has("COMPLETED"), losses, np.nan)))
        return self.best(objective)

    def _names(self) -> Labelled:
        codes = Codes(len(self), choices=())
        rows = read.names(self.db, self.experiment_id)
        at, there = self.places.of(np.array([id for id, _ in rows], np.int64))
        codes.put(at, [name for (_, name), here in zip(rows, there, strict=True) if here])
        return codes.column

    def _attr(self, key: str) -> Labelled | None:
        if key not in self.attributes:
            return None
        if key not in self.read_attrs.codes:
            with self.lock:
                if key not in self.read_attrs.codes:
                    ids, values = read.attr(self.db, self.experiment_id, key)
                    codes = Codes(len(self))
                    at, there = self.places.of(np.array(ids, np.int64))
                    codes.put(at, [v for v, here in zip(values, there, strict=True) if here])
                    self.read_attrs.codes[key] = codes
        return self.read_attrs.codes[key].column

    def _read_params(self) -> Params:
        params = Params(len(self), is_flat=self.kind in read.VERSIONED)
        if self.kind == read.AX:
            params.set_kinds(self.ax.kinds)
        else:
            params.add_kinds(read.kinds(self.db, self.experiment_id))
        for rows in read.args(self.db, self.experiment_id):
            params.put(rows, self.places)
        return params

    def _front(self) -> Bools:
        n = len(self.directions)
        found = np.zeros(len(self), np.bool_)
        if n:
            losses = np.stack([self.losses(i) for i in range(n)], axis=1)
            at = np.flatnonzero(self.is_candidate & ~np.isnan(losses).any(axis=1))
            found[at] = front(losses[at])
        return found


def _ranks(losses: Floats) -> Floats:
    """0 for the lowest, 1 for the highest, the same for equal ones."""
    found = np.full(len(losses), np.nan)
    there = ~np.isnan(losses)
    values, places = np.unique(losses[there], return_inverse=True)
    found[there] = places / max(len(values) - 1, 1)
    return found
