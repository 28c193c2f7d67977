"""The flows between hosts that a cluster needs: which ones, how a host tries them, and what came of it.

Executors and schedulers use ports of their own choice; those are not tried. A connection is opened and closed
and nothing is sent: ZooKeeper and Mesos let go of it, with a line in their logs at most.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from ...inventory.cluster import Cluster, Node
from ..shell import quote

MOST = 20
"""How many agents a master tries; where there are more, each master tries others."""

End = Literal["open", "refused", "timed out", "no route to host"]
"""How an attempt to connect can end."""

ENDS: Mapping[str, End] = {
    "connection refused": "refused",
    "connection timed out": "timed out",
    "operation timed out": "timed out",
    "no route to host": "no route to host",
    "host is unreachable": "no route to host",
    "network is unreachable": "no route to host",
    "network unreachable": "no route to host",
}
"""What bash and nc say, in small letters. Linux has one word for a host to which there is no route and for
one that is administratively prohibited (icmp_err_convert in net/ipv4/icmp.c)."""

TRY = """\
try() { # try ADDRESS PORT: how a connection there ends, in a line: its exit code, and the last words
  if command -v bash >/dev/null; then
    said=$(timeout $limit bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$@" 2>&1)
  else
    said=$(timeout $limit nc -n -z -v "$@" 2>&1)
  fi
  printf '%s %s %s %s\\n' "$1" "$2" $? "${said##*: }"
}
"""


class Flow(NamedTuple):
    """A port that a host must reach: on which other one it is, and whose service listens there."""

    to: Node
    role: str
    port: int


Ends = Mapping[tuple[str, int], End]
"""How attempts to connect ended, by address and port; without those that tell nothing."""


def needed(cluster: Cluster, node: Node, roles: Sequence[str]) -> list[Flow]:
    """Return the flows that `node` needs for these of its roles, each once; those to itself left out."""
    needs: dict[tuple[str, int], Flow] = {}
    for role in (each for each in node.roles if each in roles):
        for flow in _of_role(cluster, node, role):
            if flow.to.name != node.name:
                needs.setdefault((flow.to.address, flow.port), flow)
    return list(needs.values())


def _of_role(cluster: Cluster, node: Node, role: str) -> Iterator[Flow]:
    for other in cluster.having("zookeeper"):
        s = other.settings
        yield Flow(other, "zookeeper", s.zookeeper_client_port)
        if role == "zookeeper":
            yield Flow(other, role, s.zookeeper_peer_port)
            yield Flow(other, role, s.zookeeper_election_port)
    if role != "zookeeper":
        for other in cluster.having("mesos_master"):
            yield Flow(other, "mesos_master", other.settings.mesos_master_port)
    if role == "marathon":
        for other in cluster.having(role):
            yield Flow(other, role, other.settings.marathon_port)
    if role == "mesos_master":
        masters = [master.name for master in cluster.having(role)]
        for other in _share(cluster.having("mesos_agent"), masters.index(node.name)):
            yield Flow(other, "mesos_agent", other.settings.mesos_agent_port)


def _share(agents: Sequence[Node], place: int) -> Sequence[Node]:
    """Choose the agents that the master at this place tries."""
    if len(agents) <= MOST:
        return agents
    return [agents[(place * MOST + each) % len(agents)] for each in range(MOST)]


def asking(flows: Sequence[Flow]) -> str:
    """Give the shell that tries all flows at once, none for longer than `$limit`."""
    tries = "".join(f"try {quote(flow.to.address)} {flow.port} &\n" for flow in flows)
    return f"{TRY}part flows; (\n{tries}wait )\n"


def read(text: str) -> Ends:
    """Read what `asking` was told."""
    ends: dict[tuple[str, int], End] = {}
    for line in text.splitlines():
        fields = line.split(" ", 3)
        if len(fields) == 4 and re.fullmatch("[0-9]{1,5}", fields[1]) and (end := _end(fields[2], fields[3])):
            ends[fields[0], int(fields[1])] = end
    return ends


def _end(code: str, words: str) -> End | None:
    """Tell how an attempt ended; `timeout` ends what hangs, with 124."""
    if code in ("0", "124"):
        return "open" if code == "0" else "timed out"
    return next((end for said, end in ENDS.items() if said in words.lower()), None)
