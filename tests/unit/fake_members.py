"""Members of a cluster on loopback addresses, which answer the suite as real ones do: over TCP and HTTP."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from socketserver import StreamRequestHandler, TCPServer

import pytest

from tasks.inventory.cluster import Cluster
from tasks.inventory.parse import parse
from verify.plugin import CLUSTER

Say = Callable[[str, int, str], str]
"""What is said at an address and port to a four-letter word or a path; "" where the member is down."""


def nothing(address: str, port: int, asked: str) -> str:
    """Be down."""
    return ""


class Members(TCPServer):
    """All members of a service: they share a port, and the address that is dialled says who is asked."""

    def __init__(self, handler: type[StreamRequestHandler], say: Say) -> None:
        super().__init__(("", 0), handler)
        self.say = say
        self.port = int(self.server_address[1])


def said(asked: StreamRequestHandler, what: str) -> bytes:
    """Give the answer of the member that is asked."""
    assert isinstance(asked.server, Members)
    address, port = asked.connection.getsockname()
    return asked.server.say(address, port, what).encode()


class Word(StreamRequestHandler):
    """Answers a four-letter word, or hangs up."""

    def handle(self) -> None:
        self.wfile.write(said(self, self.rfile.read(4).decode()))


class Path(BaseHTTPRequestHandler):
    """Answers a GET, or hangs up."""

    def do_GET(self) -> None:
        if answer := said(self, self.path):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def listening(handler: type[StreamRequestHandler], say: Say) -> Iterator[int]:
    """Have members listen; give their port."""
    with Members(handler, say) as members:
        threading.Thread(target=members.serve_forever, args=(0.05,)).start()
        try:
            yield members.port
        finally:
            members.shutdown()


@contextmanager
def on_loopback(text: str, zookeeper: Say, masters: Say) -> Iterator[Cluster]:
    """Give an inventory's cluster with 127.0.0.N for every 10.0.0.N, and have its services there.

    No inventory may name such an address, since no other host could reach it.
    """
    with ExitStack() as opened:
        words, paths = (opened.enter_context(listening(*it)) for it in ((Word, zookeeper), (Path, masters)))
        cluster = parse(f"{text}[all:vars]\nzookeeper_client_port={words}\nmesos_master_port={paths}\n")
        there = {node: node.address.replace("10.", "127.", 1) for node in cluster.nodes}
        nodes = (replace(node, name=address, address=address) for node, address in there.items())
        yield replace(cluster, nodes=tuple(nodes), raw=None)


class Given:
    """A plugin of pytest that gives the suite its cluster, in place of the one of hosts.ini."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[CLUSTER] = self._cluster
