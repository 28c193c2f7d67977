"""A status as the live picture shows it: hosts and members with their findings, which are numbered."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from picture.topology import Condition, Machine, Member

from ...inventory.cluster import Cluster
from .differing import REFUSED, differing
from .status import Component, HostStatus, Service, Status

Spot = tuple[str, str]
"""A place in the picture: a host and a role; without a role the machine, without a host the service."""

SHOWN = "`fab plan` shows what a deploy would change"


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, or else differs from hosts.ini: where, what was seen, and what to do."""

    where: str
    seen: str
    remedy: str
    wrong: bool
    spots: frozenset[Spot]


def findings(status: Status) -> tuple[Finding, ...]:
    """Say all that is to be told, what is wrong before what only differs."""
    found = [*_of_hosts(status.hosts), *_of_services(status), *_of_differences(status)]
    return tuple(sorted(found, key=lambda one: not one.wrong))


def _finding(where: str, seen: str, remedy: str, wrong: bool, *spots: Spot) -> Finding:
    return Finding(where, seen, remedy, wrong, frozenset(spots))


def _of_hosts(hosts: Iterable[HostStatus]) -> Iterator[Finding]:
    for host in hosts:
        if host.trouble:
            spots = ((host.name, one.service) for one in host.components)
            seen = host.trouble.removeprefix(f"{host.name}  ")
            yield _finding(host.name, seen, "", True, (host.name, ""), *spots)
        else:
            for one in host.components:
                yield from _of_component(host, one)


def _of_component(host: HostStatus, one: Component) -> Iterator[Finding]:
    spot = host.name, one.service
    for trouble in one.troubles:
        remedy = "a deploy mends that" if trouble.mended else trouble.remedy
        yield _finding(host.name, f"{one.container} is not well: {trouble.seen}", remedy, True, spot)
    if not one.is_well and not one.troubles:
        yield _finding(host.name, f"{one.container} is {one.state}", _deploy(host), True, spot)


def _of_services(status: Status) -> Iterator[Finding]:
    for service in status.services:
        if not service.verdict.passed:
            silent = (
                (host.name, one.service)
                for host in status.hosts
                for one in host.components
                if one.service == service.role and one.is_well and not one.role
            )
            yield _finding(service.title, service.verdict.says, "", True, ("", service.role), *silent)


def _of_differences(status: Status) -> Iterator[Finding]:
    """Say what differs where; of what does not run, only what keeps a deploy from it, and that is wrong."""
    hosts = {host.name: host for host in status.hosts}
    stopped = {
        (host.name, one.service): bool(one.blocked)
        for host in status.hosts
        for one in host.components
        if one.state != "running"
    }
    for host, whose, drift in differing(status):
        spot = host, whose.removesuffix(": ")
        if stopped.get(spot, True):
            yield _finding(host, f"{whose}{'; '.join(drift)}", _deploy(hosts[host]), spot in stopped, spot)
    for one in status.strangers:
        yield _finding(one.host, one.seen, one.remedy, False, ("", one.service))


def _deploy(host: HostStatus) -> str:
    return REFUSED if host.blocked else SHOWN


def numbers(found: Sequence[Finding]) -> dict[Spot, int]:
    """Give the number of the first finding about each spot."""
    first: dict[Spot, int] = {}
    for number, one in enumerate(found, 1):
        for spot in one.spots:
            first.setdefault(spot, number)
    return first


def machines(status: Status, cluster: Cluster, found: Sequence[Finding]) -> Iterator[Machine]:
    """Yield every host that was looked at as the picture shows it."""
    first = numbers(found)
    for host in status.hosts:
        node = cluster.called(host.name)
        about = first.get((host.name, ""))
        yield Machine(
            *(host.name, node.address if node else host.name),
            condition=_condition(about, found, Condition.WELL),
            members=tuple(_member(status, host, one, first, found) for one in host.components),
            complaint=about,
        )


def _condition(about: int | None, found: Sequence[Finding], otherwise: Condition) -> Condition:
    if about is None:
        return otherwise
    return Condition.WRONG if found[about - 1].wrong else Condition.DIFFERS


def _member(
    status: Status, host: HostStatus, one: Component, first: Mapping[Spot, int], found: Sequence[Finding]
) -> Member:
    alone = len(host.components) == 1  # such a host has no frame of its own
    about = first.get((host.name, one.service)) or (first.get((host.name, "")) if alone else None)
    return Member(
        *(host.name, one.service, one.container),
        part=one.role,
        condition=_condition(about, found, Condition.WELL if one.role else Condition.UNJUDGED),
        complaint=about,
        follows=_leader(status.service(one.service)) if one.role in ("follower", "standby") else "",
        running=one.tasks,
    )


def _leader(service: Service | None) -> str:
    return service.leader if service else ""
