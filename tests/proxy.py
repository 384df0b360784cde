"""A proxy before a database server, which cuts connections at the worst moment."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit

COMMIT = re.compile(rb"COMMIT(\0|$)")


class Proxy:
    """Passes on what a client and a server say.

    Once `cut` was called, it passes on the next COMMIT (or what else is to be cut), waits for the
    answer of the server, and closes the connection instead of passing that on.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.server = parts.hostname or "", parts.port or 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        port = self.listener.getsockname()[1]
        place = f"{parts.username}:{parts.password}@127.0.0.1:{port}"
        self.url = urlunsplit(parts._replace(netloc=place))
        self.cuts = 0
        self.armed: re.Pattern[bytes] | None = None
        self.answering: socket.socket | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, statement: re.Pattern[bytes] = COMMIT) -> None:
        """Lose the answer to the next COMMIT, or to another statement."""
        self.armed = statement

    def close(self) -> None:
        """Take no more connections."""
        self.listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.server)
                for one, other, to_server in ((client, server, True), (server, client, False)):
                    arguments = (one, other, to_server)
                    threading.Thread(target=self._pass_on, args=arguments, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, to_server: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if to_server and self.armed and self.armed.search(data):
                    self.armed, self.answering = None, target
                elif not to_server and self.answering is source:
                    self.answering = None
                    self.cuts += 1
                    break
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
