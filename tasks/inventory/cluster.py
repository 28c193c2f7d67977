"""The cluster that hosts.ini describes: its nodes, their roles and their settings."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cached_property

from .credentials import OPERATOR, Credentials, Secret
from .raw import Raw
from .settings import Settings, Ssh


@dataclass(frozen=True)
class Node:
    """One machine of the inventory.

    `address` is the IPv4 address the cluster knows it by; SSH may use another one (`ssh`).
    """

    name: str
    address: str
    roles: tuple[str, ...]
    ssh: Ssh
    settings: Settings

    @property
    def myid(self) -> int:
        """The ZooKeeper server id; only for nodes that play the zookeeper role."""
        assert self.settings.myid is not None, f"{self.name} plays no zookeeper"
        return self.settings.myid

    @property
    def number(self) -> int:
        """The N of mesos-master-0N and marathon-N; only for nodes that play one of these roles."""
        number = self.settings.number or self.settings.myid
        assert number is not None, f"{self.name} has neither number nor myid"
        return number

    @property
    def names(self) -> frozenset[str]:
        """Every way an operator may name this node: inventory name, address, SSH host.

        An SSH host with a port of its own may be a gateway to several nodes, so it names one only with that.
        """
        host, port = self.ssh.host or self.name, self.ssh.port
        reached_as = f"{host}:{port}" if port else host
        return frozenset({self.name, self.address, reached_as})


@dataclass(frozen=True)
class Cluster:
    """All nodes of an inventory, in its order, and the settings that hold for all of them.

    `joining` are masters that only join once those that run know their number: they count for the
    quorum, and are none yet. `removed` are hosts that leave the cluster, with the roles that they had; they
    are none of its nodes any more; those whose names are in `gone` are gone for good, as an operator has said
    and nobody denies. `raw` is what the inventory says, unless this is a part of its cluster.
    `credentials` are those of a cluster that is not open; None if it is, or if nobody has read them. `kept`
    are those of the operator's file, also if the cluster is to be open: it may still ask for a password.
    `proving` says how far ZooKeeper's members authenticate each other on the way to what `security` wants,
    None at its end.
    """

    source: str
    nodes: tuple[Node, ...]
    settings: Settings
    joining: int = 0
    removed: tuple[Node, ...] = ()
    gone: frozenset[str] = frozenset()
    raw: Raw | None = field(default=None, compare=False, repr=False)
    credentials: Credentials | None = field(default=None, compare=False, repr=False)
    kept: Credentials | None = field(default=None, compare=False, repr=False)
    proving: int | None = None

    def sent(self, script: str) -> str:
        """Give a script as a host gets it, on standard input: with what no plan shows, and who asks."""
        asks = f"Authorization: Basic {self.kept.operator.text}\r\n" if self.kept else ""
        script = script.replace(OPERATOR, asks)
        return self.credentials.put_into(script) if self.credentials else script

    @property
    def owner(self) -> Secret | None:
        """Who owns the masters' tree in ZooKeeper, as `NAME:SECRET`; None if nobody knows that."""
        return self.kept.owner if self.kept else None

    def having(self, role: str) -> tuple[Node, ...]:
        """Give the nodes that play `role`, in the inventory's order."""
        return tuple(node for node in self.nodes if role in node.roles)

    def leaving(self, role: str) -> tuple[Node, ...]:
        """Give the hosts that leave the cluster, and that play `role`."""
        return tuple(node for node in self.removed if role in node.roles)

    def without(self, role: str, names: Collection[str]) -> "Cluster":
        """Give the cluster as it is before the nodes of these names play `role`."""
        nodes = (
            replace(node, roles=tuple(r for r in node.roles if r != role)) if node.name in names else node
            for node in self.nodes
        )
        return replace(self, nodes=tuple(nodes), raw=None)

    def called(self, name: str) -> Node | None:
        """Give the node that `name` (its name, address or SSH host) means, if there is one."""
        return next((node for node in self.nodes if name in node.names), None)

    def reached_at(self, place: str) -> Node | None:
        """Give the node that SSH reaches at `HOST` or `HOST:PORT`, if there is one."""
        return self.called(place) or self.called(place.partition(":")[0])

    def image(self, reference: str) -> str:
        """Give an image's full name: with the inventory's `registry`, unless it names one itself.

        Docker takes the first part for a registry if it has a dot, a colon or a capital, or is localhost.
        """
        first, slash, _ = reference.partition("/")
        named = slash and (re.search(r"[.:A-Z]", first) or first == "localhost")
        if self.settings.registry is None or named:
            return reference
        return f"{self.settings.registry}/{reference}"

    @cached_property
    def ensemble(self) -> tuple[Node, ...]:
        """The ZooKeeper members, by myid: the order in hosts.ini must not change a file."""
        return tuple(sorted(self.having("zookeeper"), key=lambda node: node.myid))
