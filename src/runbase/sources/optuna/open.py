"""Finds out what a URL or a path is, and opens it as one of Optuna's own storages."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...config import DATABASE_SUFFIXES, is_url
from ...errors import (
    ConfigError,
    ConnectionFailedError,
    CorruptDatabaseError,
    DatabaseError,
    MissingExtraError,
    NotFoundError,
    require,
)
from .tables import make_database, open_database, to_url, url_of_file

if TYPE_CHECKING:
    from optuna.storages import BaseStorage, JournalStorage

SQLITE = b"SQLite format 3\0"
JOURNAL_SUFFIXES = {".journal", ".log", ".jsonl"}
REDIS = ("redis://", "rediss://", "unix://")


@contextmanager
def open_source(where: str | os.PathLike[str]) -> Iterator[BaseStorage]:
    """Optuna's own storage at a URL, an SQLite file or a journal file; nothing is changed there.

    Tables that an older Optuna made are copied to a temporary file and upgraded in it.

    Raises:
        MissingExtraError: Optuna or a driver is not installed.
        NotFoundError: there is no such file.
        ConfigError: this is neither a database nor a journal, or it is a Runbase database.
        SchemaError: there are no tables of Optuna's, or those of a newer one.
        DatabaseError: the database or the journal cannot be read.
    """
    require("optuna", "optuna")
    text = os.fspath(where)
    with storage_errors(text):
        if text.startswith(REDIS):
            yield open_redis(text)
        elif is_url(text):
            with open_database(to_url(text)) as storage:
                yield storage
        elif recognise(Path(text)) == "sqlite":
            with open_database(url_of_file(text)) as storage:
                yield storage
        else:
            yield open_journal(text)


@contextmanager
def open_target(where: str | os.PathLike[str]) -> Iterator[BaseStorage]:
    """Optuna's own storage to write to; tables or a file are made where there are none.

    Raises:
        MissingExtraError: Optuna or a driver is not installed.
        ConfigError: this is neither a database nor a journal, or it is a Runbase database.
        SchemaError: the tables are those of another version of Optuna.
        DatabaseError: the database or the journal cannot be used.
    """
    require("optuna", "optuna")
    text = os.fspath(where)
    with storage_errors(text):
        if text.startswith(REDIS):
            yield open_redis(text)
        elif is_url(text):
            with make_database(to_url(text)) as storage:
                yield storage
        elif recognise(Path(text), new=True) == "sqlite":
            with make_database(url_of_file(text)) as storage:
                yield storage
        else:
            yield open_journal(text)


def recognise(path: Path, *, new: bool = False) -> str:
    """Whether a file is a database ("sqlite") or a "journal"; a new one by its ending."""
    if path.is_dir():
        raise ConfigError(f"{path} is a directory: give a file in it")
    if not path.exists() and not new:
        raise NotFoundError(f"there is no file {path}: give a path that exists, or a URL")
    if not path.exists() or path.stat().st_size == 0:
        return _kind_of_new(path)
    with path.open("rb") as file:
        head = file.readline(1 << 20)
    if head.startswith(SQLITE):
        return "sqlite"
    try:
        line = json.loads(head)
    except ValueError:
        line = None
    if isinstance(line, dict) and "op_code" in line:
        return "journal"
    raise ConfigError(
        f"{path} is neither an SQLite database nor a journal of Optuna's: give the file that "
        "optuna.create_study(storage=...) was given, or its URL"
    )


def _kind_of_new(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix in DATABASE_SUFFIXES:
        return "sqlite"
    if suffix in JOURNAL_SUFFIXES:
        return "journal"
    raise ConfigError(
        f"{path} is empty or new, and its name does not say what it is: end it with .sqlite or "
        ".db for a database, or .journal or .log for a journal"
    )


def open_journal(path: str) -> JournalStorage:
    """The storage of a journal file.

    Raises:
        CorruptDatabaseError: the file is no journal, or damaged.
    """
    from optuna.storages import JournalStorage
    from optuna.storages.journal import BaseJournalBackend

    from .journal import ChunkedBackend

    backend: BaseJournalBackend = ChunkedBackend(path)
    try:
        return JournalStorage(backend)
    except (ValueError, KeyError, AssertionError) as error:
        raise CorruptDatabaseError(
            f"the journal {path} is damaged: {error or type(error).__name__}"
        ) from error


def open_redis(url: str) -> JournalStorage:
    """The storage of a journal in Redis.

    Raises:
        MissingExtraError: the package redis is not installed.
        ConfigError: this is no URL of Redis.
    """
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalRedisBackend

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that this backend is experimental
        try:
            backend = JournalRedisBackend(url)
        except ImportError as error:
            raise MissingExtraError("redis is not installed: pip install redis") from error
        except ValueError as error:
            raise ConfigError(f"this is no URL of Redis: {error}") from error
    return JournalStorage(backend)


@contextmanager
def storage_errors(where: str) -> Iterator[None]:
    """Errors of SQLAlchemy, Redis and files as those of Runbase."""
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import NoSuchModuleError, OperationalError, SQLAlchemyError

    try:
        yield
    except NoSuchModuleError as error:
        raise ConfigError(
            f"unknown database in {shown(where)}: use sqlite:///FILE, postgresql://... or "
            "mysql://..."
        ) from error
    except (SQLAlchemyError, StorageInternalError) as error:
        cause: Any = error.__cause__ if isinstance(error, StorageInternalError) else error
        kind = ConnectionFailedError if isinstance(cause, OperationalError) else DatabaseError
        reason = getattr(cause, "orig", None) or cause or error
        raise kind(f"{shown(where)} cannot be used: {reason}") from error
    except OSError as error:
        if not str(error.filename or "").startswith(where):
            raise
        raise DatabaseError(f"{where} cannot be used: {error.strerror}") from error
    except Exception as error:
        if not type(error).__module__.startswith("redis"):
            raise
        raise ConnectionFailedError(f"{shown(where)} cannot be used: {error}") from error


def shown(where: str) -> str:
    """A URL without its password."""
    head, at, tail = where.rpartition("@")
    scheme, slashes, user = head.partition("://")
    return f"{scheme}{slashes}{user.partition(':')[0]}{at}{tail}" if at and slashes else where
