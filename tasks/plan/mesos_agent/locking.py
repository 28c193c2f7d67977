"""Credentials come to masters before agents, and leave agents before masters.

A credential that is shown to a master which knows none is refused, and ends the agent, again and again (seen
with Mesos 1.5.0); an agent without one is no trouble for masters that demand none. So masters demand last.
"""

from collections.abc import Iterator, Mapping

from ...inventory.cluster import Cluster, Node
from .. import http
from ..desired import secrets
from ..gate import Question
from ..look.observed import Observed
from ..membership import Plans, Seen
from ..names import Id
from ..step import Blocker, HostPlan
from .desired import CONTAINER

MASTERS, AGENTS = Id.MASTER_RUN, Id.AGENT_RUN

PHASES = ("start", "replace", "introduce")
"""When members are made that read secrets."""

FLAGS = {"mesos_master": "credentials", "mesos_agent": "credential"}
"""The flags by which members have credentials, by their role."""


def order(cluster: Cluster, seen: Seen, plans: Plans) -> tuple[Id, Id] | None:
    """Say whose members are replaced behind whose, the later ones first; None if no credential moves."""
    own = [node for node in cluster.nodes if node.name in plans and touches(plans[node.name])]
    if secrets.is_strict(cluster):
        gains = any(not all(demands(node, seen[node.name]).values()) for node in own)
        return (MASTERS, AGENTS) if gains else None
    if cluster.credentials and any(demands(node, seen[node.name]).get(MASTERS) for node in own):
        return AGENTS, MASTERS
    if cluster.credentials:
        gains = any(not all(has(node, seen[node.name]).values()) for node in own)
        return (AGENTS, MASTERS) if gains else None
    return (MASTERS, AGENTS) if any(any(has(node, seen[node.name]).values()) for node in own) else None


def touches(plan: HostPlan, *ids: Id) -> bool:
    """Tell whether a plan starts or replaces a master or an agent, or one of those of these ids."""
    those = ids or (MASTERS, AGENTS)
    return any(step.id in those and step.phase in PHASES for step in plan.steps)


def has(node: Node, seen: Observed) -> dict[Id, bool]:
    """Tell of a node's master and agent whether the container that is there has credentials."""
    return _have(node, seen, {MASTERS: secrets.MASTERS, AGENTS: secrets.AGENTS})


def demands(node: Node, seen: Observed) -> dict[Id, bool]:
    """Tell of a node's master and agent whether the container that is there demands credentials of others."""
    return _have(node, seen, {MASTERS: secrets.OF_AGENTS, AGENTS: secrets.VISITORS})


def _have(node: Node, seen: Observed, variables: Mapping[Id, str]) -> dict[Id, bool]:
    """Tell of those that a node is to have whether the container that is there has the variable."""
    there = {MASTERS: seen.master, AGENTS: CONTAINER}
    own = [id for id in there if id.service in node.roles]
    return {id: variables[id] in seen.container(there[id]).environment for id in own}


def conflict(plans: Plans) -> Iterator[tuple[str, Blocker]]:
    """Object to a change that needs both orders, on every host that it concerns."""
    for host, plan in plans.items():
        if touches(plan):
            told = "credentials come or go, and another version of Mesos needs the opposite order"
            remedy = "deploy one of the two first: keep the version of now, or security"
            yield (
                host,
                Blocker(next(s.id for s in plan.steps if s.id in (MASTERS, AGENTS)), "Mesos", told, remedy),
            )


def question(node: Node, role: str) -> Question:
    """Ask a member for its flags, as it runs."""
    port = node.settings.mesos_master_port if role == "mesos_master" else node.settings.mesos_agent_port
    return Question(node.address, port, http.get("/flags"))


def runs_with(text: str, role: str) -> bool | None:
    """Read whether a member runs with credentials; None if it does not say."""
    said = flags(text)
    return bool(said.get(FLAGS[role])) if said else None


def flags(text: str) -> Mapping[str, object]:
    """Read a member's flags; none if it does not say."""
    return http.table(http.table(http.read(text).json).get("flags"))
