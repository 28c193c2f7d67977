"""How the cluster stands: every host's containers, every service, and the cluster as a whole."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from ...inventory.cluster import Cluster, Node
from ..gate import Answers, Verdict
from ..look.lease import Lease
from ..look.observed import Observed
from ..membership import Stranger
from ..mesos_agent.service import agent
from ..mesos_master.service import Master, master
from ..runbook import HOST, MESOS_AGENT, Chapter
from ..step import Action, HostPlan, Trouble
from ..words import names

State = Literal["ok", "drift", "degraded", "unreachable"]
"""The worst that is true of the cluster."""


@dataclass(frozen=True)
class Component:
    """One container of the runbook as it stands.

    `service` is the role that hosts.ini gives the host; `state` is docker's word, or `absent`,
    `unknown` (no engine answers), `unreachable`. `since` is UTC, `version` what the service says of
    itself or else its image's tag, `role` what it is among its like (`leader`, ...). `drift` says
    what is not as wanted, `troubles` why its member is not well, `blocked` what a deploy is refused for.
    All of them are "" if they are not known. `tasks` counts what an agent runs, as its master says.
    """

    service: str
    container: str
    state: str
    since: str = ""
    version: str = ""
    role: str = ""
    drift: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    blocked: tuple[str, ...] = ()
    tasks: int | None = None

    @property
    def is_well(self) -> bool:
        """Tell whether it runs, and nothing is known that is wrong with its member."""
        return self.state == "running" and not self.troubles


@dataclass(frozen=True)
class HostStatus:
    """One host: `trouble` says why it could not be looked at; `drift` what concerns no container.

    `at_work` is a run that has the host just now; what differs may be its doing, or what it is there for.
    `blocked` tells that a deploy would be refused because of this host, `guarded` that a firewall was kept.
    """

    name: str
    components: tuple[Component, ...]
    drift: tuple[str, ...] = ()
    trouble: str = ""
    at_work: Lease | None = None
    blocked: bool = False
    guarded: bool = False

    @property
    def drifts(self) -> bool:
        """Tell whether a deploy would have something to do here."""
        return bool(self.drift or any(one.drift for one in self.components))


@dataclass(frozen=True)
class Service:
    """One service as a whole: the verdict on it, how many of its members take part, and who leads."""

    role: str
    title: str
    verdict: Verdict
    members: int
    serving: int
    leader: str


@dataclass(frozen=True)
class Status:
    """Everything that one look found; `master` is what the leading master says, None without one.

    `strangers` take part in a service and have no place in hosts.ini.
    """

    source: str
    looked_at: str
    hosts: tuple[HostStatus, ...]
    services: tuple[Service, ...]
    master: Master | None
    strangers: tuple[Stranger, ...] = ()

    @property
    def state(self) -> State:
        """Judge: what cannot be seen is worse than what is not well, and that than what differs."""
        if any(host.trouble for host in self.hosts):
            return "unreachable"
        if self.down or not all(service.verdict.passed for service in self.services):
            return "degraded"
        return "drift" if self.strangers or any(host.drifts for host in self.hosts) else "ok"

    @property
    def down(self) -> tuple[str, ...]:
        """Name what is not well: `zookeeper on 10.0.0.1, .2 is exited`."""
        found: dict[tuple[str, str], dict[str, str]] = {}
        for host in self.hosts:
            for one in host.components:
                if not one.is_well:
                    found.setdefault((one.service, _how(one)), {})[host.name] = one.container
        return tuple(
            f"{next(iter(those.values())) if len(those) == 1 else service} on {names(those)} is {state}"
            for (service, state), those in found.items()
        )

    def service(self, role: str) -> Service | None:
        """Give the service that this role makes up, if a host plays it."""
        return next((service for service in self.services if service.role == role), None)


def _how(one: Component) -> str:
    """Say in which way a component is not well."""
    # That an agent is active only its master says, and for a while after its end.
    if one.state == "absent" and one.role not in ("", "active"):
        return "absent, though something answers in its place"
    return one.state if one.state != "running" else "not well"


def host(
    chapters: Iterable[Chapter], cluster: Cluster, node: Node, seen: Observed, plan: HostPlan
) -> HostStatus:
    """Say how a host stands that was looked at; `plan` is what a deploy would do there."""
    components = tuple(
        _component(chapter, node, seen, name, plan)
        for chapter in chapters
        for name in chapter.containers(cluster, node)
    )
    own = drift(plan, HOST)
    return HostStatus(
        node.name,
        components,
        own,
        at_work=seen.at_work,
        blocked=bool(plan.blockers),
        guarded=seen.firewall.is_kept,
    )


def unreachable(chapters: Iterable[Chapter], cluster: Cluster, node: Node, trouble: str) -> HostStatus:
    """Say what should run on a host that cannot be looked at."""
    components = tuple(
        Component(chapter.role or "", name, "unreachable")
        for chapter in chapters
        for name in chapter.containers(cluster, node)
    )
    return HostStatus(node.name, components, trouble=trouble)


def _component(chapter: Chapter, node: Node, seen: Observed, name: str, plan: HostPlan) -> Component:
    assert chapter.role is not None and chapter.members is not None
    found, answers = seen.container(name), seen.said(chapter.role)
    listed = agent(node, answers) if chapter is MESOS_AGENT else None
    return Component(
        service=chapter.role,
        container=name,
        state=found.status if seen.engine else "unknown",
        since=f"{found.since[:19]}Z" if found.runs else "",
        version=chapter.members.version(node, answers) or (tag(found.image) if found.runs else ""),
        role=chapter.members.role(node, answers),
        drift=drift(plan, chapter),
        blocked=_blocked(plan, chapter),
        troubles=tuple(trouble for trouble in plan.troubles if trouble.container == name),
        tasks=listed.tasks if listed else None,
    )


def tag(image: str) -> str:
    """Give the tag of an image's name: `3.8.0` (also of `v3.8.0`), `latest`, or part of its digest."""
    _, at, digest = image.partition("@sha256:")
    named = re.search(r":(?:v(?=\d))?([^:/]+)$", image)
    return digest[:12] if at else named[1] if named else "latest"


