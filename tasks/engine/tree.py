"""ZooKeeper's tree, through a forward of a host's SSH connection: nothing is needed on any host.

kazoo takes longer to import than a run with nothing to do can spare: whoever opens a tree pays for it.
"""

import logging
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from fabric import Connection
from invoke.exceptions import ThreadException
from kazoo.client import KazooClient
from kazoo.exceptions import KazooException, NoNodeError
from kazoo.handlers.threading import KazooTimeoutError

from ..inventory.cluster import Node
from ..plan.look.election import Candidacy
from .hosts import NoTree

PATIENCE = 3
"""Seconds that one member may take to open a session."""

SESSION = 6
"""Seconds of the session that is asked for; kazoo waits as long for the first answer of a member."""

RETRY = {"max_tries": -1, "delay": 0.05, "max_delay": 0.2}
"""How kazoo tries again meanwhile: the forward listens a moment after it was asked for."""

logging.getLogger("kazoo").setLevel(logging.CRITICAL)  # what it has to say comes as an exception, too


class Tree:
    """A session with one member of ZooKeeper."""

    def __init__(self, client: KazooClient) -> None:
        self._client = client

    def candidacies(self, path: str) -> list[Candidacy]:
        """Give what stands below a path. Raises NoTree."""
        with _trouble_told():
            try:
                names = self._client.get_children(path)
            except NoNodeError:
                return []
            return [one for name in names if (one := self._candidacy(f"{path}/{name}"))]

    def remove(self, candidacy: Candidacy) -> bool:
        """Remove a node if it still is what it was; tell whether it was. Raises NoTree."""
        with _trouble_told():
            if self._candidacy(candidacy.path) != candidacy:
                return False
            with suppress(NoNodeError):
                self._client.delete(candidacy.path)
            return True

    def _candidacy(self, path: str) -> Candidacy | None:
        try:
            data, stat = self._client.get(path)
        except NoNodeError:
            return None
        return Candidacy(path, data.decode(errors="replace"), stat.ephemeralOwner, stat.czxid)


@contextmanager
def opened(connection: Connection, members: Sequence[Node]) -> Iterator[Tree]:
    """Open a session with the first of the members that takes one, closed at the end. Raises NoTree."""
    with ExitStack() as stack:
        yield Tree(_session(connection, members, stack))


def _session(connection: Connection, members: Sequence[Node], stack: ExitStack) -> KazooClient:
    why = "hosts.ini has no ZooKeeper"
    for member in members:
        try:
            with ExitStack() as attempt:
                client = attempt.enter_context(_client(connection, member))
                stack.push(attempt.pop_all())
                return client
        except NoTree as error:
            why = f"{member.name}: {error}"
    raise NoTree(why)


@contextmanager
def _client(connection: Connection, member: Node) -> Iterator[KazooClient]:
    """Open a session with one member. Raises NoTree, though never for what goes wrong in the block."""
    with _forward(connection, member) as port:
        client = KazooClient(f"127.0.0.1:{port}", timeout=SESSION, connection_retry=RETRY)
        try:
            with _trouble_told():
                client.start(PATIENCE)
            yield client
        finally:
            with suppress(KazooException):
                client.stop()
                client.close()


@contextmanager
def _forward(connection: Connection, member: Node) -> Iterator[int]:
    """Forward a free port of this machine's loopback to a member, as the connection's host reaches it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Where a packet filter drops what the host sends to the member, the forward would be waited for an hour.
    connection.transport.channel_timeout = PATIENCE
    forward = connection.forward_local(
        port, member.settings.zookeeper_client_port, remote_host=member.address, local_host="127.0.0.1"
    )
    failure: BaseException | None = None
    with suppress(ThreadException), forward:  # it ends with its own trouble, and would hide that of the block
        try:
            yield port
        except BaseException as error:
            failure = error
    if failure:
        raise failure


@contextmanager
def _trouble_told() -> Iterator[None]:
    try:
        yield
    except (KazooException, KazooTimeoutError) as error:
        raise NoTree(str(error) or type(error).__name__) from error
