"""The members of a service: what a change of them takes, and who takes part without being one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..inventory.cluster import Cluster
from .look import candidates
from .look.observed import Observed
from .names import Id
from .step import Blocker, HostPlan
from .words import capitalized

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


@dataclass(frozen=True)
class Stranger:
    """Somebody who takes part in a service and has no place there in hosts.ini.

    `host` is its host, as hosts.ini calls it, or its address; `by` is the node that it was seen on.
    """

    service: str
    host: str
    seen: str
    remedy: str
    by: str

    def __str__(self) -> str:
        return f"{self.seen}. {capitalized(self.remedy)}."


@dataclass(frozen=True)
class Strangers:
    """How a service's strangers are found: some show in every look, some are only `suspected` from it.

    Then it takes a question more to find them, which the look of a cluster as wanted does without.
    """

    found: Callable[[Cluster, Seen], Iterable[Stranger]]
    suspected: Callable[[Cluster, Seen], bool] = lambda cluster, seen: False


def standing(
    cluster: Cluster, seen: Seen, role: str, paths: str, one: str, remedy: str
) -> Iterator[Stranger]:
    """Give the strangers that stand for election at such paths; `one` is what people call one of them."""
    own = {node.name for node in cluster.having(role)}
    for host in candidates.elsewhere(cluster, seen, role, paths):
        rest = "hosts.ini has one there" if host in own else "hosts.ini has none there"
        told = (
            f"{f'more than {one}' if host in own else one} on {host} stands for election in ZooKeeper, {rest}"
        )
        yield Stranger(role, host, told, remedy, candidates.witness(seen))


def absent(cluster: Cluster, role: str, plans: Plans) -> list[str]:
    """Give the nodes of a role that this run does not work on."""
    return [node.name for node in cluster.having(role) if node.name not in plans]


def touches(plan: HostPlan | None, id: Id) -> bool:
    """Tell whether a plan starts or replaces the container of this id."""
    return plan is not None and any(s.id == id and s.phase in ("start", "replace") for s in plan.steps)
