"""``ax.storage.sqa_store.save``."""

from __future__ import annotations

from ..sql import (
    save_analysis_card,
    save_experiment,
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

__all__ = [
    "save_analysis_card",
    "save_experiment",
    "save_generation_strategy",
    "save_or_update_trial",
    "save_or_update_trials",
    "update_experiment_status",
    "update_generation_strategy",
    "update_properties_on_experiment",
    "update_properties_on_trial",
    "update_runner_on_experiment",
    "update_trial_status",
]
