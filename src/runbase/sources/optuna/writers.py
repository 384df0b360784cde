"""Writes trials to storages exactly as they are, many at a time."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from ...errors import ConflictError, InvalidValueError
from .compare import is_same, json_of
from .trials import count_rows, session_of, unwrapped

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.storages import BaseStorage, JournalStorage, RDBStorage
    from optuna.trial import FrozenTrial


class Writer(Protocol):
    """Writes trials exactly as they are."""

    def add(self, study_id: int, trials: Sequence[FrozenTrial]) -> None:
        """Add trials behind those that the study has."""

    def replace(self, trial_id: int, trial: FrozenTrial) -> None:
        """Make the unfinished trial what it has become."""


def writer_of(storage: BaseStorage) -> Writer:
    """The best way to write to a storage."""
    from optuna.storages import JournalStorage, RDBStorage

    storage = unwrapped(storage)
    if hasattr(storage, "add_trials"):
        return _BulkWriter(storage)
    if isinstance(storage, RDBStorage):
        return _RDBWriter(storage)
    if isinstance(storage, JournalStorage):
        return _JournalWriter(storage)
    return _PlainWriter(storage)


class _BulkWriter:
    """Runbase's storage, which can do both."""

    def __init__(self, storage: Any) -> None:
        self.storage = storage

    def add(self, study_id: int, trials: Sequence[FrozenTrial]) -> None:
        self.storage.add_trials(study_id, trials)

    def replace(self, trial_id: int, trial: FrozenTrial) -> None:
        self.storage.replace_trial(trial_id, trial)


class _PlainWriter:
    """Any other storage: trials can be added, but their times cannot be set later."""

    def __init__(self, storage: BaseStorage) -> None:
        self.storage = storage

    def add(self, study_id: int, trials: Sequence[FrozenTrial]) -> None:
        for trial in trials:
            self.storage.create_new_trial(study_id, trial)

    def replace(self, trial_id: int, trial: FrozenTrial) -> None:
        raise ConflictError(
            f"trial {trial.number} has changed, and a {type(self.storage).__name__} cannot take "
            "its times: copy to a new study"
        )


class _RDBWriter:
    """Optuna's own tables, through its models: its methods are slow, and set their own times."""

    def __init__(self, storage: RDBStorage) -> None:
        self.storage = storage

    def add(self, study_id: int, trials: Sequence[FrozenTrial]) -> None:
        from optuna.storages._rdb import models

        with session_of(self.storage) as session:
            models.StudyModel.find_or_raise_by_id(study_id, session, for_update=True)
            first = count_rows(session, study_id)  # where Optuna would go on counting
            for number, trial in enumerate(trials, first):
                row = models.TrialModel(study_id=study_id, number=number)
                _fill(row, trial)
                session.add(row)

    def replace(self, trial_id: int, trial: FrozenTrial) -> None:
        from optuna.storages._rdb import models

        with session_of(self.storage) as session:
            row = models.TrialModel.find_or_raise_by_id(trial_id, session, for_update=True)
            for part in (row.values, row.params, row.user_attributes, row.system_attributes):
                part.clear()
            row.intermediate_values.clear()
            session.flush()  # deletes them, before others take their places
            _fill(row, trial)


def _fill(row: Any, trial: FrozenTrial) -> None:
    """Give a row of Optuna's everything of a trial."""
    row.state = trial.state
    row.datetime_start = trial.datetime_start
    row.datetime_complete = trial.datetime_complete
    row.values.extend(_values(trial))
    row.params.extend(_params(trial))
    row.user_attributes.extend(_attrs("TrialUserAttributeModel", trial.user_attrs))
    row.system_attributes.extend(_attrs("TrialSystemAttributeModel", trial.system_attrs))
    row.intermediate_values.extend(_reports(trial))


def _values(trial: FrozenTrial) -> Iterator[Any]:
    from optuna.storages._rdb.models import TrialValueModel

    for objective, value in enumerate(trial.values or ()):
        if math.isnan(value):
            raise InvalidValueError(
                f"trial {trial.number} has the value NaN, which Optuna's own tables cannot hold: "
                "export to a .journal file"
            )
        number, kind = TrialValueModel.value_to_stored_repr(value)
        yield TrialValueModel(objective=objective, value=number, value_type=kind)


