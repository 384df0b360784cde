"""A proxy before a PostgreSQL server that counts the round trips of its clients."""

from __future__ import annotations

import select
import socket
import threading

HOST = "127.0.0.1"


class Proxy:
    """Forwards connections to ``port``; ``trips`` is how often a client has waited for an answer.

    What a client sends before the server says anything is one trip, however many parts it has.
    """

    def __init__(self, port: int) -> None:
        self.trips = 0
        self._server = (HOST, port)
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            server = socket.create_connection(self._server)
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._forward, args=(client, server), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        is_waiting = False
        with client, server:
            while True:
                for source in select.select([client, server], [], [])[0]:
                    if not (data := source.recv(2**16)):
                        return
                    if source is client and not is_waiting:
                        self.trips += 1
                    is_waiting = source is client
                    (server if source is client else client).sendall(data)
