"""What a process knows of its studies: exact copies, brought up to date by what changed.

Each study counts its changes, and each trial has the number of its last one. A reader asks for
trials with numbers above the highest that it has seen; on SQLite it need not even ask as long as
no other connection wrote. Trials are never changed in place: they may have been handed out.
"""

from __future__ import annotations

import bisect
import gc
import json
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from ..db import Database
from ..store import studies, trial_rows
from ..store.trial_rows import Rows
from .convert import (
    STATE,
    Parameter,
    parameter,
    read_distribution,
    to_directions,
    to_local,
    to_values,
)


class Study:
    """One study with all its trials, as of version ``seen``."""

    def __init__(self, id: int, name: str, directions: list[StudyDirection]) -> None:
        self.id, self.name, self.directions = id, name, directions
        self.seen = 0
        self.trials: list[FrozenTrial] = []  # by number
        self.places: dict[int, int] = {}  # in the list above, by trial id
        self.versions: dict[int, int] = {}  # of the trials, by id
        self.waiting: set[int] = set()  # ids
        self.counts: Counter[TrialState] = Counter()
        self.distributions: dict[str, tuple[BaseDistribution, int | None]] = {}
        self._best: FrozenTrial | None = None
        self._knows_best = True

    def get(self, id: int) -> FrozenTrial | None:
        """The trial with this id."""
        place = self.places.get(id)
        return None if place is None else self.trials[place]

    def with_number(self, number: int) -> FrozenTrial | None:
        """The trial with this number; numbers have gaps where runs were deleted."""
        at = bisect.bisect_left(self.trials, number, key=lambda trial: trial._number)
        found = self.trials[at] if at < len(self.trials) else None
        return found if found is not None and found._number == number else None

    def put(self, trial: FrozenTrial, version: int) -> None:
        """Take a new or changed trial, unless a later version of it is known."""
        id = trial._trial_id
        place = self.places.get(id)
        if place is None:
            self._insert(trial)
        else:
            if version <= self.versions[id]:
                return
            old = self.trials[place]
            self.counts[old.state] -= 1
            self._knows_best = self._knows_best and old.state != TrialState.COMPLETE
            self.trials[place] = trial
        self.versions[id] = version
        self.counts[trial.state] += 1
        self._compare(trial)
        (self.waiting.add if trial.state == TrialState.WAITING else self.waiting.discard)(id)
        if not trial._distributions.keys() <= self.distributions.keys():
            new = {name: (kind, None) for name, kind in trial._distributions.items()}
            self.distributions = new | self.distributions

    def _insert(self, trial: FrozenTrial) -> None:
        if not self.trials or trial._number > self.trials[-1]._number:
            self.places[trial._trial_id] = len(self.trials)
            self.trials.append(trial)
            return
        bisect.insort(self.trials, trial, key=lambda t: t._number)
        self.places = {t._trial_id: place for place, t in enumerate(self.trials)}

    def _compare(self, trial: FrozenTrial) -> None:
        if trial.state != TrialState.COMPLETE or trial._values is None:
            return
        if len(self.directions) == 1 and self._is_better(trial, self._best):
            self._best = trial

    def _is_better(self, trial: FrozenTrial, best: FrozenTrial | None) -> bool:
        if best is None:
            return True
        assert trial._values is not None
        assert best._values is not None
        new, old = trial._values[0], best._values[0]
        if new == old:
            return trial._number < best._number
        return new > old if self.directions[0] == StudyDirection.MAXIMIZE else new < old

    def best(self) -> FrozenTrial | None:
        """The completed trial with the best value, the first one of several."""
        if not self._knows_best:
            self._best, self._knows_best = None, True
            for trial in self.trials:
                self._compare(trial)
        return self._best


