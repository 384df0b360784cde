"""Errors that Runbase raises on purpose. Each message says what to do.

RunbaseError
|-- ConfigError        (also ValueError)    a setting, URL or config file is wrong
|-- MissingExtraError  (also ImportError)   an optional package is not installed
|-- NotFoundError      (also LookupError)   no row has this id or name
|-- ConflictError      (also ValueError)    a row exists already, or belongs elsewhere
|-- InvalidValueError  (also ValueError)    a value cannot be stored
|   `-- FilterError                         a filter has a mistake
`-- DatabaseError                           the database cannot be used
    |-- ConnectionFailedError               unreachable, wrong password, no such database
    |   `-- ConnectionLostError             the connection broke in the middle of a transaction
    |-- ReadOnlyError                       the file, disk or role does not allow writes
    |-- DiskFullError                       no space is left for the database
    |-- CorruptDatabaseError                the file is damaged, or no database at all
    `-- SchemaError                         tables are missing, older or newer than this program
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging


class RunbaseError(Exception):
    """Base of every error that Runbase raises on purpose."""


class ConfigError(RunbaseError, ValueError):
    """A setting, URL or config file is wrong."""


class MissingExtraError(RunbaseError, ImportError):
    """An optional package is not installed; the message has the command that installs it."""


class NotFoundError(RunbaseError, LookupError):
    """No row has this id or name."""


class ConflictError(RunbaseError, ValueError):
    """A row with this name or id exists already, or belongs to another experiment."""


class InvalidValueError(RunbaseError, ValueError):
    """A value cannot be stored; nothing was written."""


class FilterError(InvalidValueError):
    """A filter has a mistake; ``at`` is its place in the text, counted from 0."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


class DatabaseError(RunbaseError):
    """The database cannot be used; ``__cause__`` is the driver's own error."""


class ConnectionFailedError(DatabaseError):
    """The server is unreachable, or refuses this user, password or database."""


class ConnectionLostError(ConnectionFailedError):
    """The connection broke in the middle of a transaction, which was rolled back."""


class ReadOnlyError(DatabaseError):
    """The file, disk or role does not allow writes."""


class DiskFullError(DatabaseError):
    """No space is left for the database; nothing of this transaction was written."""


class CorruptDatabaseError(DatabaseError):
    """The file is damaged, or is not a database at all."""


class SchemaError(DatabaseError):
    """The tables are missing, or older or newer than this program."""


def require(module: str, extra: str) -> ModuleType:
    """The imported ``module``.

    Raises:
        MissingExtraError: it is not installed; the message names the extra that brings it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise
        raise MissingExtraError(
            f"{module.partition('.')[0]} is not installed: pip install 'runbase[{extra}]'"
        ) from error


def logger() -> logging.Logger:
    """The logger "runbase"; logging is a tenth of the time that importing Runbase takes."""
    import logging

    return logging.getLogger("runbase")
