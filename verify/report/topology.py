"""Machines and members of the inventory, with what they said and what the checks found."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from picture.topology import ROLES, Condition, Machine, Member
from tasks.inventory.cluster import Cluster, Node

from ..wanted import ROLES as WANTED
from .document import Check, Complaint, Outcome, Version
from .glance import Said, Seen

PROGRAMS = ("system", "kernel", "Docker")
NOT_ASKED = Said("not asked")
"""Of a member of whom nothing is known: no check has passed, or nobody leads who would know."""

SERVES = {"zookeeper": "serve", "mesos_master": "answer", "marathon": "answer", "mesos_agent": "are active"}


def machines(
    cluster: Cluster, seen: Seen, complaints: Sequence[Complaint], checks: Sequence[Check]
) -> Iterator[Machine]:
    """Yield every host of the inventory as the picture shows it."""
    first = _first(complaints)
    passed = {(check.host, check.role) for check in checks if check.outcome is Outcome.PASSED and check.host}
    for node in cluster.nodes:
        about, roles = first.get((node.name, None)), [role for role in ROLES if role in node.roles]
        yield Machine(
            *(node.name, node.address),
            condition=_condition(about, (node.name, None) in passed),
            members=tuple(_member(cluster, node, role, seen, first, passed) for role in roles),
            complaint=about,
        )


def _first(complaints: Sequence[Complaint]) -> dict[tuple[str, str | None], int]:
    """Return the number of the first complaint about each spot."""
    found: dict[tuple[str, str | None], int] = {}
    for number, complaint in enumerate(complaints, 1):
        for spot in complaint.spots:
            found.setdefault(spot, number)
    return found


def _condition(complaint: int | None, has_passed: bool) -> Condition:
    if complaint is not None:
        return Condition.WRONG
    return Condition.WELL if has_passed else Condition.UNJUDGED


def _member(
    cluster: Cluster,
    node: Node,
    role: str,
    seen: Seen,
    first: Mapping[tuple[str, str | None], int],
    passed: Collection[tuple[str, str | None]],
) -> Member:
    said = seen.members.get((node.name, role), NOT_ASKED)
    chief = leader(cluster, role, seen)
    about = first.get((node.name, role)) or (first.get((node.name, None)) if len(node.roles) == 1 else None)
    return Member(
        *(node.name, role, WANTED[role](cluster, node).name),
        part=said.part,
        condition=_condition(about, (node.name, role) in passed),
        complaint=about,
        follows=chief if said.part in ("follower", "standby") else "",
        tasks=said.tasks,
        running=len(said.tasks) if said.part and said is not NOT_ASKED else None,
    )


def leader(cluster: Cluster, role: str, seen: Seen) -> str:
    """Return the name of the host on which the one leader of a role is, "" unless there is exactly one."""
    names = [node.name for node in cluster.having(role)]
    leaders = [name for name in names if seen.members.get((name, role), Said()).part == "leader"]
    return leaders[0] if len(leaders) == 1 else ""


def services(cluster: Cluster, seen: Seen) -> dict[str, str]:
    """Say of every role of the inventory how many members serve, and who leads."""
    return {role: _service(cluster, role, seen) for role in ROLES if cluster.having(role)}


def _service(cluster: Cluster, role: str, seen: Seen) -> str:
    names = [node.name for node in cluster.having(role)]
    if not any((name, role) in seen.members for name in names):
        return NOT_ASKED.part
    parts = [seen.members.get((name, role), Said()).part for name in names]
    well = sum(part not in ("", "not active", "not registered") for part in parts)
    told = f"{well} of {len(names)} {SERVES[role]}"
    chief = leader(cluster, role, seen)
    return f"{told}, {chief} leads" if chief else told


def versions(cluster: Cluster, seen: Seen) -> Iterator[Version]:
    """Yield the versions of services and hosts; where hosts differ, with the hosts that have each."""
    for role, title in ROLES.items():
        names = [node.name for node in cluster.having(role)]
        told = {name: seen.members.get((name, role), Said()).version for name in names}
        yield from _different(title, told)
    for place, program in enumerate(PROGRAMS):
        told = {name: "".join(its[place : place + 1]) for name, its in seen.programs.items()}
        yield from _different(program, told)


def _different(program: str, told: Mapping[str, str]) -> Iterator[Version]:
    counts = Counter(version for version in told.values() if version)
    for version, count in counts.most_common():
        names = [name for name, its in told.items() if its == version]
        where = ", ".join(names) if count <= 3 else f"{count} hosts"
        yield Version(program, version, where if len(counts) > 1 else "")
