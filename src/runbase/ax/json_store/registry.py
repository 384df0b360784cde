"""``ax.storage.json_store.registry``: Ax's registries; your classes go to `register_metric`."""

from __future__ import annotations

from ax.storage.json_store.registry import (
    CORE_CLASS_DECODER_REGISTRY,
    CORE_CLASS_ENCODER_REGISTRY,
    CORE_DECODER_REGISTRY,
    CORE_ENCODER_REGISTRY,
)

__all__ = [
    "CORE_CLASS_DECODER_REGISTRY",
    "CORE_CLASS_ENCODER_REGISTRY",
    "CORE_DECODER_REGISTRY",
    "CORE_ENCODER_REGISTRY",
]
