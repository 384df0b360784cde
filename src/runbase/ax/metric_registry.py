"""``ax.storage.metric_registry``."""

from __future__ import annotations

from .registry import register_metric

__all__ = ["register_metric"]
