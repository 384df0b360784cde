"""``ax.storage.json_store.encoder``."""

from __future__ import annotations

from ..files import object_to_json

__all__ = ["object_to_json"]
