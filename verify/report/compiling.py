"""From what came of every check to what the report tells: pure functions."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tasks.inventory.cluster import Cluster
from tasks.inventory.printable import printable

from ..evidence import Exchange, Log
from ..findings import Finding
from ..folding import Told, told
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
class Trial:
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


def checks(
    trials: Mapping[str, Trial], logs: Mapping[str, Log], cluster: Cluster, complaints: Sequence[Complaint]
) -> Iterator[Check]:
    """Yield every check with the evidence for what came of it and the numbers of its complaints."""
    for id, trial in trials.items():
        log = logs.get(trial.name) or logs.get(id) or Log()  # a journey has its own, by its name
        yield Check(
            *(trial.title, trial.steps, trial.host, trial.outcome, trial.seconds, trial.role),
            reason=trial.reason,
            evidence=tuple(_by_name(cluster, one) for one in log.exchanges),
            left_out=log.left_out,
            complaints=tuple(number for number, one in enumerate(complaints, 1) if id in one.ids),
        )


def _by_name(cluster: Cluster, one: Exchange) -> Exchange:
    node = cluster.called(one.where)
    return replace(one, where=node.name) if node else one


def complaints(trials: Mapping[str, Trial], cluster: Cluster, lost: Mapping[str, str]) -> Iterator[Complaint]:
    """Yield every finding once, with all checks that it fails, in the order in which the terminal has them.

    What follows from a `lost` host is told with that; it has the hosts' names by what is said of them.
    """
    failed: dict[str, list[str]] = {}
    findings: dict[str, Finding] = {}
    for id, trial in trials.items():
        for one in trial.findings:
            sentence = printable(str(one))
            findings.setdefault(sentence, one)
            failed.setdefault(sentence, []).append(id)
    for each in told(failed, lost, cluster.called):
        yield _complaint(findings[each.sentence], each, [trials[id] for id in each.checks], cluster)


def _complaint(one: Finding, its: Told, failed: Sequence[Trial], cluster: Cluster) -> Complaint:
    nodes = [node for name in one.where.split(", ") if (node := cluster.called(name))]
    roles = {trial.role for trial in failed}
    spots = {(node.name, role if role in node.roles else None) for node in nodes for role in roles}
    return Complaint(
        _clean(one),
        checks=tuple(dict.fromkeys(trial.title for trial in failed)),
        hosts=tuple(node.name for node in nodes),
        spots=frozenset(spots),
        besides=tuple(its.besides),
        ids=frozenset(its.checks),
    )


def _clean(one: Finding) -> Finding:
    return Finding(*(printable(text) for text in (one.where, one.seen, one.wanted, one.remedy)))


def journeys(trials: Iterable[Trial], logs: Mapping[str, Log]) -> Iterator[Trip]:
    """Yield the journeys that were begun."""
    for trial in trials:
        if log := logs.get(trial.name):
            yield Trip(trial.title, trial.outcome, tuple(log.stretches))


def steps_of(properties: Sequence[tuple[str, object]], file: str) -> tuple[str, ...]:
    """Return the runbook's steps that a check is about, in order; the name of its file if there is none."""
    return tuple(sorted(str(value) for name, value in properties if name == "runbook")) or (file,)
