"""A drop-in for ``optuna.storages.RDBStorage`` on Runbase's tables."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from optuna.distributions import BaseDistribution, check_distribution_compatibility
from optuna.trial import FrozenTrial, TrialState

from ..client import Client
from ..store import reports, studies, trials
from ..store.changes import Place
from ..store.studies import Scope
from .cache import Study, missing_trial
from .connect import connect
from .convert import (
    as_stored,
    changed,
    detached,
    distribution_id,
    is_same,
    to_internal,
    to_local,
    to_state,
    to_template,
)
from .earlier import EarlierMethods
from .errors import UpdateFinishedTrialError

if TYPE_CHECKING:
    from optuna import Study as OptunaStudy

    from ..db import Durability

    Callback = Callable[[OptunaStudy, FrozenTrial], None]

#: A change of a trial: writes it at a place, and returns the new version and the changed trial.
Written = tuple[int | None, FrozenTrial]


class RDBStorage(EarlierMethods):
    """Studies and trials in an SQL database, as experiments and runs beside all others.

    Takes the place of `optuna.storages.RDBStorage`, and needs no cache around it. Every write is
    seen at once by all processes, and safe from a killed process when the call returns. New
    studies, new trials and changes of state are synced to disk, and with them all that was
    written before; parameters, reports and attributes alone are not, unless ``durability`` is
    "full".

    Args:
        url: a URL as SQLAlchemy or Runbase take it, or a `runbase.Client` to share its database.
        engine_kwargs: arguments of ``sqlalchemy.create_engine``; without them Runbase connects
            by itself, which is faster.
        skip_compatibility_check: use the tables as they are.
        heartbeat_interval: seconds between the signs of life of a running trial.
        grace_period: seconds without one after which a trial counts as stale; by default twice
            the interval.
        failed_trial_callback: the earlier name of the next one.
        heartbeat_stale_trial_callback: called with study and trial after a stale trial failed.
        skip_table_creation: do not set up an empty database.
        durability: "full" syncs every write to disk, "normal" none.

    Raises:
        ValueError: an argument is wrong.
        SchemaError: the tables are older or newer than this program, or the database has studies
            of Optuna's own storage and none of ours.
    """

    def __init__(
        self,
        url: str | Client,
        engine_kwargs: Mapping[str, Any] | None = None,
        skip_compatibility_check: bool = False,
        *,
        heartbeat_interval: int | None = None,
        grace_period: int | None = None,
        failed_trial_callback: Callback | None = None,
        heartbeat_stale_trial_callback: Callback | None = None,
        skip_table_creation: bool = False,
        durability: Durability | None = None,
    ) -> None:
        self._init_heartbeat(
            heartbeat_interval,
            grace_period,
            failed_trial_callback,
            heartbeat_stale_trial_callback,
        )
        self.engine_kwargs = dict(engine_kwargs or {})
        self.skip_compatibility_check = skip_compatibility_check
        self._arguments = (url, self.engine_kwargs, durability)
        self.client = connect(
            url,
            self.engine_kwargs,
            durability,
            skip_check=skip_compatibility_check,
            create=not skip_table_creation,
        )
        self.url = url if isinstance(url, str) else url.engine.describe()

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        client = state.pop("client")
        if client.engine.is_memory:  # a copy, as Optuna's own storage in memory makes
            state["content"] = client.connection.serialize()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        content = state.pop("content", None)
        self.__dict__.update(state)
        self.client = connect(
            *self._arguments, skip_check=self.skip_compatibility_check, create=True
        )
        if content is not None:
            self.client.connection.deserialize(content)

    def close(self) -> None:
        """Close the connections; they are opened again when needed."""
        self.client.close()
        self.client.engine.dispose()

    # -- writing trials ---------------------------------------------------------------------------

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Insert a running trial, or a copy of ``template_trial``, and return its id."""
        if template_trial is not None:
            return self.add_trials(study_id, [template_trial])[0]
        study = self._cache.known(study_id)
        started = datetime.now(UTC)
        with self._cache.changing(study), self._errors_of_study(study_id):
            created = trials.create(self._db, study_id, started)
            trial = FrozenTrial(
                number=created.number, state=TrialState.RUNNING, value=None,
                datetime_start=to_local(started), datetime_complete=None, params={},
                distributions={}, user_attrs={}, system_attrs={}, intermediate_values={},
                trial_id=created.id,
            )  # fmt: skip
            self._cache.written(study, created.version, [trial])
        return created.id

    def add_trials(self, study_id: int, templates: Sequence[FrozenTrial]) -> list[int]:
        """Insert copies of trials, all or none, and return their ids."""
        study = self._cache.known(study_id)
        _check_distributions(study, templates)
        rows = [to_template(self._db, template) for template in templates]
        with self._cache.changing(study), self._errors_of_study(study_id):
            created = trials.create_many(self._db, study_id, rows)
            new = [
                as_stored(template, c.id, c.number)
                for c, template in zip(created, templates, strict=True)
            ]
            if created:
                self._cache.written(study, created[0].version, new)
        return [c.id for c in created]

    def replace_trial(self, trial_id: int, template: FrozenTrial) -> None:
        """Overwrite a trial, a finished one too, with everything of another but its number."""
        rows = to_template(self._db, template)

        def write(place: Place, trial: FrozenTrial) -> Written:
            new = as_stored(template, trial_id, trial.number)
            gone = trial.intermediate_values.keys() - template.intermediate_values.keys()
            return trials.replace(self._db, place, rows, gone), new

        self._write(trial_id, write, even_finished=True)

    def set_trial_param(
        self,
        trial_id: int,
        param_name: str,
        param_value_internal: float,
        distribution: BaseDistribution,
    ) -> None:
        """Set a parameter to what ``distribution`` makes of the internal value.

        Raises:
            ValueError: the study has this parameter with an incompatible distribution.
        """

        def write(place: Place, trial: FrozenTrial) -> Written:
            study, used, id = self._distribution(place.study_id, param_name, distribution)
            value = used.to_external_repr(float(param_value_internal))
            params = {**trial._params, param_name: value}
            is_new = len(params) > len(trial._params)
            seq = len(params) - 1 if is_new else list(params).index(param_name)
            version = trials.set_param(
                self._db, place, seq, param_name, param_value_internal, id, params
            )
            if version is not None:
                study.distributions[param_name] = (used, id)
            kinds = {**trial._distributions, param_name: used}
            return version, changed(trial, _params=params, _distributions=kinds)

        self._write(trial_id, write)

    def _distribution(
        self, study_id: int, name: str, distribution: BaseDistribution
    ) -> tuple[Study, BaseDistribution, int]:
        """The study, and the stored distribution that is the same, with its id."""
        study = self._cache.known(study_id)
        if name not in study.distributions:
            study = self._cache.study(study_id)
        known, id = study.distributions.get(name, (distribution, None))
        if id is not None and is_same(known, distribution):
            return study, known, id
        studies.check_name("a parameter's name", name)
        try:
            check_distribution_compatibility(known, distribution)
        except ValueError:
            self._cache.study(study_id)  # a KeyError if another process has deleted it
            raise
        used = copy.deepcopy(distribution)
        return study, used, distribution_id(self._db, used)

    def set_trial_intermediate_value(
        self, trial_id: int, step: int, intermediate_value: float
    ) -> None:
        """Set what a trial reported at a step: a row of ``metrics``."""
        value = float(intermediate_value)

        def write(place: Place, trial: FrozenTrial) -> Written:
            version = reports.report(self._db, place, step, value)
            values = {**trial.intermediate_values, step: value}
            return version, changed(trial, intermediate_values=values)

        self._write(trial_id, write)

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set an attribute, which is JSON, of a trial."""
        self._set_attr(trial_id, "user", key, value)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set an attribute of Optuna's own."""
        self._set_attr(trial_id, "system", key, value)

    def _set_attr(self, trial_id: int, scope: Scope, key: str, value: Any) -> None:
        text = json.dumps(value)
        part = f"_{scope}_attrs"

        def write(place: Place, trial: FrozenTrial) -> Written:
            version = trials.set_attr(self._db, place, scope, key, text)
            attrs = {**trial.__dict__[part], key: json.loads(text)}
            return version, changed(trial, **{part: attrs})

        self._write(trial_id, write)

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Set state and values; False if the trial should start, but waits no more.

        So of all workers that want to start a queued trial exactly one does.
        """
        now = datetime.now(UTC)
        local = to_local(now)

        def write(place: Place, trial: FrozenTrial) -> Written | None:
            if state == TrialState.RUNNING and trial.state != TrialState.WAITING:
                return None
            new = changed(trial, state=state)
            if values is not None:
                new._values = [float(value) for value in values]
            if state == TrialState.RUNNING:
                new.datetime_start = local
            if state.is_finished():
                new.datetime_complete = local
            return trials.set_state(self._db, place, to_state(new)), new

        def is_done(trial: FrozenTrial) -> bool:
            mine = trial.datetime_start if state == TrialState.RUNNING else trial.datetime_complete
            return trial.state == state and mine == local

        return self._write(trial_id, write, is_done)

    def _set_values(self, trial_id: int, values: Sequence[float]) -> None:
        def write(place: Place, trial: FrozenTrial) -> Written:
            new = changed(trial, _values=[float(value) for value in values])
            return trials.set_state(self._db, place, to_state(new)), new

        self._write(trial_id, write)

    def _write(
        self,
        trial_id: int,
        write: Callable[[Place, FrozenTrial], Written | None],
        is_done: Callable[[FrozenTrial], bool] = lambda trial: False,
        even_finished: bool = False,
    ) -> bool:
        """Change a trial as it is known; when it turns out to be another, learn it and try again.

        ``is_done`` says whether a trial is as this call would leave it. It is asked only when the
        connection broke, maybe before the answer: otherwise it was somebody else, in the same
        microsecond.

        Returns:
            False if ``write`` found nothing to do.
        """
        cache, session, broke = self._cache, self._db.session, False
        study = cache.known(cache.owner(trial_id))
        trial = study.get(trial_id)
        for attempt in itertools.count():
            if trial is None or attempt:
                cache.doubt(study, again=attempt > 1)
                study, trial = self._find(trial_id)
                if broke and is_done(trial):
                    return True
            if not even_finished:
                self.check_trial_is_updatable(trial_id, trial.state)
            place = Place(study.id, trial_id, study.versions[trial_id], study.seen)
            with cache.changing(study):
                connection = session.connection
                written = write(place, trial)
                broke = broke or session.connection is not connection
                if written is None and attempt:  # not only by what was known
                    return False
                if written is not None and written[0] is not None:
                    cache.written(study, written[0], [written[1]])
                    return True
        raise AssertionError  # the loop has no end

    def check_trial_is_updatable(self, trial_id: int, trial_state: TrialState) -> None:
        """Refuse a finished state.

        Raises:
            UpdateFinishedTrialError: it is one (also a RuntimeError).
        """
        if trial_state.is_finished():
            trial = self.get_trial(trial_id)
            raise UpdateFinishedTrialError(
                f"Trial#{trial.number} has already finished and can not be updated."
            )

    # -- reading trials ---------------------------------------------------------------------------

    def _find(self, trial_id: int) -> tuple[Study, FrozenTrial]:
        cache = self._cache
        try:
            study = cache.study(cache.owner(trial_id))
        except KeyError:
            raise missing_trial(trial_id) from None
        trial = study.get(trial_id)
        if trial is None:
            raise missing_trial(trial_id)
        return study, trial

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """A trial, which does not change any more; one that runs is a copy."""
        trial = self._find(trial_id)[1]
        return trial if trial.state.is_finished() else detached(trial)

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """The trials of a study by number."""
        study = self._cache.study(study_id)
        with self._cache.lock:
            if states is None:
                found = list(study.trials)
            elif states == (TrialState.WAITING,):
                found = [study.trials[study.places[id]] for id in study.waiting]
                found.sort(key=lambda trial: trial._number)
            else:
                found = [trial for trial in study.trials if trial.state in states]
        return [detached(trial) for trial in found] if deepcopy else found

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        """The id of the trial with this number."""
        trial = self._cache.study(study_id).with_number(trial_number)
        if trial is None:
            raise KeyError(f"No trial with trial number {trial_number} exists in study {study_id}.")
        return trial._trial_id

    def get_trial_number_from_id(self, trial_id: int) -> int:
        """The number of a trial in its study."""
        return self._find(trial_id)[1].number

    def get_trial_param(self, trial_id: int, param_name: str) -> float:
        """The internal value of a parameter."""
        trial = self._find(trial_id)[1]
        return to_internal(trial._distributions[param_name], trial._params[param_name])

    def get_trial_params(self, trial_id: int) -> dict[str, Any]:
        """The parameters of a trial, as the objective saw them."""
        return detached(self._find(trial_id)[1])._params

    def get_trial_user_attrs(self, trial_id: int) -> dict[str, Any]:
        """The attributes of a trial."""
        return detached(self._find(trial_id)[1])._user_attrs

    def get_trial_system_attrs(self, trial_id: int) -> dict[str, Any]:
        """Optuna's own attributes of a trial."""
        return detached(self._find(trial_id)[1])._system_attrs

    def get_n_trials(
        self, study_id: int, state: tuple[TrialState, ...] | TrialState | None = None
    ) -> int:
        """How many trials a study has, in any or in some states."""
        study = self._cache.study(study_id)
        if state is None:
            return len(study.trials)
        states = {state} if isinstance(state, TrialState) else set(state)
        return sum(study.counts[s] for s in states)

    def get_best_trial(self, study_id: int) -> FrozenTrial:
        """The completed trial with the best value.

        Raises:
            ValueError: no trial is complete.
            RuntimeError: the study has several objectives.
        """
        study = self._cache.study(study_id)
        with self._cache.lock:
            if not study.counts[TrialState.COMPLETE]:
                raise ValueError("No trials are completed yet.")
            if len(study.directions) > 1:
                raise RuntimeError(
                    "Best trial can be obtained only for single-objective optimization."
                )
            best = study.best()
        return best if best is not None else super().get_best_trial(study_id)

    def remove_session(self) -> None:
        """Nothing to do: connections are kept for the next call."""


def _check_distributions(study: Study, templates: Sequence[FrozenTrial]) -> None:
    """Refuse parameters whose distributions do not go with those that the study has.

    Raises:
        ValueError: there is one.
    """
    known: dict[str, BaseDistribution] = {}
    for template in templates:
        for name, distribution in template._distributions.items():
            first = known.setdefault(name, distribution)
            kind = study.distributions.get(name, (first, None))[0]
            if kind is not distribution:
                check_distribution_compatibility(kind, distribution)
