"""One operator at a time: a lease on every host of a run, kept up by its connection and gone with it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import TypeVar

from paramiko import Channel, SSHException

from ..errors import Blocked, Unreachable
from ..inventory.cluster import Node
from ..plan.look.lease import LEASE
from ..plan.look.lease import read as whose
from ..plan.look.observed import Observed
from ..plan.shell import private, quote
from . import fanout
from .hosts import Hosts, Inquiry
from .remote import hang_up
from .run import Run
from .who import typed, who

BEAT = 15
"""Seconds between two signs of life that a run gives to each of its hosts."""

SILENCE = 60
"""Seconds without one after which a host takes a run for dead."""

T = TypeVar("T")


class Taken(Blocked):
    """Somebody else holds the lease on a host."""


class NotLocked(Unreachable):
    """A host on which no lease can be taken at all."""


@contextmanager
def held(
    run: Run, asking: Callable[[Node], Inquiry[T]]
) -> Iterator[tuple[dict[str, T], dict[str, Observed]]]:
    """Hold every host of the run while the block runs. Raises Taken, NotLocked or Unreachable.

    Each is asked by the command that takes its lease: nobody else can change it behind the answer. Gives
    the answers, and how the other members of its services look. Those are held, too, or two
    runs on different hosts could each take a member down; one that cannot be reached does not matter.

    The lock belongs to a process at the other end of the connection. It ends when the connection
    does; and if that end cannot be told to the host, as when the cable is cut here, a minute after
    our last sign of life.
    """
    leases: list[Channel] = []
    over = Event()
    # It begins with the first lease: until the last one is taken, a step may have to be waited for.
    Thread(target=_keep_up, args=(leases, over), daemon=True).start()
    try:
        with run.console.spent.part("taking the lease"):
            own = run.hosts.each(run.hosts.nodes, lambda node: _take(run.hosts, node, asking(node), leases))
            others = _others(run, leases)
        yield own, others
    finally:
        over.set()
        for channel in leases:
            hang_up(channel)


def _others(run: Run, leases: list[Channel]) -> dict[str, Observed]:
    fellows = run.hosts.fellows(run.chapters)
    seen, errors = fanout.attempt(
        fellows.nodes,
        lambda node: _take(fellows, node, fellows.looking(run.chapters, node), leases),
        fellows.cluster.settings.parallel,
    )
    for error in errors.values():
        if isinstance(error, Taken):
            raise error
    for name, one in seen.items():
        if one.busy:  # with a step of a run that has lost its lease: nobody else may act there now
            seen_there = "another run lost this host in mid-step, and the step is still under way"
            raise Taken(seen_there, "Wait for its end, then run again.", name)
    return seen


def _keep_up(leases: Iterable[Channel], over: Event) -> None:
    while not over.wait(BEAT):
        for channel in tuple(leases):
            _beat(channel)


def _beat(channel: Channel) -> None:
    with suppress(SSHException, OSError, EOFError):
        channel.sendall(b".")
        if not channel.exit_status_ready():
            return
    # The lease is gone, and another run may have the host by now: ours may not touch it again.
    channel.get_transport().close()


def _take(hosts: Hosts, node: Node, inquiry: Inquiry[T], leases: list[Channel]) -> T:
    with hosts.console.looking(node.name, inquiry.what):
        channel, text = hosts.hold(node, script(who(), typed(), hosts.run_id, inquiry.script), inquiry.over)
    said, _, answer = text.partition("\n")
    if said == "held":
        leases.append(channel)
        hosts.leased(node)
        return inquiry.answer(node, answer)
    hang_up(channel)
    if said.startswith("busy "):
        seen = str(whose(said.removeprefix("busy ")) or "another run is at work here")
        raise Taken(seen, "Wait for that run to end, then run again.", node.name)
    raise NotLocked(f"it could not be locked: {said[:200] or 'no answer'}.", host=node.name)


def script(who: str, what: str, run: str, inquiry: str, lease: str = LEASE, silence: int = SILENCE) -> str:
    """Give the shell that takes the lock, says so, asks, and keeps it until no sign of life comes.

    Below what people read stands the `run`, by which its steps know that the lease is still theirs.
    """
    return (
        f"{private(lease)}"
        f"exec 8<>{lease}\n"
        # A second, since a look that asks whether it is held has it locked for a moment.
        f'flock -w 1 8 || {{ echo "busy $(cat {lease})"; exit 0; }}\n'
        f"printf '%s, since %s UTC: fab %s\\n%s\\n' {quote(who)} \"$(date -u '+%F %T')\" {quote(what)} {run}"
        f" > {lease} || exit 0\n"
        "echo held\n"
        f"(\n{inquiry}) 8>&-\n"
        # On one line with its exit: what follows on standard input is signs of life, no script.
        f'while [ -n "$(timeout {silence} head -c 1)" ]; do :; done; : >{lease}; exit 0\n'
    )
