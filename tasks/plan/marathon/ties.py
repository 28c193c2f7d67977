"""To which ZooKeeper members a Marathon is tied, and who makes way so that a leader is not tied to one.

Seen on Marathon 1.5.8: each has two sessions, one for its state and one for its place in the election, and
the leader a third one of libmesos. They land on members by chance. When a member is restarted, a leader that
has either of the first two there ends, and so does a standby that has its state's there: its HTTP port is
closed at once, but the process may hang for ten seconds, and its place in the election outlives it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...inventory.cluster import Cluster, Node
from ..desired import Container
from ..look.election import Candidacy, in_line
from ..look.sections import part_function, split
from ..names import Id
from ..shell import quote
from ..step import IDLE, Action, Step
from .desired import name

CANDIDACY = r"_c_[0-9a-f-]+-latch-"
"""What the node of a candidacy is called in front of its number (LeaderLatch.java of Curator)."""

ROUND = 0.5
"""Seconds between two looks at a Marathon that boots."""

ELECTION = 2.0
"""Seconds that ZooKeeper is away at least when its leader is made anew, as the lab's 3.8.0 shows."""

QUICKER = 0.5
"""The part of the last boot's time that no boot falls short of: one alone is quicker than several at once."""

ENDED = "its process has ended"
"""What the step that ends a hanging Marathon says if the process that was known is no more."""


@dataclass(frozen=True)
class Ties:
    """The ZooKeeper members, by name, to which a Marathon is connected, and since when it runs; "" if not."""

    members: frozenset[str]
    since: str


def path(cluster: Cluster) -> str:
    """Give the node below which Marathons stand for election."""
    return f"{cluster.settings.marathon_zk_path}/leader-curator"


def script(node: Node, boundary: str, patience: int = 0) -> str:
    """Give the script that tells of the process of a host's Marathon; `boundary` must be random.

    It waits so many seconds for the process to be connected to a member.
    """
    it, port = quote(name(node)), node.settings.zookeeper_client_port
    connected = f"ss -tnp state established '( dport = :{port} )' | grep -qE \"pid=($own),\""
    wait = (
        f"rounds={int(patience / ROUND)}\n"
        f"until own=$(docker top {it} -eo pid | sed 1d | paste -sd '|' -); {connected}; do\n"
        f"[ $rounds -gt 0 ] || break; rounds=$((rounds - 1)); sleep {ROUND}\ndone\n"
    )
    return (
        f"export LC_ALL=C\n{part_function(boundary)}{{\n{wait if patience else ''}"
        f"part since; docker inspect -f '{{{{if .State.Running}}}}{{{{.State.StartedAt}}}}{{{{end}}}}' {it}\n"
        f"part processes; docker top {it} -eo pid\n"
        f"part connections; ss -tnp state established '( dport = :{port} )'\n"
        "part end\nexit 0\n} </dev/null 2>/dev/null\n"
    )


def read(output: str, boundary: str, cluster: Cluster) -> Ties:
    """Read the answer. Raises Unreadable."""
    parts = split(output, boundary)
    own = set(parts.get("processes", "").split())
    found = re.findall(r"[ :]([0-9.]+)\]?:[0-9]+\s+users:\(.*?pid=([0-9]+)", parts.get("connections", ""))
    at = {address for address, process in found if process in own}
    members = frozenset(node.name for node in cluster.ensemble if node.address in at)
    return Ties(members, parts.get("since", "").strip())


def line(cluster: Cluster, standing: Iterable[Candidacy]) -> list[str]:
    """Give the hosts whose Marathons stand for election; the first one leads. Unknown ones are left out."""
    at = {f"{node.address}:{node.settings.marathon_port}": node.name for node in cluster.having("marathon")}
    return [at[one.data] for one in in_line(standing, CANDIDACY) if one.data in at]


def in_the_way(member: str, line: Sequence[str], ties: Mapping[str, Ties]) -> list[str] | None:
    """Name those in line in front of the first one that is not tied to a member: without them that one leads.

    None if all are tied. Nobody is in the way where nobody can tell.
    """
    if any(each not in ties or not ties[each].members for each in line):
        return []
    free = (place for place, each in enumerate(line) if member not in ties[each].members)
    first = next(free, None)
    return None if line and first is None else list(line[:first])


def head_start(boot: float) -> float:
    """Say how many seconds before ZooKeeper's leader goes a Marathon that boots in `boot` seconds is started.

    A boot is over when it is connected to ZooKeeper; one that comes there before the leader has gone is lost
    with it, one that comes late is waited for. Without ZooKeeper a Marathon waits for up to 10 s (1.5.8).
    """
    return max(0.0, min(boot - ELECTION, boot * QUICKER))


def last_standby(line: Sequence[str]) -> list[str]:
    """Give the host of the last in line that does not lead, if there is one."""
    return [name for name in line if name != line[0]][-1:]


def end(node: Node, since: str) -> Step:
    """Give the step that ends a host's Marathon if it hangs: since then it runs, and has closed its port."""
    it, known = quote(name(node)), quote(f"true {since}")
    shell = (
        f"now=$(docker inspect -f '{{{{.State.Running}}}} {{{{.State.StartedAt}}}}' {it})\n"
        f"listening=$(ss -ltn 'sport = :{node.settings.marathon_port}')\n"
        'case "$now $listening" in\n'
        f"{known}*LISTEN*) echo {quote(IDLE)} ;; # it serves\n"
        f"{known}*) docker stop -t 0 {it}; echo {quote(ENDED)} ;;\n"
        f"*) echo {quote(ENDED)}; echo {quote(IDLE)} ;;\n"
        "esac\n"
    )
    title, why = f"end {name(node)} if it hangs", "without its ZooKeeper it would do so for up to 10 s"
    return Step(Id.MARATHON_RUN, Action.STOP, title, why, shell, "replace", "restart")


def stop(container: Container) -> Step:
    """Give the step that stops a Marathon which would end with a member of ZooKeeper, and not for long."""
    why = "it would end with the next member of ZooKeeper to be restarted"
    shell = f"docker stop -t {container.grace} {quote(container.name)}\n"
    return Step(container.step, Action.STOP, f"stop {container.name}", why, shell, "replace", "restart")


def start(node: Node) -> Step:
    """Give the step that has it run again."""
    title, shell = f"start {name(node)}", f"docker start {quote(name(node))}\n"
    return Step(Id.MARATHON_RUN, Action.START, title, "it was ended", shell, "replace")
