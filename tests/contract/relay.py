"""A way to ZooKeeper on which one session can be cut, as the restart of one member of three cuts it."""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import suppress

Pair = tuple[socket.socket, socket.socket]
_SESSION = slice(12, 20)
"""Where the first answer of a ZooKeeper has the session: behind its length, the version and the timeout."""


class Relay:
    """Listens on the loopback and passes on; who was cut may come again."""

    def __init__(self, zookeeper: str, port: int = 0) -> None:
        host, _, served = zookeeper.partition(":")
        self._zookeeper = (host, int(served))
        self._server = socket.create_server(("127.0.0.1", port))
        self.port: int = self._server.getsockname()[1]
        self._pairs: dict[int, Pair] = {}
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def sessions(self) -> set[int]:
        """Return the sessions that came this way and were not cut."""
        return set(self._pairs)

    def cut(self, session: int) -> None:
        """Break a session's connection."""
        for end in self._pairs.pop(session):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let nobody in any more, and break everybody's connection."""
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for session in self.sessions:
            self.cut(session)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                pair = client, socket.create_connection(self._zookeeper)
                threading.Thread(target=self._pass_on, args=(pair,), daemon=True).start()

    def _pass_on(self, pair: Pair) -> None:
        """Carry bytes both ways, until either end closes."""
        client, upstream = pair
        with client, upstream, selectors.DefaultSelector() as ready, suppress(OSError):
            ready.register(client, selectors.EVENT_READ, upstream)
            ready.register(upstream, selectors.EVENT_READ, client)
            known = False
            while True:
                for key, _ in ready.select():
                    assert isinstance(key.fileobj, socket.socket)
                    data = key.fileobj.recv(65536)
                    if not data:
                        return
                    if key.fileobj is upstream and not known:
                        self._pairs[int.from_bytes(data[_SESSION])] = pair
                        known = True
                    key.data.sendall(data)
