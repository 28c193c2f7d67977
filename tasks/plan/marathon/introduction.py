"""Marathon begins to show its principal to the masters, in the order that ends no leading master.

Seen with Mesos 1.5.0 and Marathon 1.5.8: a master that knows the framework without a principal ends (a failed
check, MESOS-703) when a Marathon that shows one fails over to it. A master that has just come to lead takes
the framework from the agents instead, and is not ended by the first Marathon that comes. It still knows no
principal; but the agents are told by then, so that the next one does. A master that knows it has counters
for that principal: what the failed check looks for.

So standbys are made anew first, then another master leads, and with it one of them; the last Marathon is made
anew; then another master leads once more. In between no Marathon may fail over under one master.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ...inventory.cluster import Cluster, Node
from .. import http
from ..desired import secrets
from ..gate import Answers
from ..look.docker import SeenContainer
from ..membership import Plans, Seen
from ..names import Id
from ..shell import quote
from ..step import Action, Blocker, HostPlan, Phase, Step
from . import handover
from .desired import name
from .service import Marathons, marathon

PHASE: Phase = "introduce"

EARLY, FIRST, LATE = range(3)
"""Turns of the steps: before all that may have Marathons fail over, if it has begun; behind that, if not.

Where masters are to demand credentials of frameworks, it is the first thing behind all stages.
"""

WHY = "the leading master knows Marathon without its principal, and would end when another Marathon leads"

CHANGES = 4
"""Changes of the leading master at most: two are needed, more if an agent was away when others were told."""


Said = Mapping[str, Mapping[str, Answers]]
"""What the members of some services said, by role and node."""


@dataclass(frozen=True)
class Now:
    """How far it is: whose Marathon is still to be made anew, and whose leads.

    And whether the leading `master`, on that node, knows the principal.
    """

    lacking: frozenset[str]
    leader: str | None
    known: bool
    master: str = ""


@dataclass(frozen=True)
class Move:
    """What is next: the Marathon on that node is made anew, or another master leads, if it is ""."""

    anew: str = ""


def next_move(now: Now) -> Move | None:
    """Say what is next; None if all is done."""
    if standbys := sorted(now.lacking - {now.leader}):
        return Move(standbys[0])
    if not now.known:
        return Move()
    return Move(*now.lacking) if now.lacking else None


# What is known


def shows(seen: SeenContainer) -> bool:
    """Tell whether a Marathon's container has it show a principal."""
    return secrets.SHOWS in seen.arguments


def state(cluster: Cluster, lacking: frozenset[str], said: Said) -> Now | None:
    """Read what masters and Marathons said, by role; None while Marathon is not registered with who leads."""
    role = Marathons().role
    marathons, leading = said.get("marathon", {}), _leading(cluster, said.get("mesos_master", {}))
    leader = next(
        (n for n in cluster.having("marathon") if role(n, marathons.get(n.name, {})) == "leader"),
        None,
    )
    if leader is None or leading is None:
        return None
    node, answers = leading
    told = marathon(marathons[leader.name])
    if not (told.framework and _is_at(node, told.master)):
        return None
    return Now(lacking, leader.name, _counts(cluster, answers), node.name)


def _leading(cluster: Cluster, said: Mapping[str, Answers]) -> tuple[Node, Answers] | None:
    """Give the master that leads, with its answers; None if none or more than one says so."""
    heard = {node: said.get(node.name, {}) for node in cluster.having("mesos_master")}
    elected = [(node, own) for node, own in heard.items() if _metrics(own).get("master/elected") == 1]
    return elected[0] if len(elected) == 1 else None


def _counts(cluster: Cluster, answers: Answers) -> bool:
    """Tell whether a master counts for Marathon's principal, as it does for all that it knows."""
    assert cluster.credentials is not None  # else nobody asks
    return f"frameworks/{cluster.credentials.of['marathon'].principal}/messages_received" in _metrics(answers)


def _metrics(answers: Answers) -> Mapping[str, object]:
    return http.table(http.read(answers.get("metrics", "")).json)


def _is_at(node: Node, url: str) -> bool:
    """Tell whether a URL leads to a node's master, whose own settings name it so."""
    return url.rstrip("/") == f"http://{node.address}:{node.settings.mesos_master_port}"


def unfinished(cluster: Cluster, seen: Seen, said: Said) -> bool:
    """Tell whether a Marathon that came to lead now would end the leading master."""
    return any(shows(one) for one in _running(cluster, seen).values()) and unknown(cluster, said)


def unknown(cluster: Cluster, said: Said) -> bool:
    """Tell whether the leading master has Marathon registered and does not know its principal."""
    now = state(cluster, frozenset(), said) if cluster.credentials else None
    return now is not None and not now.known


# The plan


