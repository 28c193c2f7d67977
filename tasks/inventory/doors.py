"""The doors of the cluster: the ports on which a host of it listens, and who has to come in there.

What Marathons, executors and tasks listen on by their own choice is nobody's door: nobody knows it before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses

from .cluster import Cluster, Node


@dataclass(frozen=True)
class Door:
    """A TCP port of a host, and the addresses and networks that may come in there, each in one of them."""

    port: int
    guests: tuple[str, ...]


def doors(cluster: Cluster, node: Node) -> tuple[Door, ...]:
    """Give the doors of a node, by port.

    Every host of the cluster asks every service, also for mesofab. Those in `[removed]` do, too.
    """
    return tuple(sorted(_doors(cluster, node), key=lambda door: door.port))


def _doors(cluster: Cluster, node: Node) -> Iterator[Door]:
    s, allowed = node.settings, cluster.settings.firewall_allow
    everybody = _guests([*_addresses(cluster), *allowed])
    members, masters = (_addresses(cluster, role) for role in ("zookeeper", "mesos_master"))
    if "zookeeper" in node.roles:
        yield Door(s.zookeeper_client_port, everybody)
        yield Door(s.zookeeper_peer_port, _guests(members))
        yield Door(s.zookeeper_election_port, _guests(members))
    if "mesos_master" in node.roles:
        yield Door(s.mesos_master_port, everybody)
    if "marathon" in node.roles:
        yield Door(s.marathon_port, everybody)
        if (port := callback(node)) is not None:
            yield Door(port, _guests(masters))
    if "mesos_agent" in node.roles:
        yield Door(s.mesos_agent_port, _guests([*masters, *allowed]))


def callback(node: Node) -> int | None:
    """Give the port on which masters call a node's Marathon back; None if it changes at each start."""
    text = dict(node.settings.marathon_environment).get("LIBPROCESS_PORT", "")
    return int(text) if text.isascii() and text.isdecimal() and 0 < int(text) < 65536 else None


def _addresses(cluster: Cluster, role: str = "") -> list[str]:
    """Give the addresses of all hosts that play a role, or of all."""
    nodes = (*cluster.nodes, *cluster.removed)
    return [node.address for node in nodes if not role or role in node.roles]


def _guests(texts: list[str]) -> tuple[str, ...]:
    """Give addresses and networks as few networks as say the same: nftables refuses some that overlap."""
    networks = collapse_addresses(map(IPv4Network, texts))
    return tuple(str(each).removesuffix("/32") for each in networks)


def exposure(cluster: Cluster) -> str:
    """Say in one line who owns the cluster without a password, as hosts.ini has it."""
    return f"security={cluster.settings.security}: {_reach(cluster)}{KNOWN[cluster.settings.security]}"


KNOWN = {
    "open": "",
    "permissive": " Masters know credentials, and demand none.",
    "strict": " Masters, agents and Marathons demand passwords; ZooKeeper for the masters' tree alone.",
}
"""What each value of `security` means for who is let in."""


def _reach(cluster: Cluster) -> str:
    if cluster.settings.firewall:
        allowed = ", ".join(cluster.settings.firewall_allow)
        also = f" and on {allowed}" if allowed else ""
        return f"Whoever is on its hosts{also} owns the cluster without a password: docs/security.md."
    return (
        "The cluster is open: whoever reaches its ports owns every host of it. "
        "firewall=true closes them to strangers: docs/security.md."
    )
