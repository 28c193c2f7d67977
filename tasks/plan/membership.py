"""The members of a service: what a change of them takes, and who takes part without being one."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ..inventory.cluster import Cluster, Node
from .look import candidates
from .look.docker import generation
from .look.observed import Observed
from .names import Id
from .shell import quote, start_again, stop
from .step import Action, Blocker, HostPlan, Step
from .words import capitalized, names

Seen = Mapping[str, Observed]
"""What was seen of the hosts, by node; also of members that the run does not work on."""

Plans = Mapping[str, HostPlan]
"""What each host of the run lacks; which hosts these are counts, too."""

Objection = tuple[str, Blocker]
"""What stands in the way, and the node it was seen on."""


@dataclass(frozen=True)
class Stage:
    """A cluster to reach before the next one is begun, and what is done for it.

    `leaves` are hosts whose members are stopped for good on the way; with `instead`, each is replaced by the
    one that stands there in its place. With `twice`, its members are replaced once more behind it.
    """

    cluster: Cluster
    says: str
    leaves: tuple[Node, ...] = ()
    instead: tuple[Node, ...] = ()
    twice: bool = False


@dataclass(frozen=True)
class Membership:
    """How a service comes to its wanted members: stage by stage, unless something is objected."""

    stages: tuple[Stage, ...] = ()
    objections: tuple[Objection, ...] = ()


@dataclass(frozen=True)
class Stranger:
    """Somebody who takes part in a service and has no place there in hosts.ini.

    `host` is its host, as hosts.ini calls it, or its address; `by` is the node that it was seen on.
    `container` is what is there of one that takes part in nothing.
    """

    service: str
    host: str
    seen: str
    remedy: str
    by: str
    container: str = ""

    def __str__(self) -> str:
        return f"{self.seen}. {capitalized(self.remedy)}."


Left = Sequence[tuple[str, str]]
"""Containers of ours, each with its node, for which hosts.ini has no place."""

Called = Callable[[str], str]
"""Gives the container that a stranger has on a host, beside a member's own; "" if nobody knows."""


@dataclass(frozen=True)
class Strangers:
    """How a service's strangers are found: some show in every look, some are only `suspected` from it.

    Then it takes a question more to find them, which the look of a cluster as wanted does without.
    `containers` is how the names of its members' containers begin.
    """

    containers: str
    found: Callable[[Cluster, Seen, Called], Iterable[Stranger]]
    suspected: Callable[[Cluster, Seen], bool] = lambda cluster, seen: False


def left(cluster: Cluster, seen: Seen, wanted: Callable[[Node], Iterable[str]]) -> Left:
    """Give the containers of this cluster's on hosts of which hosts.ini wants others."""
    found: list[tuple[str, str]] = []
    for node in (node for node in cluster.nodes if node.name in seen):
        names, its = {*wanted(node)}, seen[node.name].clusters
        ours = (name for name, cluster_name in its.items() if cluster_name == cluster.settings.cluster_name)
        found += [(node.name, name) for name in ours if generation(name) not in names]
    return found


def without_place(
    services: Mapping[str, Strangers], cluster: Cluster, seen: Seen, left: Left
) -> list[Stranger]:
    """Give everybody who takes part in a service and has no place in hosts.ini.

    Of whom only a container is left is told by that.
    """
    told = [
        one
        for service in services.values()
        for one in service.found(cluster, seen, partial(_called, left, service.containers))
    ]
    known = {(one.host, one.service) for one in told}
    more = (_stray(services, host, name) for host, name in left)
    return [*told, *(one for one in more if (one.host, one.service) not in known)]


def _called(left: Left, begin: str, host: str) -> str:
    names = [name for node, name in left if node == host and name.startswith(begin)]
    return names[0] if len(names) == 1 else ""


def _stray(services: Mapping[str, Strangers], host: str, name: str) -> Stranger:
    service = next((key for key, its in services.items() if name.startswith(its.containers)), "")
    told = f"mesofab made the container {name} on {host}, and hosts.ini has no place for it there"
    remedy = (
        "give the host its role, if that is what it lacks; if not, remove it there: "
        f"docker stop -t 30 {name}, then docker rm {name}"
    )
    return Stranger(service, host, told, remedy, host, name)


def standing(
    cluster: Cluster, seen: Seen, role: str, paths: str, one: str, leave: Callable[[str, bool], str]
) -> Iterator[Stranger]:
    """Give the strangers that stand for election at such paths; `one` is what people call one of them.

    `leave` says how one on a host goes for good, and whether it does so beside a member of hosts.ini.
    """
    own = {node.name for node in cluster.having(role)}
    leaving = {node.address: node.name for node in cluster.leaving(role)}
    for host in candidates.elsewhere(cluster, seen, role, paths):
        beside = host in own
        rest = "one there" if beside else "it in [removed]" if host in leaving else "none there"
        told = f"{f'more than {one}' if beside else one} on {host} stands for election in ZooKeeper, "
        told += "hosts.ini has "
        back = "" if beside else f"put it back into [{role}] of hosts.ini; or, "
        remedy = "`fab deploy-cluster` takes it out" if host in leaving else back + leave(host, beside)
        yield Stranger(role, leaving.get(host, host), told + rest, remedy, candidates.witness(seen))


def end(cluster: Cluster, leaves: Sequence[Node]) -> str:
    """Say what becomes of members that leave."""
    are = "is" if len(leaves) == 1 else "are"
    dead = [node.name for node in leaves if node.name in cluster.gone]
    if not dead:
        return f"{are} stopped for good"
    return f"{are} gone for good" if len(dead) == len(leaves) else f"leave ({names(dead)} is gone for good)"


LEAVES = "its host leaves the cluster"


def forsaken(id: Id, container: str, why: str = LEAVES) -> Step:
    """Return the step that stops the container of a member, so that nothing but a run starts it again."""
    title = f"stop {container}"
    there = f"there=$(docker ps -aq --filter {quote(f'name=^/{container}$')})\n"
    text = f'{there}if [ "$there" ]; then\n{stop(container)}fi\n'
    return Step(id, Action.STOP, title, why, text, "replace", "restart")


def started(id: Id, container: str, why: str) -> Step:
    """Return the step that starts such a container once more."""
    return Step(id, Action.START, f"start {container}", why, start_again(container), "start")


def absent(cluster: Cluster, role: str, plans: Plans) -> list[str]:
    """Give the nodes of a role that this run does not work on."""
    return [node.name for node in cluster.having(role) if node.name not in plans]


def touches(plan: HostPlan | None, id: Id) -> bool:
    """Tell whether a plan starts or replaces the container of this id."""
    return plan is not None and any(s.id == id and s.phase in ("start", "replace") for s in plan.steps)
