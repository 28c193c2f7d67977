"""What masters demand of others, and the way there and back: masters know credentials before they demand any.

From a cluster without credentials to one that demands them masters are replaced twice: agents show theirs in
between. The way back is the same one.
"""

from collections.abc import Iterator
from dataclasses import replace

from ...inventory.cluster import Cluster, Node
from ..desired import secrets
from ..look.docker import SeenContainer
from ..membership import Membership, Objection, Plans, Seen, Stage
from ..names import Id
from ..step import Blocker
from . import replicas
from .desired import name

THERE = (
    "Masters first know credentials and demand none; then agents show theirs; then masters demand them, "
    "when every agent has authenticated"
)
BACK = "Masters first demand no credentials any more; then agents lose theirs, then masters"


def membership(cluster: Cluster, seen: Seen, plans: Plans) -> Membership:
    """Say how masters come to their wanted number, or to what they are to demand; one after the other."""
    told = replicas.membership(cluster, seen, plans)
    says = _between(cluster, seen)
    if not says:
        return told
    refused = (*told.objections, *_refused(cluster, plans, bool(told.stages)))
    if refused:
        return Membership(objections=refused)
    return Membership((Stage(permissive(cluster), says, twice=True),))


def permissive(cluster: Cluster) -> Cluster:
    """Give the cluster in which credentials are known and nobody must show one."""
    settings = replace(cluster.settings, security="permissive")
    return replace(cluster, settings=settings, credentials=cluster.credentials or cluster.kept, raw=None)


def _between(cluster: Cluster, seen: Seen) -> str:
    """Say why masters are replaced by permissive ones first; "" if they are not."""
    running = [one for node in cluster.having("mesos_master") for one in _running(node, seen)]
    if secrets.is_strict(cluster) and not all(secrets.MASTERS in one.environment for one in running):
        return THERE
    if cluster.settings.security == "open" and any(map(demands, running)):
        return BACK
    return ""


def _running(node: Node, seen: Seen) -> Iterator[SeenContainer]:
    """Give the master that runs on a node, ours or the one that is to be taken over."""
    for each in (name(node), node.settings.mesos_master_adopts):
        if node.name in seen and each and (one := seen[node.name].container(each)).runs:
            yield one


def demands(master: SeenContainer) -> bool:
    """Tell whether a master's container has it demand credentials of agents."""
    return secrets.OF_AGENTS in master.environment


def _refused(cluster: Cluster, plans: Plans, moves: bool) -> Iterator[Objection]:
    for node in (each for each in cluster.having("mesos_master") if each.name in plans):
        if moves:
            told = "their number changes, and what they demand of others, too"
            yield node.name, Blocker(Id.MASTER_RUN, "masters", told, "deploy one of the two first")
        if cluster.kept is None and not secrets.is_strict(cluster):
            told = "they demand credentials, which hosts.ini does not know any more"
            remedy = (
                "name the file in secrets_file until they are open; docs/security.md says how one is had back"
            )
            yield node.name, Blocker(Id.MASTER_RUN, "masters", told, remedy)
