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

ROUND = 0.3
"""Seconds between two looks at a Marathon that boots."""

PART = 0.6
"""The part of a boot's work after which ZooKeeper's leader may go.

What is left takes longer than its end, and not much longer than an election; without ZooKeeper a Marathon
waits for up to 10 s (1.5.8).
"""

SLOW = 250
"""Ticks of work, at least, that must be known of a boot so that ZooKeeper's leader may go after a part of it.

What is left of a quicker one may be over before the leader has gone.
"""

QUICK = 3
"""Seconds that one boots before ZooKeeper's leader goes if that is not known of it.

Whoever is connected by then would be lost with all others: it boots again when there is a ZooKeeper.
"""

ENDED = "its process has ended"
"""What the step that ends a hanging Marathon says if the process that was known is no more."""


@dataclass(frozen=True)
class Ties:
    """The ZooKeeper members, by name, to which a Marathon is connected, and since when it runs; "" if not.

    `work` is the processor time that it has used, in ticks, if it was waited for and came; else 0.
    """

    members: frozenset[str]
    since: str
    work: int = 0


def path(cluster: Cluster) -> str:
    """Give the node below which Marathons stand for election."""
    return f"{cluster.settings.marathon_zk_path}/leader-curator"


def script(node: Node, boundary: str, patience: int = 0, work: int = 0) -> str:
    """Give the script that tells of the process of a host's Marathon; `boundary` must be random.

    It waits for so many seconds until the process is connected to a member, has used so many ticks, or
    has ended.
    """
    it, port = quote(name(node)), node.settings.zookeeper_client_port
    return (
        f"export LC_ALL=C\n{part_function(boundary)}{{\n{_wait(it, port, patience, work) if patience else ''}"
        f"part since; docker inspect -f '{{{{if .State.Running}}}}{{{{.State.StartedAt}}}}{{{{end}}}}' {it}\n"
        f"part processes; docker top {it} -eo pid\n"
        f"part connections; ss -tnp state established '( dport = :{port} )'\n"
        "part end\nexit 0\n} </dev/null 2>/dev/null\n"
    )


def _wait(it: str, port: int, patience: int, work: int) -> str:
    """Give the part of the script that waits; a boot is work, so on a busy machine it takes longer."""
    enough = f"[ $used -ge {work} ] || " if work else ""
    rounds = int(patience / ROUND)
    return (
        f"rounds={rounds}\n"
        f"until own=$(docker top {it} -eo pid | sed 1d | tr -d ' ' | paste -sd ' ' -); used=0\n"
        "for each in $own; do\n"
        "set -- $(sed 's/.*) //' /proc/$each/stat); used=$((used + ${12:-0} + ${13:-0})) # utime, stime\n"
        f"done\n{enough}ss -tnp state established '( dport = :{port} )' |\n"
        "grep -qE \"pid=($(echo $own | tr ' ' '|')),\"; do\n"
        f'[ $rounds -gt 0 ] && [ -n "$own" ] || break; rounds=$((rounds - 1)); sleep {ROUND}\ndone\n'
        f"part work; [ $rounds -eq {rounds} ] || [ $rounds -eq 0 ] || echo $used\n"
    )


def read(output: str, boundary: str, cluster: Cluster) -> Ties:
    """Read the answer. Raises Unreadable."""
    parts = split(output, boundary)
    own = set(parts.get("processes", "").split())
    found = re.findall(r"[ :]([0-9.]+)\]?:[0-9]+\s+users:\(.*?pid=([0-9]+)", parts.get("connections", ""))
    at = {address for address, process in found if process in own}
    members = frozenset(node.name for node in cluster.ensemble if node.address in at)
    work = re.fullmatch("[0-9]{1,12}", parts.get("work", "").strip())
    return Ties(members, parts.get("since", "").strip(), int(work[0]) if work else 0)


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
