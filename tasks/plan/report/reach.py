"""Which agents' hosts cannot reach the leading master, though it leads by the word of its own host."""

from collections.abc import Mapping

from ...inventory.cluster import Cluster, Node
from ..gate import Verdict
from ..look.observed import Observed
from ..mesos_agent.service import UNHEARD
from ..mesos_master.service import master
from ..words import names


def reaching(cluster: Cluster, seen: Mapping[str, Observed], verdict: Verdict) -> Verdict:
    """Fail the agents, and say why, if a host of theirs heard nothing from the leading master."""
    leader = _leader(cluster, seen)
    cut_off = [
        node.name
        for node in cluster.having("mesos_agent")
        if leader and _heard(node, leader, seen) == ""  # not if nobody asked
    ]
    if not leader or not cut_off:
        return verdict
    where = f"{leader.address}:{leader.settings.mesos_master_port}"
    told = f"{names(cut_off)} cannot reach the leading master {where}, although it answers on its own host"
    known = "" if verdict.says == UNHEARD else f"{verdict.says}; "
    return Verdict(False, f"{known}{told}; `fab preflight` tells whether a firewall is in the way")


def _leader(cluster: Cluster, seen: Mapping[str, Observed]) -> Node | None:
    """Give who leads by the word of its own host; None if nobody does, or more than one."""
    masters = [node for node in cluster.having("mesos_master") if node.name in seen]
    leaders = [node for node in masters if master(seen[node.name].said("mesos_master")).elected]
    return leaders[0] if len(leaders) == 1 else None


def _heard(node: Node, leader: Node, seen: Mapping[str, Observed]) -> str | None:
    """Give what a host heard from the leading master: "" if nothing, None if it did not ask."""
    return seen[node.name].said("mesos_agent").get(f"slaves-{leader.name}") if node.name in seen else None
