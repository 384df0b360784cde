"""``ax.storage.sqa_store.load``."""

from __future__ import annotations

from ..sql import (
    load_analysis_cards_by_experiment_name,
    load_experiment,
    load_generation_strategy_by_experiment_name,
    load_generation_strategy_by_id,
)

__all__ = [
    "load_analysis_cards_by_experiment_name",
    "load_experiment",
    "load_generation_strategy_by_experiment_name",
    "load_generation_strategy_by_id",
]
