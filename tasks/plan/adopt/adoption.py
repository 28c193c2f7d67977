"""The decision: which settings are written, what a deploy changes all the same, what stands in the way."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...inventory.cluster import Cluster, Node
from ...inventory.edits import Change, Set, applied
from ..compare import belonging, differences, foreign
from ..desired import Container
from ..look.observed import Observed
from ..mesos_agent.desired import moved_inside
from ..runbook import CHAPTERS, containers
from .look import Machine
from .members import Member, chosen, members
from .settings import draft


@dataclass(frozen=True)
class Takeover:
    """What becomes of one member: what a deploy `changes` about it; a `drain` ends an agent's tasks."""

    host: str
    member: Member
    changes: tuple[str, ...] = ()
    drain: bool = False


@dataclass(frozen=True)
class Adoption:
    """What `fab adopt` has found out.

    `edits` are the settings that keep things as they are, `unkept` tells of what no setting can keep, and
    `hindered` of what stands in the way, both with the host.
    """

    takeovers: tuple[Takeover, ...] = ()
    edits: tuple[Set, ...] = ()
    unkept: tuple[tuple[str, str], ...] = ()
    hindered: tuple[tuple[str, str], ...] = ()


def adopt(cluster: Cluster, machines: Mapping[str, Machine]) -> Adoption:
    """Decide for all hosts together; of those that were not looked at nothing is said."""
    nodes = [node for node in cluster.nodes if node.name in machines]
    found = {node.name: tuple(_found(node, machines[node.name])) for node in nodes}
    made = draft(cluster, found)
    after = applied(cluster, Change(made.edits)) or cluster
    taken = [
        _takeover(after, node, member, machines[node.name]) for node in nodes for member in found[node.name]
    ]
    wrong = [one for node in nodes for one in _hindered(after, node, machines[node.name])]
    others = [one for node in nodes for one in _others(node, machines[node.name])]
    return Adoption(tuple(taken), made.edits, (*made.unkept, *others), tuple(wrong))


def _found(node: Node, machine: Machine) -> Iterator[Member]:
    """Give for each role of a host the member that runs by hand, if one and no other is meant."""
    every = list(members(node, machine))
    for role in node.roles:
        meant = chosen([one for one in every if one.role == role])
        yield from meant if len(meant) == 1 else ()


def _takeover(cluster: Cluster, node: Node, member: Member, machine: Machine) -> Takeover:
    after = next(each for each in cluster.nodes if each.name == node.name)
    wanted = _wanted(cluster, after, member.role)
    changes = differences.container(wanted, member.seen, machine.images.get(wanted.image))
    renamed = [f"name {member.name} -> {wanted.name}"] if member.name != wanted.name else []
    drain = member.role == "mesos_agent" and bool(moved_inside(after, member.seen))
    return Takeover(node.name, member, tuple(renamed + changes), drain)


def _wanted(cluster: Cluster, node: Node, role: str) -> Container:
    return next(one for one in containers(CHAPTERS, cluster, node) if one.role == role)


def _hindered(cluster: Cluster, node: Node, machine: Machine) -> Iterator[tuple[str, str]]:
    if not machine.root:
        yield node.name, "commands run as somebody else than root: set ansible_become=true for it"
    after = next(each for each in cluster.nodes if each.name == node.name)
    every = list(members(node, machine))
    for role in node.roles:
        meant = chosen([one for one in every if one.role == role])
        told = " and ".join(one.name for one in meant)
        if len(meant) > 1:
            yield node.name, f"{told} are all of [{role}], and a host has one: remove what is of no use"
        for one in meant[: len(meant) == 1]:
            wanted = _wanted(cluster, after, role)
            why = (*_lost(wanted, one), *_elsewhere(cluster, wanted, one))
            yield from ((node.name, f"{told}: {each}") for each in why)


def _elsewhere(cluster: Cluster, wanted: Container, member: Member) -> Iterator[str]:
    """Say by which addresses a member knows ZooKeeper, if a deploy would take it for another cluster's."""
    seen = Observed(containers={wanted.name: member.seen})
    for one in belonging.objections(cluster, (wanted,), seen):
        yield f"{one.seen}, and a deploy refuses that: have it use the addresses of hosts.ini first"


def _others(node: Node, machine: Machine) -> Iterator[tuple[str, str]]:
    """Name what may be a member, on a host that hosts.ini does not have in its group."""
    for one in members(node, machine):
        if one.role not in node.roles and one.on_host:
            yield (
                node.name,
                f"{one.name} may be of [{one.role}]: if it is of this cluster, add the host",
            )


def _lost(wanted: Container, member: Member) -> Iterator[str]:
    """Say why a member cannot be taken over with what it has."""
    if not member.on_host:
        network = member.seen.options.get("NetworkMode", "none")
        yield (
            f"it is on docker's network {network}, a member on the host's: its address would be another one; "
            "run it with --net=host first"
        )
    if any("@" in member.flags.get(flag, "") for flag in ("zk", "master")):
        yield "it logs in to ZooKeeper with a password, for which hosts.ini has no setting"
    place = foreign.left_behind(wanted, member.seen)
    if place is not None:
        where = f"in {place}, which no setting of hosts.ini can name" if place else "in the container itself"
        yield f"it keeps its data {where}: move them below a directory such as /opt/zookeeper, and mount that"
    told = (member.cfg.get("dataDir", "/data"), member.cfg.get("dataLogDir", "/data"))
    if member.role == "zookeeper" and {*told} != {"/data"}:
        yield f"its zoo.cfg has dataDir={told[0]} and dataLogDir={told[1]}: both must be /data first"
