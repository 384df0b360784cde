"""Reads any storage of Optuna's through its own methods, for a mirror."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ...engines.sqlite import time_text
from ...errors import NotFoundError
from .mirror_rows import STATUS, Rows, Study, Trial
from .open import storage_errors
from .writers import internal_value

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial


class ObjectSource:
    """A storage that gives out its trials as objects.

    Args:
        storage: the storage.
        shown: the storage as a person would name it.
        path: its file, if it is one.
    """

    def __init__(self, storage: BaseStorage, shown: str, path: str | None = None) -> None:
        self.storage, self.shown, self.path = storage, shown, path
        self._owners: dict[int, int] = {}
        self._trials: dict[int, FrozenTrial] = {}
        self._texts: dict[tuple[type, str], str] = {}

    def stamp(self) -> object | None:
        """What the system says about a file, which only grows."""
        if self.path is None:
            return None
        try:
            stat = os.stat(self.path)
        except FileNotFoundError:
            raise NotFoundError(f"there is no file {self.path}: give a path that exists") from None
        return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns

    @contextmanager
    def moment(self) -> Iterator[None]:
        """A block; `studies` in it decides of which moment the trials are."""
        with storage_errors(self.shown):
            yield

    def studies(self) -> list[Study]:
        """All studies by id, whose trials are then read as they are now."""
        self._trials, self._owners, found = {}, {}, []
        for study in self.storage.get_all_studies():
            id = study._study_id
            try:
                trials = self.storage.get_all_trials(id, deepcopy=False)
            except KeyError:  # deleted a moment ago
                continue
            own = {trial._trial_id: trial for trial in trials}
            self._trials |= own
            self._owners |= dict.fromkeys(own, id)
            attrs = _attrs("user", study.user_attrs) | _attrs("system", study.system_attrs)
            directions = [direction.name.lower() for direction in study.directions]
            found.append(Study(id, study.study_name, directions, attrs, max(own, default=-1)))
        return sorted(found)

    def counts(self, last: int) -> dict[int, int]:
        """How many trials have ids up to ``last``, by the id of their study."""
        return Counter(study for id, study in self._owners.items() if id <= last)

    def trials(self, ids: Sequence[int]) -> list[Trial]:
        """Those of these trials that there are."""
        return [
            Trial(
                id,
                self._owners[id],
                trial.number,
                STATUS.get(trial.state.name, trial.state.name),
                _time(trial.datetime_start),
                _time(trial.datetime_complete),
                None if (values := trial._values) is None else list(map(float, values)),
            )
            for id in ids
            if (trial := self._trials.get(id)) is not None
        ]

    def new(self, after: Mapping[int, int]) -> list[int]:
        """Ids of trials above the given one, by the id of their study."""
        return sorted(
            id for id, study in self._owners.items() if study in after and id > after[study]
        )

    def read(self, ids: Sequence[int]) -> Rows:
        """Those of these trials that there are, with their details."""
        found = [(id, self._trials[id]) for id in ids if id in self._trials]
        # Copies first: a trial may change while it is read.
        return Rows(
            self.trials(ids),
            [row for id, trial in found for row in self._params(id, trial)],
            [
                (id, scope, key, text)
                for id, trial in found
                for scope, attrs in (("user", trial._user_attrs), ("system", trial._system_attrs))
                for (_, key), text in _attrs(scope, attrs).items()
            ],
            [
                (id, step, float(value))
                for id, trial in found
                for step, value in dict(trial.intermediate_values).items()
            ],
        )

    def _params(self, id: int, trial: FrozenTrial) -> Iterator[tuple[int, str, float, str, Any]]:
        kinds = dict(trial._distributions)
        for name, value in dict(trial._params).items():
            if (kind := kinds.get(name)) is not None:
                yield id, name, internal_value(kind, value), self._text(kind), value

    def _text(self, distribution: BaseDistribution) -> str:
        key = type(distribution), repr(distribution)
        found = self._texts.get(key)
        if found is None:
            content = {"name": key[0].__name__, "attributes": distribution._asdict()}
            found = self._texts[key] = _json(content)
        return found

    def close(self) -> None:
        """Forget what was read."""
        self._trials, self._owners = {}, {}


def _attrs(scope: str, attrs: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    return {(scope, key): _json(value) for key, value in dict(attrs).items()}


def _json(value: Any) -> str:
    """JSON as Optuna writes it; a storage in memory may also hold what JSON has not."""
    return json.dumps(value, default=repr)


def _time(local: datetime | None) -> str | None:
    return None if local is None else time_text(local)
