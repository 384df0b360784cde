"""What a dashboard serves: one database to read, and where writes go."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ..errors import require
from .columns import Tables
from .console import Console, Settings
from .live import Watcher
from .orders import Orders

if TYPE_CHECKING:
    from optuna.artifacts._protocol import ArtifactStore
    from optuna.storages import BaseStorage

    from ..client import Client
    from ..db import Database
    from ..sources.optuna.mirror import Mirror


class Board:
    """One database, the caches of what pages show of it, and the storage that writes go to.

    Pages read ``client``. Where that is the mirror of an Optuna storage, writes go to the original.

    Args:
        client: the database to read.
        mirror: what keeps ``client`` like an Optuna storage.
        storage: the Optuna storage for writes; by default one is made when it is needed.
        name: what to call the database, without a password; by default its URL.
        artifacts: where files are, as ``optuna.artifacts`` has it.
        read_only: refuse every write.
        queries: how queries in SQL are run, and whether they are.
    """

    def __init__(
        self,
        client: Client,
        *,
        mirror: Mirror | None = None,
        storage: BaseStorage | None = None,
        name: str | None = None,
        artifacts: ArtifactStore | None = None,
        read_only: bool = False,
        streams: bool = True,
        queries: Settings | None = None,
    ) -> None:
        self.client, self.mirror = client, mirror
        self.name = name or client.engine.describe()
        self.artifacts, self.read_only = artifacts, read_only
        #: Whether the server can keep answers open for events; otherwise pages ask.
        self.streams = streams
        self.watcher = Watcher(client, mirror)
        self.tables = Tables(client)
        self.orders = Orders()
        self.console = Console(client.engine, queries or Settings())
        self._storage = storage
        self._opening = threading.Lock()

    @property
    def db(self) -> Database:
        """The database that pages read."""
        return self.client.db

    @property
    def storage(self) -> BaseStorage:
        """The Optuna storage for writes to studies.

        Raises:
            MissingExtraError: Optuna is not installed.
        """
        if self.mirror is not None:
            return self.mirror.storage
        with self._opening:
            if self._storage is None:
                require("optuna", "optuna")
                from ..optuna import RDBStorage

                self._storage = RDBStorage(self.client)
            return self._storage

    def written(self) -> None:
        """Something was written: whoever asks from now on sees it."""
        self.watcher.look()

    def close(self) -> None:
        """Stop watching, and close the connections that the board opened."""
        self.watcher.close()
        if self.mirror is not None:
            self.mirror.close()