def of_turn(plans: Plans, turn: int) -> dict[str, tuple[Step, ...]]:
    """Give each host's steps of one of the turns."""
    return {
        name: tuple(step for step in plan.in_phase(PHASE) if step.turn == turn)
        for name, plan in plans.items()
    }


def arranged(cluster: Cluster, seen: Seen, plans: Plans) -> Plans:
    """Put Marathons that begin or cease to show a principal in an order that harms nobody."""
    running = _running(cluster, seen)
    moved = {node.name for node in running if _is_replaced(plans.get(node.name))}
    wanted = cluster.credentials is not None
    turned = {node.name for node, one in running.items() if node.name in moved and shows(one) is not wanted}
    if turned and handover.changing(cluster, seen):
        return _refused(plans, turned, _ANOTHER_VERSION)
    plans = handover.hand_over(cluster, seen, plans)
    if not wanted:
        return _first(plans, turned)
    said = {role: {n: one.said(role) for n, one in seen.items()} for role in ("marathon", "mesos_master")}
    now = state(cluster, frozenset(turned), said)
    if turned and len(cluster.having("marathon")) == 1 and not (now and now.known):
        return _refused(plans, turned, _ALONE)
    if turned:
        begun = any(map(shows, running.values())) and _masters_ready(cluster, seen)
        not_begun = FIRST if secrets.is_strict(cluster) else LATE
        return _introducing(plans, turned, EARLY if begun else not_begun)
    if now is not None and not now.known and all(map(shows, running.values())):
        return _once_more(cluster, seen, plans, said)
    return plans


_ANOTHER_VERSION = (
    "it gets or loses its principal, and another version: each needs an order of its own",
    "deploy one of the two first: keep the version of now, or security",
)
_ALONE = (
    "it is the only one: to show its principal it must come to lead under another master than the old one, "
    f"and nobody would lead meanwhile. Else {WHY}",
    "give it a second one in hosts.ini, deploy that with security=open, then this",
)


def _running(cluster: Cluster, seen: Seen) -> dict[Node, SeenContainer]:
    nodes = [node for node in cluster.having("marathon") if node.name in seen]
    found = {node: seen[node.name].container(name(node)) for node in nodes}
    return {node: one for node, one in found.items() if one.is_up}


def _is_replaced(plan: HostPlan | None) -> bool:
    return plan is not None and any(s.id is Id.MARATHON_RUN for s in plan.in_phase("replace"))


def _masters_ready(cluster: Cluster, seen: Seen) -> bool:
    hosts = [seen[node.name] for node in cluster.having("mesos_master") if node.name in seen]
    return all(secrets.MASTERS in each.container(each.master).environment for each in hosts)


def _refused(plans: Plans, hosts: set[str], why: tuple[str, str]) -> Plans:
    blocker = Blocker(Id.MARATHON_RUN, "Marathon", *why)
    return {
        host: replace(plan, blockers=(*plan.blockers, blocker)) if host in hosts else plan
        for host, plan in plans.items()
    }


def _first(plans: Plans, losing: set[str]) -> Plans:
    """Have masters and agents wait for Marathons that cease to show what masters will not know any more."""
    later = {Id.MASTER_RUN, Id.AGENT_RUN}

    def waits(step: Step) -> Step:
        is_one = step.id in later and step.phase == "replace"
        return replace(step, behind=Id.MARATHON_RUN.service) if is_one else step

    return _each_step(plans, {*plans}, waits) if losing else plans


def _introducing(plans: Plans, hosts: set[str], turn: int) -> Plans:
    def introduces(step: Step) -> Step:
        is_one = step.id is Id.MARATHON_RUN and step.phase == "replace"
        return replace(step, phase=PHASE, turn=turn) if is_one else step

    return _each_step(plans, hosts, introduces)


def _each_step(plans: Plans, hosts: set[str], change: Callable[[Step], Step]) -> Plans:
    return {
        host: replace(plan, steps=tuple(map(change, plan.steps))) if host in hosts else plan
        for host, plan in plans.items()
    }


def _once_more(cluster: Cluster, seen: Seen, plans: Plans, said: Said) -> Plans:
    """Have the leading master change, as all Marathons show their principal and it does not know it."""
    leading = _leading(cluster, said["mesos_master"])
    assert leading is not None  # else nobody would know that
    node, _ = leading
    if node.name not in plans:
        return plans
    plan = plans[node.name]
    return {**plans, node.name: replace(plan, steps=(*plan.steps, changes(seen[node.name].master)))}


def changes(master: str) -> Step:
    """Return the step by which another master leads than the one in that container."""
    shell, effect = f"docker restart -t 1 {quote(master)}\n", f"restarts {master}, the leader"
    return Step(Id.MASTER_RUN, Action.RESTART, f"restart {master}", WHY, shell, PHASE, "restart", effect)
