"""``ax.storage.sqa_store.delete``."""

from __future__ import annotations

from ..sql import delete_experiment, delete_generation_strategy

__all__ = ["delete_experiment", "delete_generation_strategy"]
