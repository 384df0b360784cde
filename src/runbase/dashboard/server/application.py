"""The dashboard as an ASGI and as a WSGI application."""

from __future__ import annotations

import asyncio
import os
import threading
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Receive, Scope, Send

from ...config import resolve
from ...errors import require
from ..board import Board
from ..console import Settings
from .guard import Guard
from .open import check, open_board
from .options import (
    PREFIX,
    allowed_hosts_of,
    base_path_of,
    check_seconds,
    max_body_of,
    token_of,
)
from .stores import store_of

if TYPE_CHECKING:
    from optuna.artifacts._protocol import ArtifactStore

    from ..artifact.protocol import ArtifactBackend
    from .open import Storage

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Application:
    """An ASGI application that opens its board where it serves the first request.

    Servers that start several processes load the application before they fork, and a connection
    is no good on the other side of a fork.
    """

    def __init__(self, open: Callable[[], Board], guard: Guard) -> None:
        self.open, self.guard = open, guard
        self.board: Board | None = None
        self._app: ASGIApp | None = None
        self._pid = 0
        self._opening = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        app = self._app
        if app is None or self._pid != os.getpid():
            app = await asyncio.to_thread(self.prepare)
        await app(scope, receive, send)

    def prepare(self) -> ASGIApp:
        """Open the board of this process, unless that is done.

        Raises:
            RunbaseError: the database cannot be shown.
        """
        if self._pid not in (0, os.getpid()):
            self._opening = threading.Lock()  # another thread may have held it at the fork
            self._app, self._pid = None, os.getpid()
        with self._opening:
            if self._app is None:
                from .app import create_app

                self.board = self.open()
                self._app = create_app(self.board, self.guard)
                self._pid = os.getpid()
            return self._app


def guard_of(
    host: str,
    token: str | None,
    allowed_hosts: Sequence[str],
    read_only: bool,
    base_path: str,
    max_body: int | None = None,
) -> Guard:
    """The guard with these settings; what is not given is taken from the environment.

    Raises:
        ConfigError: a setting is wrong.
    """
    return Guard(
        host=host,
        token=token_of(token),
        allowed_hosts=allowed_hosts_of(tuple(allowed_hosts)),
        read_only=read_only,
        base_path=base_path_of(base_path),
        max_body=max_body or max_body_of(os.environ),
    )


def queries_of(sql: bool, url: str | None, seconds: float) -> Settings:
    """How queries in SQL are run; what is not given is taken from the environment.

    Raises:
        ConfigError: the URL is none, or the number of seconds is not one.
    """
    url = url or os.environ.get(f"{PREFIX}SQL_URL") or None
    if url is not None:
        resolve(url)
    return Settings(url, check_seconds(seconds), not sql)


def asgi(
    storage: Storage,
    artifact_store: ArtifactStore | str | os.PathLike[str] | None = None,
    *,
    token: str | None = None,
    read_only: bool = False,
    base_path: str = "",
    allowed_hosts: Sequence[str] = (),
    sql: bool = True,
    sql_url: str | None = None,
    sql_timeout: float = 10.0,
) -> ASGIApp:
    """The dashboard for ASGI servers such as uvicorn and hypercorn; pages are told of changes.

    Args:
        storage: a URL, a file, a `runbase.Client`, or any storage of Optuna.
        artifact_store: where files of studies are: a store of Optuna's, or a folder.
        token: what everybody must show; by default RUNBASE_DASHBOARD_TOKEN, or nothing.
        read_only: refuse every write.
        base_path: the path below which a proxy serves this, such as ``/runs``.
        allowed_hosts: names by which browsers reach it, besides those of this machine; by
            default RUNBASE_DASHBOARD_ALLOWED_HOSTS.
        sql: whether queries in SQL can be run, where that is safe; they only read.
        sql_url: where they go, with an account that may only read; by default to ``storage``.
        sql_timeout: seconds that one may take.

    Raises:
        ConfigError: a setting is wrong.
        ConnectionFailedError: there is no such file. Whether a database can be used is found
            out with the first request.
    """
    store, guard = (
        store_of(artifact_store),
        guard_of("", token, allowed_hosts, read_only, base_path),
    )
    check(storage)
    queries = queries_of(sql, sql_url, sql_timeout)
    return Application(
        lambda: open_board(storage, artifacts=store, read_only=read_only, queries=queries), guard
    )


def wsgi(
    storage: Storage,
    artifact_store: ArtifactStore | str | os.PathLike[str] | None = None,
    *,
    artifact_backend: ArtifactBackend | None = None,
    llm_provider: object = None,
    jupyterlab_extension_context: object = None,
    token: str | None = None,
    read_only: bool = False,
    base_path: str = "",
    allowed_hosts: Sequence[str] = (),
    sql: bool = True,
    sql_url: str | None = None,
    sql_timeout: float = 10.0,
) -> Wsgi:
    """The dashboard for WSGI servers such as gunicorn and waitress; pages ask for changes.

    Args:
        storage: see `asgi`.
        artifact_store: see `asgi`.
        artifact_backend: the deprecated form of the same.
        llm_provider: accepted, and not used.
        jupyterlab_extension_context: accepted, and not used.
        token: see `asgi`.
        read_only: see `asgi`.
        base_path: see `asgi`.
        allowed_hosts: see `asgi`.
        sql: see `asgi`.
        sql_url: see `asgi`.
        sql_timeout: see `asgi`.

    Raises:
        ConfigError: a setting is wrong.
        ConnectionFailedError: there is no such file.
        MissingExtraError: a2wsgi is not installed.
    """
    require("a2wsgi", "dashboard")
    not_used("llm_provider", llm_provider)
    not_used("jupyterlab_extension_context", jupyterlab_extension_context)
    store = store_of(artifact_store, artifact_backend)
    guard = guard_of("", token, allowed_hosts, read_only, base_path)
    check(storage)
    queries = queries_of(sql, sql_url, sql_timeout)

    def open() -> Board:
        return open_board(
            storage, artifacts=store, read_only=read_only, streams=False, queries=queries
        )

    return to_wsgi(Application(open, guard))


def to_wsgi(application: Application) -> Wsgi:
    """An application for WSGI servers, whose event loop is a thread of each process."""
    from a2wsgi import ASGIMiddleware

    make: Any = ASGIMiddleware
    adapters: dict[int, Wsgi] = {}
    making = threading.Lock()

    def served(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with making:
            if os.getpid() not in adapters:
                adapters[os.getpid()] = make(application)
        return adapters[os.getpid()](environ, start_response)

    return served


def not_used(name: str, value: object) -> None:
    """Say that an argument of Optuna Dashboard's does nothing here."""
    if value is not None:
        warnings.warn(f"{name} is not used: leave it out", UserWarning, stacklevel=3)
