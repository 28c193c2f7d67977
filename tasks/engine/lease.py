"""One operator at a time: a lease on every host of a run, kept up by its connection and gone with it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import Event, Lock, Thread
from typing import TypeVar

from paramiko import Channel, SSHException

from ..errors import Blocked, OperatorError, Unreachable
from ..inventory.cluster import Node
from ..plan.look.lease import HELD, LEASE
from ..plan.look.lease import read as whose
from ..plan.look.observed import Observed
from ..plan.shell import private, quote
from . import fanout
from .hosts import Hosts, Inquiry
from .remote import Staying, hang_up
from .run import Run
from .who import typed, who

BEAT = 15
"""Seconds between two signs of life that a run gives to each of its hosts."""

SILENCE = 60
"""Seconds without one after which a host takes a run for dead."""

ALIVE, MORE = ".", "?"
"""What a run says to the shells that hold its leases: that it lives, or that a question follows."""

T = TypeVar("T")


class Taken(Blocked):
    """Somebody else holds the lease on a host."""


class NotLocked(Unreachable):
    """A host on which no lease can be taken at all."""


class Leases:
    """The leases of one run, each taken by the command that looks at its host.

    So nobody else can change behind the look what was seen. A lease is a lock, which belongs to a process
    at the other end of the connection. It ends when the connection does; and if that end cannot be told
    to the host, as when the cable is cut here, a minute after our last sign of life.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._channels: dict[str, Channel] = {}
        self._speaking = Lock()
        self._refused: dict[str, OperatorError] = {}
        self._over = Event()
        # It begins with the first lease: until the last one is taken, a step may have to be waited for.
        Thread(target=self._keep_up, daemon=True).start()

    def look(self) -> tuple[dict[str, Observed], dict[str, OperatorError]]:
        """Look at every host of the run, and take each one's lease if it is free.

        Tells of those that cannot be looked at why not. Whoever else holds a lease does not matter yet.
        """
        return self._look(self._run.hosts, self._run.hosts.nodes)

    def secure(self) -> dict[str, Observed]:
        """See to it that every host is held; give how those look that are held only now.

        Who had a lease a moment ago may have let go of it. Among these are the other members of the
        services. They are held, too, or two runs on different hosts could each take a member down; one that
        cannot be reached does not matter. Raises Taken, NotLocked or Unreachable.
        """
        hosts = self._run.hosts
        self._refused.clear()
        seen, lost = self._look(hosts, [node for node in hosts.nodes if node.name not in self._channels])
        fanout.refuse(lost)
        self._refuse(hosts, Taken, NotLocked)
        fellows = hosts.fellows(self._run.chapters)
        others, _ = self._look(fellows, fellows.nodes)
        self._refuse(fellows, Taken)
        for name, one in others.items():
            if one.busy:  # with a step of a run that has lost its lease: nobody else may act there now
                seen_there = "another run lost this host in mid-step, and the step is still under way"
                raise Taken(seen_there, "Wait for its end, then run again.", name)
        return seen | others

    def inquire(self, node: Node, inquiry: Inquiry[T]) -> T:
        """Ask a node, and have the shell answer that holds its lease, if it is held. Raises Unreachable."""
        if channel := self._channels.get(node.name):
            asking = replace(inquiry, script=more(inquiry.script))
            return self._run.hosts.inquire(node, asking, Staying(channel, self._speaking))
        return self._run.hosts.inquire(node, inquiry)

    def lose(self, node: Node) -> None:
        """Let go of one host that is about to be rebooted, and of the connection to it."""
        if channel := self._channels.pop(node.name, None):
            hang_up(channel)
        self._run.hosts.lose(node)

    def renew(self, node: Node) -> Observed:
        """Look at a host that was lost, and take its lease again. Raises Taken, NotLocked or Unreachable."""
        self._refused.pop(node.name, None)
        seen = self._take(self._run.hosts, node)
        self._refuse(self._run.hosts.among({node.name}), Taken, NotLocked)
        return seen

    def end(self) -> None:
        """Let go of every host."""
        self._over.set()
        for channel in self._channels.values():
            hang_up(channel)
        self._run.hosts.let_go()

    def _refuse(self, hosts: Hosts, *kinds: type[OperatorError]) -> None:
        refused = {node.name: self._refused.get(node.name) for node in hosts.nodes}
        fanout.refuse({name: error for name, error in refused.items() if isinstance(error, kinds)})

    def _look(
        self, hosts: Hosts, nodes: Sequence[Node]
    ) -> tuple[dict[str, Observed], dict[str, OperatorError]]:
        parallel = hosts.cluster.settings.parallel
        with self._run.console.spent.part("looking"):
            return fanout.attempt(nodes, lambda node: self._take(hosts, node), parallel)

    def _take(self, hosts: Hosts, node: Node) -> Observed:
        inquiry = hosts.looking(self._run.chapters, node)
        taking = script(who(), typed(), hosts.run_id, inquiry.script)
        with hosts.console.looking(node.name, inquiry.what):
            channel, text = hosts.hold(node, taking, inquiry.over)
        said = text.partition("\n")[0]
        if said == "held":
            self._channels[node.name] = channel
            hosts.leased(node)
        else:
            hang_up(channel)
            self._refused[node.name] = _refusal(said, node)
        return inquiry.answer(node, text)

    def _keep_up(self) -> None:
        while not self._over.wait(BEAT):
            for channel in tuple(self._channels.values()):
                with self._speaking:  # no sign of life may stand within a script
                    _beat(channel)


