"""One operator at a time: a lease on every host of a run, kept up by its connection and gone with it."""

import getpass
import socket
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from threading import Event, Thread

from paramiko import Channel, SSHException

from ..errors import Blocked, Unreachable
from ..plan.cluster import Node
from ..plan.runbook import Chapter
from ..plan.shell import quote
from . import fanout
from .hosts import Hosts
from .remote import hang_up

LEASE = "/run/mesofab.lease"
"""Locked for as long as a run that changes the host lives; its text tells whose run that is."""

BEAT = 15
"""Seconds between two signs of life that a run gives to each of its hosts."""

PATIENCE = 60
"""Seconds without one after which a host takes a run for dead."""


@contextmanager
def held(hosts: Hosts, chapters: Sequence[Chapter]) -> Iterator[None]:
    """Hold every host of the run while the block runs. Raises Blocked if another run holds one.

    The other members of the services of `chapters` are held, too, or two runs on different hosts could
    each take a member down; one that cannot be reached does not matter.

    The lock belongs to a process at the other end of the connection. It ends when the connection
    does; and if that end cannot be told to the host, as when the cable is cut here, a minute after
    our last sign of life.
    """
    script = _script(f"{getpass.getuser()}@{socket.gethostname()}", " ".join(sys.argv[1:]))
    with ExitStack() as leases:
        channels = [*_own(hosts, script).values(), *_others(hosts.fellows(chapters), script).values()]
        over = Event()
        Thread(target=_keep_up, args=(channels, over), daemon=True).start()
        for channel in channels:
            leases.callback(hang_up, channel)
        leases.callback(over.set)
        yield


def _own(hosts: Hosts, script: str) -> dict[str, Channel]:
    return hosts.each(hosts.nodes, lambda node: _take(hosts, node, script))


def _others(fellows: Hosts, script: str) -> dict[str, Channel]:
    taken, errors = fanout.attempt(
        fellows.nodes, lambda node: _take(fellows, node, script), fellows.cluster.settings.parallel
    )
    for error in errors.values():
        if isinstance(error, Blocked):
            raise error
    return taken


def _keep_up(channels: Iterable[Channel], over: Event) -> None:
    while not over.wait(BEAT):
        for channel in channels:
            _beat(channel)


def _beat(channel: Channel) -> None:
    with suppress(SSHException, OSError, EOFError):
        channel.sendall(b".")
        if not channel.exit_status_ready():
            return
    # The lease is gone, and another run may have the host by now: ours may not touch it again.
    channel.get_transport().close()


def _take(hosts: Hosts, node: Node, script: str) -> Channel:
    channel, said = hosts.hold(node, script)
    if said == "held":
        return channel
    hang_up(channel)
    if said.startswith("busy "):
        raise Blocked(
            f"{node.name}  {said.removeprefix('busy ')} is at work here. "
            "Wait for that run to end, then run again."
        )
    raise Unreachable(f"{node.name}  it could not be locked: {said or 'no answer'}.")


def _script(who: str, what: str) -> str:
    """The script that takes the lock, says so, and keeps it until no sign of life comes any more."""
    return (
        f"exec 8<>{LEASE}\n"
        f'flock -n 8 || {{ echo "busy $(cat {LEASE})"; exit 0; }}\n'
        f"printf '%s, since %s UTC: fab %s\\n' {quote(who)} \"$(date -u '+%F %T')\" {quote(what)} > {LEASE}\n"
        "echo held\n"
        # On one line with its exit: what follows on standard input is signs of life, no script.
        f'while [ -n "$(timeout {PATIENCE} head -c 1)" ]; do :; done; exit 0\n'
    )