def _params(trial: FrozenTrial) -> Iterator[Any]:
    from optuna.distributions import distribution_to_json
    from optuna.storages._rdb.models import TrialParamModel

    for name, value in trial.params.items():
        distribution = trial.distributions[name]
        yield TrialParamModel(
            param_name=name,
            param_value=internal_value(distribution, value),
            distribution_json=distribution_to_json(distribution),
        )


def _attrs(model: str, attrs: Mapping[str, Any]) -> Iterator[Any]:
    from optuna.storages._rdb import models

    for key, value in attrs.items():
        yield getattr(models, model)(key=key, value_json=json.dumps(value))


def _reports(trial: FrozenTrial) -> Iterator[Any]:
    from optuna.storages._rdb.models import TrialIntermediateValueModel as Report

    for step, value in trial.intermediate_values.items():
        number, kind = Report.intermediate_value_to_stored_repr(value)
        yield Report(step=step, intermediate_value=number, intermediate_value_type=kind)


def internal_value(distribution: BaseDistribution, value: Any) -> float:
    """The number that stands for a value; True is not the choice 1."""
    for index, choice in enumerate(getattr(distribution, "choices", ())):
        if type(choice) is type(value) and choice == value:
            return float(index)
    return distribution.to_internal_repr(value)


class _JournalWriter:
    """A journal: each trial is one line, and a chunk of them one write to disk."""

    def __init__(self, storage: JournalStorage) -> None:
        self.storage = storage

    def add(self, study_id: int, trials: Sequence[FrozenTrial]) -> None:
        together = getattr(self.storage._backend, "together", nullcontext)
        chunk: AbstractContextManager[Any] = together()
        with chunk:
            for trial in trials:
                self.storage.create_new_trial(study_id, trial)

    def replace(self, trial_id: int, trial: FrozenTrial) -> None:
        storage = self.storage
        known = storage.get_trial(trial_id)
        for name, value in trial.params.items():
            if name not in known.params:
                distribution = trial.distributions[name]
                storage.set_trial_param(
                    trial_id, name, internal_value(distribution, value), distribution
                )
        for step, value in trial.intermediate_values.items():
            if repr(known.intermediate_values.get(step)) != repr(value):
                storage.set_trial_intermediate_value(trial_id, step, value)
        for old, new, write in (
            (known.user_attrs, trial.user_attrs, storage.set_trial_user_attr),
            (known.system_attrs, trial.system_attrs, storage.set_trial_system_attr),
        ):
            for key, value in new.items():
                if key not in old or json_of(old[key]) != json_of(value):
                    write(trial_id, key, value)
        storage._backend.append_logs(_states(trial_id, known, trial))
        if not is_same(storage.get_trial(trial_id), trial):
            raise ConflictError(
                f"trial {trial.number} has changed in a way that a journal cannot follow: export "
                "to a new file"
            )


def _states(trial_id: int, known: FrozenTrial, trial: FrozenTrial) -> list[dict[str, Any]]:
    """Lines that change the state at the times of the trial; Optuna's methods write today's."""
    from optuna.storages.journal._storage import JournalOperation
    from optuna.trial import TrialState

    line = {
        "op_code": JournalOperation.SET_TRIAL_STATE_VALUES,
        "worker_id": "import",
        "trial_id": trial_id,
        "values": None,
    }
    lines = []
    if known.state == TrialState.WAITING != trial.state and trial.datetime_start is not None:
        start = _utc(trial.datetime_start)
        lines.append(line | {"state": TrialState.RUNNING, "datetime_start": start})
    if trial.state.is_finished() and trial.datetime_complete is not None:
        end = {"datetime_complete": _utc(trial.datetime_complete), "values": trial.values}
        lines.append(line | end | {"state": trial.state})
    return lines


def _utc(local: datetime) -> str:
    return local.astimezone(UTC).isoformat(timespec="microseconds")
