"""The error for writes to finished trials, under the name that Optuna gave it later."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna.exceptions import UpdateFinishedTrialError
else:
    try:
        from optuna.exceptions import UpdateFinishedTrialError
    except ImportError:  # the first versions of Optuna 4 raise a RuntimeError
        from optuna.exceptions import OptunaError

        class UpdateFinishedTrialError(OptunaError, RuntimeError):
            """A trial that is finished cannot be changed."""


__all__ = ["UpdateFinishedTrialError"]
