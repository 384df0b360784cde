"""Ax experiments in Runbase: save, load, resume, and clients that save themselves. ::

    from runbase.ax import Client

    client = Client(storage="sqlite:///exp.db")
    ...
    client = Client.load("my experiment", storage="sqlite:///exp.db")

Needs Ax (``pip install 'runbase[ax]'``). What is stored can be listed, plotted, queried and
exported without it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ..errors import require

require("ax", "ax")

if TYPE_CHECKING:
    from .ax_client import AxClient
    from .client import Client
    from .database import create_all_tables, session_scope
    from .errors import (
        ExperimentConflictError,
        ExperimentNotFoundError,
        NewerAxError,
        NotSavedError,
        NotStorableError,
        ObjectNotFoundError,
        TrialConflictError,
        TrialNotSavedError,
        UnregisteredClassError,
    )
    from .files import object_from_json, object_to_json
    from .orchestrator import Orchestrator
    from .places import load_experiment, save_experiment
    from .registry import Registries, register_metric, register_runner
    from .sql import (
        delete_experiment,
        delete_generation_strategy,
        load_analysis_cards_by_experiment_name,
        load_generation_strategy_by_experiment_name,
        load_generation_strategy_by_id,
        save_analysis_card,
        save_generation_strategy,
        save_or_update_trial,
        save_or_update_trials,
        update_experiment_status,
        update_generation_strategy,
        update_properties_on_experiment,
        update_properties_on_trial,
        update_runner_on_experiment,
        update_trial_status,
    )
    from .store import Store, set_default_store

#: Where each name is. Ax takes seconds to import, its clients twice as many: each name loads what
#: it needs.
_MODULES = {
    "ax_client": ["AxClient"],
    "client": ["Client"],
    "database": ["create_all_tables", "session_scope"],
    "errors": [
        "ExperimentConflictError", "ExperimentNotFoundError", "NewerAxError", "NotSavedError",
        "NotStorableError", "ObjectNotFoundError", "TrialConflictError", "TrialNotSavedError",
        "UnregisteredClassError",
    ],
    "files": ["object_from_json", "object_to_json"],
    "orchestrator": ["Orchestrator"],
    "places": ["load_experiment", "save_experiment"],
    "registry": ["Registries", "register_metric", "register_runner"],
    "sql": [
        "delete_experiment", "delete_generation_strategy",
        "load_analysis_cards_by_experiment_name", "load_generation_strategy_by_experiment_name",
        "load_generation_strategy_by_id", "save_analysis_card", "save_generation_strategy",
        "save_or_update_trial", "save_or_update_trials", "update_experiment_status",
        "update_generation_strategy", "update_properties_on_experiment",
        "update_properties_on_trial", "update_runner_on_experiment", "update_trial_status",
    ],
    "store": ["Store", "set_default_store"],
}  # fmt: skip
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "AxClient",
    "Client",
    "ExperimentConflictError",
    "ExperimentNotFoundError",
    "NewerAxError",
    "NotSavedError",
    "NotStorableError",
    "ObjectNotFoundError",
    "Orchestrator",
    "Registries",
    "Store",
    "TrialConflictError",
    "TrialNotSavedError",
    "UnregisteredClassError",
    "create_all_tables",
    "delete_experiment",
    "delete_generation_strategy",
    "load_analysis_cards_by_experiment_name",
    "load_experiment",
    "load_generation_strategy_by_experiment_name",
    "load_generation_strategy_by_id",
    "object_from_json",
    "object_to_json",
    "register_metric",
    "register_runner",
    "save_analysis_card",
    "save_experiment",
    "save_generation_strategy",
    "save_or_update_trial",
    "save_or_update_trials",
    "session_scope",
    "set_default_store",
    "update_experiment_status",
    "update_generation_strategy",
    "update_properties_on_experiment",
    "update_properties_on_trial",
    "update_runner_on_experiment",
    "update_trial_status",
]


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
