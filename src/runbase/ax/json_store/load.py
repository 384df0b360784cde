"""``ax.storage.json_store.load``."""

from __future__ import annotations

from ..files import load_experiment

__all__ = ["load_experiment"]
