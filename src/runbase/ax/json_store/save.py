"""``ax.storage.json_store.save``."""

from __future__ import annotations

from ..files import save_experiment

__all__ = ["save_experiment"]
