"""A throw-away PostgreSQL server with its usual settings: data on a disk, every commit synced."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.servers import NotInstalledError, PostgresServer, Server


class SyncedServer(PostgresServer):
    service = """
        {postgres} -D {directory}/data --unix_socket_directories={directory}
        --listen_addresses=127.0.0.1 --port={port}
    """


def running(folder: Path) -> AbstractContextManager[str | None]:
    """The URL of a server, up to the name of a database; None if there is no PostgreSQL."""
    return serving(SyncedServer(folder / "postgres"))


@contextmanager
def serving(server: Server) -> Iterator[str | None]:
    """The URL of a server that runs in the block; None if its programs are not installed."""
    try:
        server.start()
    except NotInstalledError:
        yield None
        return
    try:
        yield server.url("")
    finally:
        server.stop("fast")
        shutil.rmtree(server.directory)


def version() -> str | None:
    if (found := PostgresServer.find()) is None:
        return None
    done = subprocess.run([found["postgres"], "--version"], capture_output=True, text=True)
    return done.stdout.strip().removeprefix("postgres (PostgreSQL) ").split()[0]