class Cache:
    """The studies that this process has read. A rollback of the database makes it forget them."""

    def __init__(self, db: Database) -> None:
        self.db = db
        #: Guards the studies. It is never held while waiting to write.
        self.lock = db.shared or threading.RLock()
        #: Lets one thread of this process write at a time, where the database lets only one
        #: and waiting for it means to sleep.
        self.writing = threading.RLock()
        self.studies: dict[int, Study] = {}
        self.owners: dict[int, int] = {}  # study ids by trial id

    def forget(self, study_id: int) -> None:
        """Drop a study that is gone, or in doubt."""
        with self.lock:
            study = self.studies.pop(study_id, None)
            for trial in study.trials if study else ():
                self.owners.pop(trial._trial_id, None)

    def doubt(self, study: Study, again: bool) -> None:
        """What is known of a study turned out to be old: ask, and ``again`` read all of it."""
        self.db.session.memo.pop(study.id, None)
        if again:
            self.forget(study.id)

    def study(self, study_id: int) -> Study:
        """A study up to date.

        Raises:
            KeyError: there is no such study.
        """
        session = self.db.session
        with self.lock:
            connection = session.connection if session.connection is not None else session.open()
            now = (
                self.db.engine.foreign_changes(connection),
                self.db.engine.own_changes(connection),
            )
            study = self.studies.get(study_id)
            told = now[0] is not None and session.memo.get(study_id) == (study, *now)
            if study is not None and told:
                return study
            study = self._read(study_id) if study is None else self._refresh(study)
            session.memo[study_id] = (study, *now)
            return study

    def _read(self, study_id: int) -> Study:
        found = studies.read(self.db, study_id)
        with without_garbage_collection():
            rows = found and trial_rows.read(self.db, study_id)
            if not found or not rows:
                raise missing_study(study_id)
            study = Study(study_id, found[0], to_directions(found[1]))
            self._take(study, rows)
        self.studies[study_id] = study
        return study

    def _refresh(self, study: Study) -> Study:
        if study.directions == [StudyDirection.NOT_SET]:  # they can be set once
            return self._read(study.id)
        rows = trial_rows.changed(self.db, study.id, study.seen)
        if rows is None:
            self.forget(study.id)
            raise missing_study(study.id)
        self._take(study, rows)
        return study

    def _take(self, study: Study, rows: Rows) -> None:
        for trial, version in frozen_trials(self.db, rows):
            study.put(trial, version)
            self.owners[trial._trial_id] = study.id
        study.seen = max(study.seen, rows.version)

    def known(self, study_id: int) -> Study:
        """A study as it was when it was last read, or read now."""
        return self.studies.get(study_id) or self.study(study_id)

    def owner(self, trial_id: int) -> int:
        """The id of the study that a trial belongs to.

        Raises:
            KeyError: there is no such trial.
        """
        found = self.owners.get(trial_id)
        if found is None:
            found = studies.of_run(self.db, trial_id)
        if found is None:
            raise missing_trial(trial_id)
        return found

    def written(self, study: Study, version: int, trials: Iterable[FrozenTrial]) -> None:
        """Take trials that this thread has just written, as ``version``."""
        with self.lock:
            for trial in trials:
                study.put(trial, version)
                self.owners[trial._trial_id] = study.id
            # Otherwise others wrote in between, which is yet to be read.
            if version == study.seen + 1:
                study.seen = version

    def changing(self, study: Study) -> Changing:
        """A block in which this thread changes a study, as the cache then knows already."""
        return Changing(self, study)


class Changing:
    """See `Cache.changing`."""

    __slots__ = ("before", "lock", "session", "study")

    def __init__(self, cache: Cache, study: Study) -> None:
        self.study, self.session = study, cache.db.session
        is_first = self.session.engine.begins_on_write and not self.session.in_block
        self.lock = cache.db.shared or (cache.writing if is_first else None)

    def __enter__(self) -> None:
        if self.lock is not None:
            self.lock.acquire()
        session = self.session
        connection = session.connection if session.connection is not None else session.open()
        self.before = session.engine.own_changes(connection)

    def __exit__(self, kind: object, error: object, tb: object) -> None:
        session, study = self.session, self.study
        seen = session.memo.get(study.id, (None,))
        is_known = seen[0] is study and seen[2] == self.before
        if kind is None and is_known and session.connection is not None:
            after = session.engine.own_changes(session.connection)
            session.memo[study.id] = (study, seen[1], after)
        if self.lock is not None:
            self.lock.release()


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """A block that makes many objects and no garbage, for which Python would search them all."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def cache_of(db: Database) -> Cache:
    """The cache that belongs to a database, shared by all its storages."""
    found = db.memo.get("optuna")
    if found is None:
        found = db.memo.setdefault("optuna", Cache(db))
    return found  # type: ignore[no-any-return]


def missing_study(study_id: int) -> KeyError:
    """The error for a study that does not exist."""
    return KeyError(f"No study with study_id {study_id} exists.")


def missing_trial(trial_id: int) -> KeyError:
    """The error for a trial that does not exist."""
    return KeyError(f"No trial with trial_id {trial_id} exists.")


def frozen_trials(db: Database, rows: Rows) -> Iterable[tuple[FrozenTrial, int]]:
    """The trials of ``rows``, each with its version."""
    params, distributions = _params(db, rows.params)
    attrs: dict[str, dict[int, dict[str, Any]]] = {"user": {}, "system": {}}
    loads = json.loads
    for id, scope, key, text in rows.attrs:
        attrs[scope].setdefault(id, {})[key] = loads(text)
    user, system = attrs["user"], attrs["system"]
    reports: dict[int, dict[int, float]] = {}
    for id, step, value in rows.reports:
        reports.setdefault(id, {})[step] = value
    for id, number, status, value, values, started, finished, version in rows.trials:
        yield (
            FrozenTrial(
                number=number,
                state=STATE.get(status, TrialState.FAIL),
                value=None,
                values=to_values(value, values),
                datetime_start=to_local(started),
                datetime_complete=to_local(finished),
                params=params.get(id, {}),
                distributions=distributions.get(id, {}),
                user_attrs=user.get(id, {}),
                system_attrs=system.get(id, {}),
                intermediate_values=reports.get(id, {}),
                trial_id=id,
            ),
            version,
        )


def _params(
    db: Database, rows: Iterable[Any]
) -> tuple[dict[int, dict[str, Any]], dict[int, dict[str, BaseDistribution]]]:
    params: dict[int, dict[str, Any]] = {}
    distributions: dict[int, dict[str, BaseDistribution]] = {}
    known: dict[int, Parameter] = {}
    current = None
    for id, name, value, distribution_id in rows:
        if id != current:
            current = id
            values, kinds = params.setdefault(id, {}), distributions.setdefault(id, {})
        found = known.get(distribution_id)
        if found is None:
            found = known[distribution_id] = parameter(read_distribution(db, distribution_id))
        kind, convert, is_rounded = found
        kinds[name] = kind
        values[name] = value if convert is None else convert(value)
        if is_rounded:
            values[name] = trial_rows.args(db, id).get(name, values[name])
    return params, distributions
