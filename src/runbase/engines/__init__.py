"""The databases that Runbase works on; each has its differences and ``.sql`` files in a folder."""

from __future__ import annotations

from ..config import Config, complete
from .engine import DBAPIConnection, Engine
from .mysql import MySQLEngine
from .postgres import PostgresEngine
from .sqlite import SQLiteEngine

__all__ = [
    "DBAPIConnection",
    "Engine",
    "MySQLEngine",
    "PostgresEngine",
    "SQLiteEngine",
    "create_engine",
]

_ENGINES: dict[str, type[Engine]] = {
    engine.name: engine for engine in (SQLiteEngine, PostgresEngine, MySQLEngine)
}


def create_engine(config: Config) -> Engine:
    """The engine that ``config["engine"]`` names, not connected yet.

    Raises:
        ConfigError: there is no such engine.
    """
    config = complete([config])
    return _ENGINES[config["engine"]](config)
