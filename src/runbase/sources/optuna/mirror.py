"""A live mirror of any Optuna storage in a private database of Runbase's.

With it the dashboard reads every storage by the same SQL. The mirror is a cache: it is thrown away
when in doubt, and nothing of the original is ever written or locked for long. ::

    with closing(Mirror("sqlite:///optuna.db")) as mirror:
        mirror.sync()
        RDBStorage(mirror.client).get_all_studies()
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ...client import Client
from ...errors import ConnectionFailedError, CorruptDatabaseError, SchemaError
from .mirror_places import is_stock, place_of, storage_of
from .mirror_update import Progress, update
from .mirror_writer import SETUP

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

__all__ = ["Mirror", "is_stock", "storage_of"]


class Mirror:
    """A private Runbase database with the studies of an Optuna storage, under the same ids.

    It is empty, or as it was left, until `sync` is called. Mirrors of one storage share a file,
    also those of several processes.

    Args:
        storage: a URL, the path of a journal file, or a storage.
        directory: where to keep mirrors; by default in the user's cache. Storages without an
            address, such as those in memory, get a temporary file.
        progress: called with the number of trials that are done and of those to be brought over.

    Raises:
        MissingExtraError: Optuna or a driver is not installed.
        NotFoundError: there is no such file.
        ConfigError: this is nothing that can be mirrored, such as a Runbase database.
        SchemaError: there are no tables of Optuna's, or those of an older or a newer one.
        DatabaseError: the storage cannot be read.
    """

    def __init__(
        self,
        storage: str | BaseStorage,
        *,
        directory: Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        place = place_of(storage)
        self._source, self._open_storage, self._progress = place.source, place.storage, progress
        self._shown = place.source.shown
        self._source.stamp()
        with self._source.moment():  # fails where there is nothing to mirror
            pass
        self._temporary: TemporaryDirectory[str] | None = None
        self._path = self._place(place.address, directory)
        self._lock = threading.Lock()
        self._begun = 0
        self._result = False
        self._seen: object | None = None
        self._is_counted = False
        #: The private database.
        self.client = self._open()

    @cached_property
    def storage(self) -> BaseStorage:
        """The original, to write to; a database is opened by Optuna only when this is asked for."""
        return self._open_storage()

    def _place(self, address: str | None, directory: Path | None) -> Path:
        if address is not None:
            name = f"{sha256(address.encode()).hexdigest()[:32]}.sqlite"
            with suppress(OSError):
                return private_file((directory or default_directory()) / name)
        self._temporary = TemporaryDirectory(prefix="runbase-mirror-")
        return private_file(Path(self._temporary.name, "mirror.sqlite"))

    def _open(self) -> Client:
        try:
            return self._opened()
        except (SchemaError, CorruptDatabaseError):  # of another version, or damaged
            self._remove()
            return self._opened()

    def _opened(self) -> Client:
        # A cache need not survive a power cut, only stay whole.
        client = Client({"engine": "sqlite", "dbpath": str(self._path)}, durability="normal")
        try:
            client.db.run(SETUP)
        except BaseException:
            client.close()
            raise
        return client

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)
        private_file(self._path)

    def changed(self) -> bool:
        """Whether something may have changed since the last `sync`.

        For an SQLite or a journal file this costs microseconds and is sure; others may have
        changed at any time.

        Raises:
            NotFoundError: the file is gone.
        """
        if not self._lock.acquire(blocking=False):
            return True  # in this moment a sync finds out
        try:
            stamp = self._source.stamp()
            return stamp is None or stamp != self._seen
        finally:
            self._lock.release()

    def sync(self) -> bool:
        """Bring over everything that was in the original when this was called.

        Threads that call it at the same time share the work.

        Returns:
            Whether something had changed.

        Raises:
            NotFoundError: the file is gone.
            ConfigError: another kind of file took its place.
            DatabaseError: the storage cannot be read.
        """
        wanted = self._begun + 1  # one that begins from now on
        with self._lock:
            if self._begun < wanted:
                self._begun += 1
                self._result = False
                self._result = self._sync()
            return self._result

    def _sync(self) -> bool:
        stamp = self._source.stamp()
        if stamp is not None and stamp == self._seen:
            return False
        try:
            found = self._update()
        except sqlite3.IntegrityError:
            found = self._build()
        self._seen = stamp
        return found

    def _build(self) -> bool:
        """Begin again: what was known contradicts what is there."""
        try:
            return self._update(anew=True)
        except sqlite3.IntegrityError as error:
            raise CorruptDatabaseError(
                f"two trials of a study in {self._shown} have the same number or id ({error}): "
                "copy the study with study.add_trials, which numbers them anew"
            ) from error

    def _update(self, *, anew: bool = False) -> bool:
        db = self.client.db
        # To look up the trial of each detail that is added would take a tenth of the time.
        self.client.connection.execute("PRAGMA foreign_keys = OFF")
        while True:
            try:
                # Its lock lets one process at a time do this.
                with db.transaction(durable=False):
                    found = update(
                        db, self._source, self._progress, anew=anew, counted=not self._is_counted
                    )
                self._is_counted = True
                return found
            except ConnectionFailedError as error:
                if not db.engine.is_busy(error.__cause__ or error):
                    raise

    def close(self) -> None:
        """Close the connections; a temporary mirror is removed."""
        with self._lock:
            self._source.close()
            self.client.close()
        if self._temporary is not None:
            self._temporary.cleanup()


def default_directory() -> Path:
    """Where mirrors are kept: in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(cache, "runbase", "mirrors")


def private_file(path: Path) -> Path:
    """Make a file that only the user can read, in a directory like that.

    Raises:
        OSError: it cannot be made.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    return path
