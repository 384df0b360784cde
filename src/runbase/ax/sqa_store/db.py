"""``ax.storage.sqa_store.db``."""

from __future__ import annotations

from ..database import (
    create_all_tables,
    init_engine_and_session_factory,
    init_test_engine_and_session_factory,
    session_scope,
)

__all__ = [
    "create_all_tables",
    "init_engine_and_session_factory",
    "init_test_engine_and_session_factory",
    "session_scope",
]