@contextmanager
def held(run: Run) -> Iterator[Leases]:
    """Give the leases of a run; at the end of the block, however that comes, it has let go of all."""
    leases = Leases(run)
    try:
        yield leases
    finally:
        leases.end()


def _beat(channel: Channel) -> None:
    with suppress(SSHException, OSError, EOFError):
        channel.sendall(ALIVE.encode())
        if not channel.exit_status_ready():
            return
    # The lease is gone, and another run may have the host by now: ours may not touch it again.
    channel.get_transport().close()


def _refusal(said: str, node: Node) -> OperatorError:
    if said.startswith("busy "):
        seen = str(whose(said.removeprefix("busy ")) or "another run is at work here")
        return Taken(seen, "Wait for that run to end, then run again.", node.name)
    return NotLocked(f"it could not be locked: {said[:200] or 'no answer'}.", host=node.name)


def script(who: str, what: str, run: str, inquiry: str, lease: str = LEASE, silence: int = SILENCE) -> str:
    """Give the shell that takes the lock, says so, asks, and keeps it until no sign of life comes.

    Where it cannot be taken, it says why instead, and asks all the same. Below what people read
    stands the `run`, by which its steps know that the lease is still theirs.

    It is one function, so that all of it has been read before it answers: what comes on standard input
    from then on are signs of life, or `more`.
    """
    told = f"{quote(who)} \"$(date -u '+%F %T')\" {quote(what)} {run}"
    return (
        f"{HELD}=\n"
        f"stay() {{ while :; do case $(timeout {silence} head -c 1) in\n"
        f"{ALIVE}) ;; '{MORE}') return ;; *) : >{lease}; exit 0 ;; esac; done; }}\n"
        "mesofab() {\n"
        f"if [ ! -e {lease} ]; then {private(lease)}fi\n"
        # A second, since a look that asks whether it is held has it locked for a moment.
        f"if command exec 8<>{lease} && flock -w 1 8; then\n"
        f"printf '%s, since %s UTC: fab %s\\n%s\\n' {told} > {lease} && {{ {HELD}=yes; echo held; }}\n"
        f'else read -r its <{lease}; echo "busy $its"; fi\n'
        f"(\n{inquiry}) 8>&-\n"
        f'[ "${HELD}" ] || exit 0\n'
        "stay\n"
        "}\n"
        "mesofab\n"
    )


def more(inquiry: str) -> str:
    """Give what has a shell that holds a lease ask something more, once."""
    # On one line with its exit: what follows on standard input is signs of life, no script.
    return f"{MORE}(\n{inquiry}) 8>&-\nstay; exit 0\n"
