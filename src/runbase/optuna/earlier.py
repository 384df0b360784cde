"""Methods that storages of earlier versions of Optuna had, under the names of those days."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import optuna
from optuna.study import StudyDirection
from optuna.trial import TrialState

from .. import migrate
from ..store import schema, studies
from .cache import missing_study
from .convert import direction_names
from .errors import UpdateFinishedTrialError
from .heartbeat import Heartbeat
from .studies import StudyMethods

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from .cache import Study


class EarlierMethods(Heartbeat, StudyMethods):
    """What `optuna.storages.RDBStorage` of version 2 could do and today's cannot."""

    if TYPE_CHECKING:

        def _find(self, trial_id: int) -> tuple[Study, FrozenTrial]: ...

        def _set_values(self, trial_id: int, values: Sequence[float]) -> None: ...

    def set_trial_state(self, trial_id: int, state: TrialState) -> bool:
        """Set the state; see `set_trial_state_values`."""
        return self.set_trial_state_values(trial_id, state)

    def set_trial_values(self, trial_id: int, values: Sequence[float]) -> None:
        """Set the values of an unfinished trial, and leave its state."""
        self._set_values(trial_id, values)

    def get_study_id_from_trial_id(self, trial_id: int) -> int:
        """The id of the study that a trial belongs to.

        Raises:
            KeyError: there is no such trial.
        """
        return self._find(trial_id)[0].id

    def set_study_directions(self, study_id: int, directions: Sequence[StudyDirection]) -> None:
        """Set the directions of a study that was created without them.

        Raises:
            KeyError: there is no such study.
            ValueError: it has other directions already.
        """
        current = self.get_study_directions(study_id)
        if list(directions) == current:
            return
        if current != [StudyDirection.NOT_SET] or StudyDirection.NOT_SET in directions:
            raise ValueError(
                f"Cannot overwrite study direction from {current} to {list(directions)}."
            )
        if not studies.set_directions(self._db, study_id, direction_names(directions)):
            raise missing_study(study_id)
        self._cache.forget(study_id)

    def get_all_study_summaries(self) -> list[Any]:
        """Summaries of all studies; see `optuna.get_all_study_summaries`."""
        return list(optuna.get_all_study_summaries(self))

    def read_trials_from_remote_storage(self, study_id: int) -> None:
        """Bring the cache up to date, which every reading call does by itself.

        Raises:
            KeyError: there is no such study.
        """
        self._cache.study(study_id)

    def fail_stale_trials(self) -> list[int]:
        """Fail the running trials of all studies that gave no sign of life for the grace period.

        Returns:
            Their ids.
        """
        failed = []
        for study in self.get_all_studies():
            ids = self._fail_stale_trials(study._study_id)
            if ids and (callback := self.get_heartbeat_stale_trial_callback()) is not None:
                loaded = optuna.load_study(study_name=study.study_name, storage=self)
                for id in ids:
                    callback(loaded, copy.deepcopy(self.get_trial(id)))
            failed += ids
        return failed

    def _fail_stale_trials(self, study_id: int) -> list[int]:
        failed = []
        for id in self._get_stale_trial_ids(study_id):
            try:
                if self.set_trial_state_values(id, TrialState.FAIL):
                    failed.append(id)
            except UpdateFinishedTrialError:
                pass  # another process was first
        return failed

    def get_all_versions(self) -> list[str]:
        """The names of the scripts that make the schema, the newest first."""
        return [name for name, _ in reversed(migrate.own_scripts(self.client.database))]

    def get_head_version(self) -> str:
        """The newest version of the schema that this program knows."""
        return self.get_all_versions()[0]

    def get_current_version(self) -> str:
        """The version of the schema of this database."""
        known = migrate.applied(self.client.database)
        return next((name for name in self.get_all_versions() if name in known), "")

    def upgrade(self) -> None:
        """Bring the schema up to date."""
        schema.setup(self.client.database)
