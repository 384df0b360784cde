"""What a storage is that somebody wants to look at, and the board that shows it."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...client import Client
from ...config import is_url, parse_url
from ...errors import ConfigError, ConnectionFailedError, SchemaError
from ...migrate import applied
from ...sources.optuna.open import REDIS, recognise, shown
from ..board import Board

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

    from ...sources.optuna.mirror import Mirror

    Storage = str | os.PathLike[str] | Client | BaseStorage


def open_board(storage: Storage, storage_class: str | None = None, **options: Any) -> Board:
    """The board of a database.

    Args:
        storage: a URL, the path of an SQLite or of a journal file, a `runbase.Client`, or any
            storage of Optuna.
        storage_class: how ``optuna-dashboard`` would open a text: RDBStorage,
            JournalRedisStorage or JournalFileStorage; by default it is found out.
        **options: those of `Board`.

    Raises:
        ConfigError: this is no storage.
        ConnectionFailedError: there is no such file, or the server cannot be reached.
        SchemaError: there are neither tables of Runbase nor of Optuna, or of another version.
        MissingExtraError: Optuna or a driver is not installed.
    """
    if isinstance(storage, Client):
        return _ready(Board(storage, **options))
    if isinstance(storage, str | os.PathLike):
        text = check(storage)
        return _of_text(text, storage_class, options)
    return _of_storage(storage, options)


def check(storage: Storage) -> str:
    """The text of a storage that is given as one; nothing is connected.

    Raises:
        ConfigError: this is no storage.
        ConnectionFailedError: there is no such file.
    """
    if not isinstance(storage, str | os.PathLike):
        return ""
    text = os.fspath(storage)
    path = _path(text)
    if path is None:
        return text
    if path.name == ":memory:" or path == Path():
        raise ConfigError(
            "a database in memory is seen by its own program only: give its Client or storage"
        )
    if path.is_dir():
        raise ConfigError(f"{path} is a folder: give a file in it")
    if not path.exists():
        raise ConnectionFailedError(f"there is no database {path}: check the path")
    return text


def _path(text: str) -> Path | None:
    if not is_url(text):
        return Path(text)
    if not text.startswith("sqlite"):
        return None
    return Path(str(parse_url(text)["dbpath"]).removeprefix("file:"))


def _of_text(text: str, storage_class: str | None, options: dict[str, Any]) -> Board:
    if storage_class not in (None, "RDBStorage"):
        from ...sources.optuna.mirror import storage_of

        return _mirrored(storage_of(text, storage_class), text, options)
    if text.startswith(REDIS):
        return _mirrored(text, text, options)
    path = _path(text)
    if path is not None and not path.stat().st_size:
        raise _no_tables(str(path))
    if is_url(text):
        return _of_database(text, options)
    if recognise(Path(text)) == "sqlite":
        return _of_database(f"sqlite:///{text.replace('%', '%25').replace('?', '%3F')}", options)
    return _mirrored(text, text, options)


def _of_database(url: str, options: dict[str, Any]) -> Board:
    if is_ours(url):
        return _ready(Board(Client(url), **options))
    from ...sources.optuna.mirror import is_stock

    if is_stock(url):
        return _mirrored(url, url, options)
    raise _no_tables(shown(url))


def is_ours(url: str) -> bool:
    """Whether a database has tables of Runbase's.

    Raises:
        ConfigError: this is no URL of a database.
        ConnectionFailedError: there is no such file, or the server cannot be reached.
        MissingExtraError: the driver is not installed.
    """
    # To look into a file must not change it, as writers of Runbase's do when they open one.
    client = Client(url, mode="ro") if url.startswith("sqlite") else Client(url)
    with closing(client):
        return bool(applied(client.database))


def _no_tables(name: str) -> SchemaError:
    return SchemaError(
        f"{name} has neither tables of Runbase nor of Optuna: run 'runbase setup', or give the "
        "database that your runs or studies are in"
    )


def _of_storage(storage: BaseStorage, options: dict[str, Any]) -> Board:
    if "optuna" not in sys.modules:
        raise _no_storage(storage)
    from optuna.storages import BaseStorage

    from ...optuna import RDBStorage

    storage = getattr(storage, "_backend", storage) if _is_cached(storage) else storage
    if isinstance(storage, RDBStorage):
        return _ready(Board(storage.client, storage=storage, **options))
    if not isinstance(storage, BaseStorage):
        raise _no_storage(storage)
    return _mirrored(storage, type(storage).__name__, options)


def _is_cached(storage: object) -> bool:
    return type(storage).__name__ == "_CachedStorage"


def _no_storage(given: object) -> ConfigError:
    return ConfigError(
        "a dashboard is of a URL, a file, a runbase.Client or a storage of Optuna, not of "
        f"{type(given).__name__}"
    )


def _mirrored(storage: str | BaseStorage, name: str, options: dict[str, Any]) -> Board:
    from ...sources.optuna.mirror import Mirror

    progress = _Progress() if sys.stderr.isatty() else None
    mirror: Mirror = Mirror(storage, progress=progress)
    board = Board(mirror.client, mirror=mirror, name=shown(name), **options)
    try:
        return _ready(board)
    finally:
        if progress is not None:
            progress.end()


def _ready(board: Board) -> Board:
    """The board after a first look, which finds out whether it can be shown at all."""
    try:
        board.watcher.look()
    except BaseException:
        board.close()
        raise
    return board


class _Progress:
    """A line on the terminal while an Optuna storage is read for the first time."""

    LEAST = 1000  # trials that are worth one

    def __init__(self) -> None:
        self.is_shown = False

    def __call__(self, done: int, total: int) -> None:
        if total < self.LEAST:
            return
        self.is_shown = True
        print(f"\rReading trials: {done:,} of {total:,}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Take the line away."""
        if self.is_shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        self.is_shown = False
