"""A scratch ZooKeeper on a host, for as long as a block runs."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from paramiko import Channel

from ..errors import Blocked
from ..inventory.cluster import Node
from ..plan.zookeeper.backup import scratch
from .hosts import Hosts
from .remote import hang_up

GOING = 30
"""Seconds that its removal is waited for."""


@contextmanager
def serving(hosts: Hosts, node: Node) -> Iterator[int]:
    """Have one serve on the loopback of a host, and give its port; it is removed in any case.

    Raises Blocked or Unreachable.
    """
    text = scratch.script(hosts.cluster, node)
    with hosts.console.looking(node.name, "start a scratch ZooKeeper"):
        channel, said = hosts.hold(node, text, lambda line: bool(scratch.SERVES.fullmatch(line)))
    try:
        port = scratch.port(said)
        if port is None:
            raise Blocked(*scratch.trouble(said), node.name, "scratch ZooKeeper")
        yield port
    finally:
        _end(channel)


def _end(channel: Channel) -> None:
    """Have it removed, and wait for that: its command ends with its input."""
    with suppress(OSError, EOFError):
        channel.shutdown_write()
        channel.status_event.wait(GOING)
    hang_up(channel)
