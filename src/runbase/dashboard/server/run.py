"""Runs the server, until somebody ends it."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn

from ...errors import ConfigError
from .application import Application, guard_of, not_used, queries_of
from .guard import LOOPBACK, Guard
from .open import check, open_board
from .options import Server
from .stores import store_of

if TYPE_CHECKING:
    from optuna.artifacts._protocol import ArtifactStore

    from ..artifact.protocol import ArtifactBackend
    from .open import Storage

BACKLOG = 512
#: Seconds that requests get to end in when the server ends.
GRACE = 2


def run_server(
    storage: Storage,
    host: str = "localhost",
    port: int = 8080,
    artifact_store: ArtifactStore | str | os.PathLike[str] | None = None,
    *,
    artifact_backend: ArtifactBackend | None = None,
    llm_provider: object = None,
    token: str | None = None,
    read_only: bool = False,
    base_path: str = "",
    allowed_hosts: Sequence[str] = (),
    max_body: int | None = None,
    storage_class: str | None = None,
    server: Server = "auto",
    quiet: bool = False,
    open_browser: bool = False,
    sql: bool = True,
    sql_url: str | None = None,
    sql_timeout: float = 10.0,
) -> None:
    """Serve the dashboard until Ctrl-C or SIGTERM; in a thread, until the program ends. ::

        run_server("sqlite:///runs.db")

    Args:
        storage: a URL, a file, a `runbase.Client`, or any storage of Optuna.
        host: the address to listen on; "0.0.0.0" for everybody who reaches this machine.
        port: the port; 0 for one that is free, which is printed.
        artifact_store: where files of studies are: a store of Optuna's, or a folder.
        artifact_backend: the deprecated form of the same.
        llm_provider: accepted, and not used.
        token: what everybody must show; by default RUNBASE_DASHBOARD_TOKEN, or nothing.
        read_only: refuse every write.
        base_path: the path below which a proxy serves this, such as ``/runs``.
        allowed_hosts: names by which browsers reach it, besides ``host``; by default
            RUNBASE_DASHBOARD_ALLOWED_HOSTS.
        max_body: bytes of a request at most; by default RUNBASE_DASHBOARD_MAX_BODY, or 128 MiB.
        storage_class: how to open a text as a storage of Optuna; by default it is found out.
        server: "uvicorn" (as "auto"), or "gunicorn" or "wsgiref", with which pages poll.
        quiet: print nothing.
        open_browser: open a browser, if there is one.
        sql: whether queries in SQL can be run, where that is safe; they only read.
        sql_url: where they go, with an account that may only read; by default to ``storage``.
        sql_timeout: seconds that one may take.

    Raises:
        ConfigError: a setting is wrong, or the port is in use.
        RunbaseError: the database cannot be shown.
    """
    not_used("llm_provider", llm_provider)
    host = "127.0.0.1" if host == "localhost" else host
    store = store_of(artifact_store, artifact_backend)
    guard = guard_of(host, token, allowed_hosts, read_only, base_path, max_body)
    check(storage)
    queries = queries_of(sql, sql_url, sql_timeout)
    streams = server in ("auto", "uvicorn")

    def open() -> Any:
        return open_board(
            storage, storage_class, artifacts=store, read_only=read_only, streams=streams,
            queries=queries,
        )  # fmt: skip

    with listening(host, port) as listener:
        application = Application(open, guard)
        ready = Ready(listener, guard, quiet=quiet, open_browser=open_browser)
        if streams:
            _run(application, listener, ready)
        else:
            from . import others

            run = others.run_gunicorn if server == "gunicorn" else others.run_wsgiref
            run(application, listener, ready)


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens.

    Raises:
        ConfigError: the port is in use, or this machine does not have the address.
    """
    try:
        kind, _, _, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(kind, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"there is no address {host!r} to listen on: {error}") from error
    with listener:
        try:
            if os.name == "posix":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError as error:
            raise _cannot_listen(host, port, error) from error
        yield listener


def _cannot_listen(host: str, port: int, error: OSError) -> ConfigError:
    where = f"port {port} of {host}"
    if error.errno == errno.EADDRINUSE:
        return ConfigError(f"{where} is in use: choose another with --port, or 0 for a free one")
    if error.errno == errno.EACCES:
        return ConfigError(f"{where} needs more rights: choose one above 1023 with --port")
    return ConfigError(f"{where} cannot be listened on: {error.strerror}")


class Ready:
    """Says that the server listens, once it does."""

    def __init__(
        self, listener: socket.socket, guard: Guard, *, quiet: bool, open_browser: bool
    ) -> None:
        name, port = listener.getsockname()[:2]
        host = guard.host if ":" not in guard.host else f"[{guard.host}]"
        self.url = f"http://{host or name}:{port}{guard.base_path}/"
        self.is_open = guard.token is None and not _is_loopback(guard.host)
        self.port, self.quiet, self.open_browser = port, quiet, open_browser

    def __call__(self) -> None:
        """Print the address, and open it."""
        if not self.quiet:
            print(f"Listening on {self.url}", flush=True)
            print("Hit Ctrl-C to quit.", flush=True)
            if self.is_open:
                print(
                    f"Everybody who reaches port {self.port} of this machine can read and change "
                    "what is there: --token asks for a token.",
                    file=sys.stderr,
                    flush=True,
                )
        if self.open_browser and has_browser():
            threading.Thread(target=webbrowser.open, args=(self.url,), daemon=True).start()


def has_browser() -> bool:
    """Whether a person sits in front of this machine and sees the output of this program."""
    elsewhere = ("SSH_CONNECTION", "SSH_TTY", "CI")
    if not sys.stdout.isatty() or any(os.environ.get(name) for name in elsewhere):
        return False
    displays = ("DISPLAY", "WAYLAND_DISPLAY")
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in displays)


def _is_loopback(host: str) -> bool:
    try:
        return host in LOOPBACK or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def handling_signals(handle: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Call ``handle`` for Ctrl-C and SIGTERM, where this thread is the one that gets them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


class _Uvicorn(uvicorn.Server):
    """Says when it listens, and ends the open streams when it ends."""

    def __init__(self, config: uvicorn.Config, application: Application, ready: Ready) -> None:
        super().__init__(config)
        self.application, self.ready = application, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.application.board is not None:
            self.application.board.watcher.end()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """To be ended is how a server ends: no signal is raised again afterwards."""
        with handling_signals(self.handle_exit):
            yield


def _run(application: Application, listener: socket.socket, ready: Ready) -> None:
    application.prepare()
    config = uvicorn.Config(
        application,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=GRACE,
    )
    server = _Uvicorn(config, application, ready)
    try:
        _run_anywhere(server, listener)
    finally:
        if application.board is not None:
            application.board.close()


def _run_anywhere(server: _Uvicorn, listener: socket.socket) -> None:
    """Run the server, also in a notebook, whose thread runs an event loop already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        server.run([listener])
        return
    thread = threading.Thread(target=server.run, args=([listener],), name="runbase-dashboard")
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.2)
    finally:
        server.should_exit = True
        thread.join()
