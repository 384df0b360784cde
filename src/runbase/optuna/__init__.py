"""Optuna studies in Runbase's tables: studies are experiments, trials are runs.

Give the storage to Optuna::

    import optuna
    from runbase.optuna import RDBStorage

    study = optuna.create_study(storage=RDBStorage("sqlite:///runs.db"))
"""

from ..errors import require

require("optuna", "optuna")

from .runs import TrialRun, run_of  # noqa: E402
from .storage import RDBStorage  # noqa: E402

__all__ = ["RDBStorage", "TrialRun", "run_of"]
