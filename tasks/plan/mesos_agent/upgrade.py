"""Another version of Mesos: masters before agents, and the other way round to an older one.

Its documentation has masters upgraded first (upgrades.md), from any stable version directly to any other of a
major one (versioning.md). Of going back it says no order (downgrades.md), so it is that in which no master is
ever older than an agent either.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from ...inventory.cluster import Cluster, Node
from .. import http
from ..gate import Answers, Question, Questionnaire
from ..look import versions
from ..look.observed import Observed
from ..look.versions import Version
from ..membership import Plans, Seen
from ..names import Id
from ..step import Step
from . import locking
from .desired import CONTAINER, drained
from .service import agent

IDS = (Id.MASTER_RUN, Id.AGENT_RUN)
AGENTS_LAST = (Id.AGENT_RUN, Id.MASTER_RUN)
"""Who is replaced behind whom, if not agents are the first."""

Move = tuple[Version | None, Version | None]
"""From which version to which a member goes."""


def arranged(cluster: Cluster, seen: Seen, plans: Plans) -> Plans:
    """Drain the agents that need it; have one service wait for the other if version or credentials change."""
    plans = drained(cluster, seen, plans)
    moves = list(_moves(cluster, seen, plans))
    later_first = IDS if any(map(_falls, moves)) else AGENTS_LAST
    orders = {later_first} if moves else set()
    if by_credentials := locking.order(cluster, seen, plans):
        orders.add(by_credentials)
    if len(orders) > 1:
        return dict(plans) | {
            name: replace(plans[name], blockers=(*plans[name].blockers, blocker))
            for name, blocker in locking.conflict(plans)
        }
    if not orders:
        return plans
    ((later, first),) = orders
    if not any(step.id == first for plan in plans.values() for step in plan.in_phase("start", "replace")):
        return plans  # masters may wait for Marathons instead
    return {
        name: replace(plan, steps=tuple(_behind(step, later, first) for step in plan.steps))
        for name, plan in plans.items()
    }


def _behind(step: Step, later: Id, first: Id) -> Step:
    return replace(step, behind=first.service) if (step.id, step.phase) == (later, "replace") else step


def told(cluster: Cluster, seen: Seen, plans: Plans) -> Iterator[str]:
    """Say which versions a plan leads from and to, and in which order."""
    moves = list(_moves(cluster, seen, plans))
    order = "agents first, then masters" if any(map(_falls, moves)) else "masters first, then agents"
    for new in dict.fromkeys(new for _, new in moves):
        yield f"Mesos {versions.change((old for old, its in moves if its == new), new)}: {order}."


def _falls(move: Move) -> bool:
    old, new = move
    return old is not None and new is not None and new < old


def _moves(cluster: Cluster, seen: Seen, plans: Plans) -> Iterator[Move]:
    """Give the moves of those that run and are replaced by another version, as far as anybody can tell."""
    for node in (node for node in cluster.nodes if node.name in plans):
        replaced = {step.id for step in plans[node.name].in_phase("replace")}
        own = {Id.MASTER_RUN: _master, Id.AGENT_RUN: _agent}
        moves = (own[id](cluster, node, seen[node.name]) for id in IDS if id in replaced)
        yield from (move for move in moves if move[0] != move[1])


def _master(cluster: Cluster, node: Node, seen: Observed) -> Move:
    name = seen.master
    old = versions.of_image(seen.container(name).image)
    return _move(seen, name, old, cluster.image(node.settings.mesos_master_image))


def _agent(cluster: Cluster, node: Node, seen: Observed) -> Move:
    known = agent(node, seen.said("mesos_agent"))
    said = versions.of_text(known.version) if known else None
    old = said or versions.of_image(seen.container(CONTAINER).image)
    return _move(seen, CONTAINER, old, cluster.image(node.settings.mesos_agent_image))


def _move(seen: Observed, name: str, old: Version | None, image: str) -> Move:
    """Give the move of a container's version to that of an image, of which it may be already."""
    return old, old if seen.is_of(name, image) else versions.of_image(image)


# What a preflight asks the masters


REGISTRY, VERSION = "registry", "version of "
"""How the questions are called; the latter one of a master of that name."""


def questions(cluster: Cluster, node: Node, roles: Collection[str]) -> Questionnaire:
    """Ask all masters for their version, from an agent's host; a master's host asks its own for the registry.

    The registry is that of the leading one; the others tell nothing of it.
    """
    asked: dict[str, Question] = {}
    if "mesos_agent" in roles:
        asked |= {f"{VERSION}{one.name}": _ask(one, "/version") for one in cluster.having("mesos_master")}
    return asked | ({REGISTRY: _ask(node, "/registrar(1)/registry")} if "mesos_master" in roles else {})


def _ask(node: Node, path: str) -> Question:
    return Question(node.address, node.settings.mesos_master_port, http.get(path))


def versions_of(said: Answers) -> dict[str, str]:
    """Read which version each master says that it is of; nothing of those that do not say."""
    told = {name.removeprefix(VERSION): text for name, text in said.items() if name.startswith(VERSION)}
    read = {name: http.text(http.table(http.read(text).json).get("version")) for name, text in told.items()}
    return {name: version for name, version in read.items() if version}


def demands(said: Answers) -> tuple[str, ...]:
    """Read the capabilities without which, by the registry, no master may read it (since Mesos 1.8)."""
    registry = http.table(http.read(said.get(REGISTRY, "")).json)
    listed = map(http.table, http.items(registry.get("minimum_capabilities")))
    return tuple(name for each in listed if (name := http.text(each.get("capability"))))


SINCE: Mapping[str, Version] = {"AGENT_DRAINING": (1, 9, 0), "QUOTA_V2": (1, 9, 0)}
"""The first version whose masters have a capability that a registry may demand (downgrades.md)."""

GIVEN_UP = {
    "AGENT_DRAINING": "reactivate every agent that is drained or deactivated (REACTIVATE_AGENT)",
    "QUOTA_V2": "give the roles in the registry's quota_configs their default quota again",
}
"""What has the registry no longer demand it."""
