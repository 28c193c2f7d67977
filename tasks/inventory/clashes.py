"""What must not happen on one host: two services on one port, two that keep their data in one place."""

from itertools import combinations

from . import merged
from .cluster import Node
from .raw import Raw

PORTS = (
    "zookeeper_client_port",
    "zookeeper_peer_port",
    "zookeeper_election_port",
    "mesos_master_port",
    "marathon_port",
    "mesos_agent_port",
)
DIRECTORIES = ("zookeeper_dir", "mesos_master_work_dir", "mesos_agent_work_dir")
"""Where data lives. Logs may lie beside or below it: their files have names of their own."""


def check(raw: Raw, nodes: list[Node]) -> None:
    """Complain once about every pair of settings that cannot be as they are on one host."""
    told: set[tuple[str, str]] = set()
    for node in nodes:
        for one, other in [*_same_ports(node), *_same_places(node)]:
            if (one, other) not in told:
                told.add((one, other))
                _complain(raw, node, one, other)


def _same_ports(node: Node) -> list[tuple[str, str]]:
    s = node.settings
    return [pair for pair in _pairs(node, PORTS) if getattr(s, pair[0]) == getattr(s, pair[1])]


def _same_places(node: Node) -> list[tuple[str, str]]:
    def within(one: str, other: str) -> bool:
        return f"{getattr(node.settings, one)}/".startswith(f"{getattr(node.settings, other)}/")

    return [(a, b) for a, b in _pairs(node, DIRECTORIES) if within(a, b) or within(b, a)]


def _pairs(node: Node, settings: tuple[str, ...]) -> list[tuple[str, str]]:
    return list(combinations([name for name in settings if name.startswith(node.roles)], 2))


def _complain(raw: Raw, node: Node, one: str, other: str) -> None:
    set_here = merged.variables(raw, node.name)
    line = max(set_here[name].line for name in (one, other) if name in set_here)
    a, b = getattr(node.settings, one), getattr(node.settings, other)
    what = f"{one} and {other} are both {a} on host {node.name}"
    if one in PORTS:
        mend = "give one of them another port"
    elif a == b:
        mend = "give each a directory of its own: they would destroy each other's data"
    else:
        what = f"{one}={a} and {other}={b} of host {node.name} are one inside the other"
        mend = "give each a directory of its own: clearing the outer one loses both"
    raw.complain(line, what, mend)
