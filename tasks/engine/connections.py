"""The one connection to each host of a run, dialled while the rest of the program is still read in."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock

from fabric import Connection

from ..errors import BadInput, OperatorError
from ..inventory.cluster import Node
from . import fanout
from .ssh.access import Access


class Connections:
    """Connections to hosts, at most `parallel` dialled at a time. Leaving the context closes every one.

    The first are dialled at once: what a run has to import before it can ask them anything takes about
    as long as a login, and neither needs the other.
    """

    def __init__(self, access: Access, nodes: Sequence[Node], parallel: int) -> None:
        self._access, self._nodes, self._parallel = access, nodes, parallel
        self._pool = ThreadPoolExecutor(parallel)
        self._routes = self._pool.submit(self._find_routes)
        self._dialled: dict[str, Future[Connection]] = {}
        self._lock = Lock()

    def __enter__(self) -> "Connections":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        for future in self._dialled.values():
            if not future.cancelled() and not future.exception():
                future.result().close()
        self._access.close()

    def refuse_bad_routes(self) -> None:
        """Wait until it is known how every host is reached. Raises BadInput; nobody was dialled then."""
        self._routes.result()

    def to(self, node: Node) -> Connection:
        """Give the one connection to a node; one that could not be made is tried again the next time.

        Raises Unreachable or BadInput.
        """
        try:
            return self._dial(node).result()
        except OperatorError:
            self._dialled.pop(node.name, None)
            raise

    def prove(self, node: Node) -> None:
        """Log in to a node anew and hang up again. Raises Unreachable or BadInput."""
        self._access.connect(node).close()

    def drop(self, name: str) -> None:
        """Close the connection to a node, if there is one: the next use dials again."""
        if future := self._dialled.pop(name, None):
            future.result().close()

    def _find_routes(self) -> None:
        _, errors = fanout.attempt(self._nodes, self._access.route, self._parallel)
        if errors:
            raise BadInput("\n".join(dict.fromkeys(map(str, errors.values()))))
        for node in self._nodes[: self._parallel]:
            self._dial(node)

    def _dial(self, node: Node) -> Future[Connection]:
        with self._lock:
            if node.name not in self._dialled:
                self._dialled[node.name] = self._pool.submit(self._access.connect, node)
            return self._dialled[node.name]
