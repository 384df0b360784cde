"""``ax.storage.json_store.decoders``: Ax's own functions, each for one class."""

from __future__ import annotations

from ax.storage.json_store.decoders import *  # noqa: F403
