"""Who is replaced next: one rule over all services, so that none of them loses its quorum.

A running member is taken down only while every service has as many members serving as when the roll
began. Those that do not serve come first, then followers, host by host, and every leader last, so
that each service changes its leader once. Marathons wait for ZooKeeper's members, whose restarts end them
anyway: what was ended does not serve, and is replaced then instead of being started again first. Others may
wait for a service, too, as agents do for masters that get a new version.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from .gate import Standing
from .names import SERVICES
from .step import Action, Step
from .words import share

Standings = Mapping[str, Standing]
"""How every service stands, by its role."""


@dataclass(frozen=True)
class Member:
    """One member of a service: its role, and its node; and `behind` which service it is replaced."""

    service: str
    node: str
    behind: str = field(default="", compare=False)


@dataclass(frozen=True)
class Turn:
    """Who may be replaced now, together if several, and whether that one leads; if nobody may, why.

    `shaken` says which service is still to recover, so that waiting helps; `refused` of each member
    why its service would be lost.
    """

    members: tuple[Member, ...] = ()
    shaken: str = ""
    refused: Mapping[Member, str] = field(default_factory=dict)
    leads: bool = False


def stays(left: Collection[Member], node: str, step: Step) -> bool:
    """Tell whether a node's step is not done because its member is `left` as it is, nor what follows it.

    What shuts out members that were left, wherever they are, is not done either.
    """
    if step.action is Action.CLOSE_TREE:
        return any(member.service == step.id.service for member in left)
    return step.phase in ("replace", "settle") and Member(step.id.service, node) in left


def next_turn(
    now: Standings, before: Standings, pending: Sequence[Member], here: str = "", held: Collection[str] = ()
) -> Turn:
    """Choose from `pending`; `before` is how the services stood when the roll began.

    `here` is the node of the last turn: its other members come before those of another host. Marathons that
    are `held`, on these nodes, do not serve because the run wants that.
    """
    for service in dict.fromkeys(member.service for member in pending):
        if not now[service].stands:
            # There is nothing to keep up: all go at once, as on the first day.
            return Turn(tuple(member for member in pending if member.service == service))
    ready = [each for each in pending if not any(other.service == each.behind for other in pending)]
    idle = [member for member in ready if member.node not in now[member.service].serving]
    if idle:
        return Turn((idle[0],))
    if told := shaken(now, before, held):
        return Turn(shaken=told)
    barred = _refused(now, ready)
    free = [member for member in ready if member not in barred]
    if not free:
        return Turn(refused={**barred, **_waiting(pending)})
    chosen = min(free, key=lambda one: (_waits(one, free), _leads(one, now), one.node != here))
    return Turn((chosen,), leads=_leads(chosen, now))


def needed(now: Standings, node: str) -> list[str]:
    """Say which of these services, of each of which `node` has a member, would stop without it."""
    return [
        f"{SERVICES[service]}: {_count(standing)} and {standing.majority} must: without {node} it would stop"
        for service, standing in now.items()
        if not standing.spares(node)
    ]


def _refused(now: Standings, pending: Sequence[Member]) -> dict[Member, str]:
    return {
        member: _refusal(member, now[member.service])
        for member in pending
        if not now[member.service].spares(member.node)
    }


def leaders_last(now: Standings, nodes: Sequence[str]) -> list[str]:
    """Give hosts in the order to take them down in: behind who leads nothing, ZooKeeper's leader the last."""

    def rank(name: str) -> tuple[bool, bool]:
        leads = {service for service, standing in now.items() if standing.leader == name}
        return "zookeeper" in leads, bool(leads)

    return sorted(nodes, key=rank)


def shaken(now: Standings, before: Standings, held: Collection[str] = ()) -> str:
    """Say which services have fewer members serving than `before`; "" if none has."""
    steady = {
        service: {*own.serving, *(held if service == "marathon" else ())} for service, own in now.items()
    }
    return ", ".join(
        f"{SERVICES[service]}: "
        f"{share(len(now[service].serving), old.total, 'members', 'serves', 'serve')}, "
        f"{len(old.serving)} did before"
        for service, old in before.items()
        if old.stands and len(steady[service]) < len(old.serving)
    )


def _refusal(member: Member, standing: Standing) -> str:
    restarting = f"restarting {member.node} now would stop the service"
    return f"{_count(standing)} and {standing.majority} must: {restarting}"


def _count(standing: Standing) -> str:
    return share(len(standing.serving), standing.total, "members", "serves", "serve")


def _waiting(pending: Sequence[Member]) -> dict[Member, str]:
    late = [each for each in pending if any(other.service == each.behind for other in pending)]
    return {each: f"with another version it comes behind all of {SERVICES[each.behind]}" for each in late}


def _waits(member: Member, free: Sequence[Member]) -> bool:
    return member.service == "marathon" and any(other.service == "zookeeper" for other in free)


def _leads(member: Member, now: Standings) -> bool:
    return now[member.service].leader == member.node
