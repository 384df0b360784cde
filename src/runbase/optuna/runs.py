"""The run of a trial, to log metrics, tags and documents to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, Self

import optuna
from optuna.trial import FrozenTrial

from ..errors import ConfigError
from ..run import Run
from .storage import RDBStorage

_ADVICE = (
    "the status of a trial is set by its study: return the value from the objective, raise "
    "optuna.TrialPruned, or call study.tell"
)


class TrialRun(Run):
    """A `Run` whose status is the state of a trial, which Optuna sets."""

    def start(self, *args: Any, **kwargs: Any) -> Self:
        """Refused: Optuna has started the trial."""
        _refuse()

    def stop(self, *args: Any, **kwargs: Any) -> Self:
        """Refused: Optuna stops the trial."""
        _refuse()

    def set_status(self, *args: Any, **kwargs: Any) -> Self:
        """Refused: Optuna sets the state."""
        _refuse()

    @contextmanager
    def track(self, *args: Any, **kwargs: Any) -> Iterator[Run]:
        """Refused: Optuna starts and stops the trial."""
        _refuse()
        yield self


def _refuse() -> NoReturn:
    raise ConfigError(_ADVICE)


def run_of(trial: optuna.Trial | FrozenTrial, storage: RDBStorage | None = None) -> TrialRun:
    """The run of a trial, in its own database.

    Metrics at a step that was also reported are columns of the same row. ``storage`` is needed
    for a `FrozenTrial` alone, which does not know where it comes from.

    Raises:
        ConfigError: the trial is not in a Runbase storage.
    """
    found: Any = storage if storage is not None else getattr(trial, "storage", None)
    if not isinstance(found, RDBStorage):
        raise ConfigError(
            "this trial is in no Runbase storage: create the study with "
            "storage=runbase.optuna.RDBStorage(...), or name it in run_of(trial, storage)"
        )
    study_id = found.get_study_id_from_trial_id(trial._trial_id)
    return TrialRun(found.client, experiment_id=study_id, run_id=trial._trial_id)
