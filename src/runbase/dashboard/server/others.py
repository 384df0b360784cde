"""Servers that some prefer to uvicorn. They speak WSGI, so pages ask for changes."""

from __future__ import annotations

import os
import socket
import threading
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from ...errors import ConfigError
from .application import Application, to_wsgi

if TYPE_CHECKING:
    from .run import Ready

#: Requests that gunicorn serves at a time.
THREADS = 8


def run_gunicorn(application: Application, listener: socket.socket, ready: Ready) -> None:
    """Serve with gunicorn, in a process of its own.

    Raises:
        ConfigError: gunicorn is not installed, or does not run on this system.
    """
    try:
        from gunicorn.app.base import BaseApplication
    except ImportError as error:
        raise ConfigError(
            "gunicorn cannot be used here: pip install gunicorn, or choose --server uvicorn"
        ) from error
    settings = {
        "bind": f"fd://{os.dup(listener.fileno())}",  # it closes what it is given
        "workers": 1,
        "threads": THREADS,
        "loglevel": "warning",
        "graceful_timeout": 2,
        "when_ready": lambda _: ready(),
    }

    class Gunicorn(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for name, value in settings.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return to_wsgi(application)

    try:
        Gunicorn().run()
    except SystemExit as end:  # how it ends: the caller goes on
        if end.code:
            raise ConfigError("gunicorn could not start: its own messages say why") from end


def run_wsgiref(application: Application, listener: socket.socket, ready: Ready) -> None:
    """Serve with Python's own server, a thread for each request."""
    from .run import handling_signals

    application.prepare()
    server = _Threaded(listener.getsockname()[:2], _Quiet, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.server_name, server.server_port = listener.getsockname()[:2]
    server.setup_environ()
    server.set_app(to_wsgi(application))
    ready()
    with handling_signals(lambda *_: threading.Thread(target=server.shutdown).start()):
        server.serve_forever(poll_interval=0.1)
    if application.board is not None:
        application.board.close()


class _Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """No line for each request."""
