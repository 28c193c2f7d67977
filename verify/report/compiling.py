"""From what came of every check to what the report tells: pure functions."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tasks.inventory.cluster import Cluster
from tasks.inventory.printable import printable

from ..evidence import Exchange, Log
from ..findings import Finding
from .document import Check, Complaint, Outcome, Trip

WORDS = {
    "zookeeper": "ZooKeeper",
    "marathons": "Marathons",
    "marathon": "Marathon",
    "zoo cfg": "zoo.cfg",
    "host ip": "HOST_IP",
    "hosts own": "host's own",
    "inventorys": "inventory's",
    "agents directories": "agent's directories",
    "masters log": "master's log",
}
"""What a name of Python cannot have in it."""


def title(name: str) -> str:
    """Return the name of a test as the sentence that it is."""
    text = name.removeprefix("test_").replace("_", " ")
    for plain, word in WORDS.items():
        text = re.sub(rf"\b{plain}\b", word, text)
    return text[:1].upper() + text[1:]


@dataclass
class Course:
    """A check and what has come of it so far."""

    name: str
    title: str
    steps: tuple[str, ...]
    host: str | None
    role: str | None
    outcome: Outcome = Outcome.NOT_RUN
    seconds: float = 0
    reason: str = ""
    findings: list[Finding] = field(default_factory=list)


def checks(courses: Mapping[str, Course], logs: Mapping[str, Log], cluster: Cluster) -> Iterator[Check]:
    """Yield every check with the evidence for what came of it."""
    for id, course in courses.items():
        log = logs.get(id, Log())
        yield Check(
            *(course.title, course.steps, course.host, course.outcome, course.seconds, course.role),
            reason=course.reason,
            evidence=tuple(_by_name(cluster, one) for one in log.exchanges),
            left_out=log.left_out,
        )


def _by_name(cluster: Cluster, one: Exchange) -> Exchange:
    node = cluster.called(one.where)
    return replace(one, where=node.name) if node else one


def complaints(courses: Iterable[Course], cluster: Cluster) -> Iterator[Complaint]:
    """Yield every finding once, with all checks that it fails."""
    failed: dict[Finding, list[Course]] = {}
    for course in courses:
        for one in course.findings:
            failed.setdefault(one, []).append(course)
    for one, those in failed.items():
        nodes = [node for name in one.where.split(", ") if (node := cluster.called(name))]
        roles = {course.role for course in those}
        spots = {(node.name, role if role in node.roles else None) for node in nodes for role in roles}
        yield Complaint(
            _clean(one),
            checks=tuple(dict.fromkeys(course.title for course in those)),
            hosts=tuple(node.name for node in nodes),
            spots=frozenset(spots),
        )


def _clean(one: Finding) -> Finding:
    return Finding(*(printable(text) for text in (one.where, one.seen, one.wanted, one.remedy)))


def journeys(courses: Iterable[Course], logs: Mapping[str, Log]) -> Iterator[Trip]:
    """Yield the journeys that were begun."""
    for course in courses:
        if log := logs.get(course.name):
            yield Trip(course.title, course.outcome, tuple(log.stretches))


def steps_of(properties: Sequence[tuple[str, object]], file: str) -> tuple[str, ...]:
    """Return the runbook's steps that a check is about, in order; the name of its file if there is none."""
    return tuple(sorted(str(value) for name, value in properties if name == "runbook")) or (file,)