def drift(plan: HostPlan, chapter: Chapter) -> tuple[str, ...]:
    """Say what of a chapter is not as wanted; () if and only if the plan has nothing of it.

    What a restart would take in says all that the staged files before it say. What only tidies up
    counts if nothing else is to be done: it follows from the rest.
    """
    steps = [step for step in plan.steps if chapter.holds(step)]
    if any(step.action is Action.REPLACE for step in steps):
        steps = [step for step in steps if step.action is not Action.WRITE_BESIDE]
    steps = [step for step in steps if step.action is not Action.KEEP_DOORS]
    lasting = [step for step in steps if step.phase != "settle"] or steps
    texts = [step.reason if step.risk == "restart" else f"{step.title}: {step.reason}" for step in lasting]
    return tuple(dict.fromkeys([*texts, *_blocked(plan, chapter)]))


def _blocked(plan: HostPlan, chapter: Chapter) -> tuple[str, ...]:
    return tuple(f"{one.title}: {one.seen}" for one in plan.blockers if chapter.holds(one))


def service(
    chapter: Chapter, cluster: Cluster, answers: Mapping[str, Answers], needed: frozenset[str]
) -> Service:
    """Judge a service by what its members said; those in `needed` must be well."""
    assert chapter.role is not None and chapter.members is not None
    roles = {
        node.name: chapter.members.role(node, answers.get(node.name, {})) for node in chapter.nodes(cluster)
    }
    leaders = [name for name, role in roles.items() if role == "leader"]
    return Service(
        role=chapter.role,
        title=chapter.title,
        verdict=chapter.members.verdict(cluster, answers, needed),
        members=len(roles),
        serving=sum(map(bool, roles.values())),
        leader=leaders[0] if len(leaders) == 1 else "",
    )


def unheard(chapter: Chapter, cluster: Cluster, why: str) -> Service:
    """Say of a service that nobody could be asked."""
    members = len(chapter.nodes(cluster))
    return Service(chapter.role or "", chapter.title, Verdict(False, why), members, 0, "")


def leading_master(answers: Mapping[str, Answers]) -> Master | None:
    """Give what the leading master says; None if none leads, or more than one says so."""
    leaders = [one for each in answers.values() if (one := master(each)).elected]
    return leaders[0] if len(leaders) == 1 else None
