"""ZooKeeper's tree, through a forward of a host's SSH connection: nothing is needed on any host.

kazoo takes longer to import than a run with nothing to do can spare: whoever opens a tree pays for it.
"""

import logging
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from fabric import Connection
from invoke.exceptions import ThreadException
from kazoo.client import KazooClient
from kazoo.exceptions import KazooException, NodeExistsError, NoNodeError
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.security import ACL, Id

from ..errors import NoTree
from ..inventory.cluster import Node
from ..inventory.credentials import Secret
from ..plan.look.election import Candidacy
from ..plan.look.rights import Right, Rights
from ..plan.zookeeper.backup.picture import Content, Listed
from ..plan.zookeeper.backup.tree import Stamp, Znode

PATIENCE = 3
"""Seconds that one member may take to open a session."""

SESSION = 6
"""Seconds of the session that is asked for; kazoo waits as long for the first answer of a member."""

RETRY = {"max_tries": -1, "delay": 0.05, "max_delay": 0.2}
"""How kazoo tries again meanwhile: the forward listens a moment after it was asked for."""

LISTING, READING = 200, 16
"""How many nodes are asked for at a time: what is below them, and what is in them, which may be 1 MB each.

While answers come in without a pause, kazoo sends no sign of life but the next requests.
"""

ANSWER = 30
"""Seconds that the answer to one of them may take."""

LONGEST = 900
"""Seconds that a session may take for all of them."""

CONTAINER = -(2**63)
"""The owner of a node that ZooKeeper 3.5+ removes once it is empty: no session, so it is a lasting one."""

logging.getLogger("kazoo").setLevel(logging.CRITICAL)  # what it has to say comes as an exception, too


class Tree:
    """A session with one member of ZooKeeper."""

    def __init__(self, client: KazooClient) -> None:
        self._client, self._end = client, time.monotonic() + LONGEST

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

    def zxid(self) -> int:
        """Give the last change that the member knows. Raises NoTree."""
        with _trouble_told():
            self._client.exists("/")
            return int(self._client.last_zxid)

    def listed(self, paths: Sequence[str]) -> Iterator[Listed | None]:
        """Give what is below nodes, and their stamps; None for one that is not there. Raises NoTree."""
        found = self._each(
            paths, lambda path: [self._client.get_children_async(path, include_data=True)], LISTING
        )
        return (_listed(*one[0]) if one else None for one in found)

    def read(self, paths: Sequence[str]) -> Iterator[Content | None]:
        """Give what is in nodes, None for one that is not there. Raises NoTree."""
        found = self._each(
            paths, lambda path: [self._client.get_acls_async(path), self._client.get_async(path)]
        )
        return (_content(one[0][0], *one[1]) if one else None for one in found)

    def create(self, nodes: Mapping[str, Znode]) -> None:
        """Make nodes, parents first; one that is there already stays as it is. Raises NoTree."""

        def make(path: str) -> list[Any]:
            acl = [ACL(right.permissions, Id(right.scheme, right.id)) for right in nodes[path].acl]
            return [self._client.create_async(path, nodes[path].data, acl)]

        with _trouble_told():
            for parent in {path.rpartition("/")[0] for path in nodes} - nodes.keys():
                self._client.ensure_path(parent or "/")
        for _ in self._each(nodes, make):
            pass

    def _each(
        self, paths: Iterable[str], ask: Callable[[str], list[Any]], window: int = READING
    ) -> Iterator[list[Any] | None]:
        """Put requests for each path, so many at a time, and give the answers, None where it is not there."""
        pending: deque[tuple[str, list[Any]]] = deque()
        for path in paths:
            with _trouble_told():
                pending.append((path, ask(path)))
            if len(pending) == window:
                yield self._answers(*pending.popleft())
        while pending:
            yield self._answers(*pending.popleft())

    def _answers(self, path: str, pending: Sequence[Any]) -> list[Any] | None:
        patience = min(ANSWER, self._end - time.monotonic())
        if patience <= 0:
            raise NoTree(f"it has taken more than {LONGEST} s")
        try:
            return [one.get(timeout=patience) for one in pending]
        except (NoNodeError, NodeExistsError):
            return None
        except (KazooException, KazooTimeoutError) as error:
            raise NoTree(f"{path}: {str(error) or type(error).__name__}") from error

    def _candidacy(self, path: str) -> Candidacy | None:
        try:
            data, stat = self._client.get(path)
        except NoNodeError:
            return None
        return Candidacy(path, data.decode(errors="replace"), stat.ephemeralOwner, stat.czxid)

    def rights(self, paths: Sequence[str]) -> Rights:
        """Give who may do what with nodes, as far as they are there. Raises NoTree."""
        found = self._each(paths, lambda path: [self._client.get_acls_async(path)])
        return {path: _rights(one[0][0]) for path, one in zip(paths, found, strict=True) if one}


def _listed(names: Sequence[str], stat: Any) -> Listed:
    stamp = Stamp(stat.czxid, stat.mzxid, stat.pzxid, stat.version, stat.aversion)
    return Listed(tuple(names), stamp, stat.ephemeralOwner in (0, CONTAINER))


def _content(acl: Sequence[Any], data: bytes, stat: Any) -> Content:
    return Content(data or b"", _rights(acl), stat.mzxid)


def _rights(acl: Sequence[Any]) -> tuple[Right, ...]:
    return tuple(Right(one.perms, one.id.scheme, one.id.id) for one in acl)


@contextmanager
def opened(connection: Connection, members: Sequence[Node], owner: Secret | None = None) -> Iterator[Tree]:
    """Open a session with the first of the members that takes one, closed at the end. Raises NoTree.

    `owner` is NAME:SECRET of somebody whose nodes it may change.
    """
    with ExitStack() as stack:
        yield Tree(_session(connection, members, owner, stack))


@contextmanager
def opened_at(connection: Connection, address: str, port: int) -> Iterator[Tree]:
    """Open a session with one ZooKeeper, which may be none of hosts.ini's. Raises NoTree."""
    with _client(connection, address, port) as client:
        yield Tree(client)


def _session(
    connection: Connection, members: Sequence[Node], owner: Secret | None, stack: ExitStack
) -> KazooClient:
    why = "hosts.ini has no ZooKeeper"
    for member in members:
        port = member.settings.zookeeper_client_port
        try:
            with ExitStack() as attempt:
                client = attempt.enter_context(_client(connection, member.address, port, owner))
                stack.push(attempt.pop_all())
                return client
        except NoTree as error:
            why = f"{member.name}: {error}"
    raise NoTree(why)


@contextmanager
def _client(
    connection: Connection, address: str, port: int, owner: Secret | None = None
) -> Iterator[KazooClient]:
    """Open a session with one member. Raises NoTree, though never for what goes wrong in the block."""
    shown = [("digest", owner.text)] if owner else None
    with _forward(connection, address, port) as local:
        client = KazooClient(f"127.0.0.1:{local}", timeout=SESSION, connection_retry=RETRY, auth_data=shown)
        try:
            with _trouble_told():
                client.start(PATIENCE)
            yield client
        finally:
            with suppress(KazooException):
                client.stop()
                client.close()


@contextmanager
def _forward(connection: Connection, address: str, remote: int) -> Iterator[int]:
    """Forward a free port of this machine's loopback to a member, as the connection's host reaches it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Where a packet filter drops what the host sends to the member, the forward would be waited for an hour.
    connection.transport.channel_timeout = PATIENCE
    forward = connection.forward_local(port, remote, remote_host=address, local_host="127.0.0.1")
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
