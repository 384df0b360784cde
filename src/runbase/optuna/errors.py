"""The error for writes to finished trials, which Optuna gave a name in 4.3."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna.exceptions import UpdateFinishedTrialError
else:
    try:
        from optuna.exceptions import UpdateFinishedTrialError
    except ImportError:
        UpdateFinishedTrialError = RuntimeError

__all__ = ["UpdateFinishedTrialError"]
