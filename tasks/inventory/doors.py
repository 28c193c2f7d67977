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
    s, guests = node.settings, _Guests(cluster)
    if "zookeeper" in node.roles:
        yield Door(s.zookeeper_client_port, guests.all)
        yield Door(s.zookeeper_peer_port, guests.playing("zookeeper"))
        yield Door(s.zookeeper_election_port, guests.playing("zookeeper"))
    if "mesos_master" in node.roles:
        yield Door(s.mesos_master_port, guests.all)
    if "marathon" in node.roles:
        yield Door(s.marathon_port, guests.all)
        if (port := callback(node)) is not None:
            yield Door(port, guests.playing("mesos_master"))
    if "mesos_agent" in node.roles:
        yield Door(s.mesos_agent_port, guests.and_allowed("mesos_master"))


def callback(node: Node) -> int | None:
    """Give the port on which masters call a node's Marathon back; None if it changes at each start."""
    text = dict(node.settings.marathon_environment).get("LIBPROCESS_PORT", "")
    return int(text) if text.isascii() and text.isdecimal() and 0 < int(text) < 65536 else None


class _Guests:
    """Who may come in, as few networks as say it: nftables refuses those that overlap."""

    def __init__(self, cluster: Cluster) -> None:
        self._nodes = (*cluster.nodes, *cluster.removed)
        self._allowed = cluster.settings.firewall_allow

    @property
    def all(self) -> tuple[str, ...]:
        return _collapsed([*(node.address for node in self._nodes), *self._allowed])

    def playing(self, role: str) -> tuple[str, ...]:
        return _collapsed([node.address for node in self._nodes if role in node.roles])

    def and_allowed(self, role: str) -> tuple[str, ...]:
        return _collapsed([*self.playing(role), *self._allowed])


def _collapsed(texts: list[str]) -> tuple[str, ...]:
    networks = collapse_addresses(map(IPv4Network, texts))
    return tuple(str(each).removesuffix("/32") for each in networks)


def exposure(cluster: Cluster) -> str:
    """Say in one sentence who owns the cluster without a password, as hosts.ini has it."""
    if cluster.settings.firewall:
        allowed = ", ".join(cluster.settings.firewall_allow)
        also = f" and on {allowed}" if allowed else ""
        return f"Whoever is on its hosts{also} owns the cluster without a password: docs/security.md."
    return (
        "The cluster is open: whoever reaches its ports owns every host of it. "
        "firewall=true closes them to strangers: docs/security.md."
    )
