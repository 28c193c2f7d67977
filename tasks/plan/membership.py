"""What a change of a service's members takes: the clusters to go through, or why it may not be."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..inventory.cluster import Cluster
from .look.observed import Observed
from .names import Id
from .step import Blocker, HostPlan

Seen = Mapping[str, Observed]
"""What was seen of the hosts, by node; also of members that the run does not work on."""

Plans = Mapping[str, HostPlan]
"""What each host of the run lacks; which hosts these are counts, too."""

Objection = tuple[str, Blocker]
"""What stands in the way, and the node it was seen on."""


@dataclass(frozen=True)
class Stage:
    """A cluster to reach before the next one is begun, and what is done for it."""

    cluster: Cluster
    says: str


@dataclass(frozen=True)
class Membership:
    """How a service comes to its wanted members: stage by stage, unless something is objected."""

    stages: tuple[Stage, ...] = ()
    objections: tuple[Objection, ...] = ()


def absent(cluster: Cluster, role: str, plans: Plans) -> list[str]:
    """Give the nodes of a role that this run does not work on."""
    return [node.name for node in cluster.having(role) if node.name not in plans]


def touches(plan: HostPlan | None, id: Id) -> bool:
    """Tell whether a plan starts or replaces the container of this id."""
    return plan is not None and any(s.id == id and s.phase in ("start", "replace") for s in plan.steps)
