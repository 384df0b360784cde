"""``ax.storage.runner_registry``."""

from __future__ import annotations

from .registry import register_runner

__all__ = ["register_runner"]
