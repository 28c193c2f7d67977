"""What a run of the suite saw, as one value: of it alone the report is made."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from picture.topology import Machine

from ..evidence import Exchange, Stretch
from ..findings import Finding
from ..verdict import Verdict
from .steps import STEPS, WITHOUT_ID


class Outcome(StrEnum):
    """What came of a check."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "not checked"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Check:
    """One check: on a host, or without one of the cluster as a whole. `reason` says why it was left out.

    `steps` are those of the runbook; a check that belongs to none has the name of its file for one.
    `complaints` are the numbers of those that it led to.
    """

    title: str
    steps: tuple[str, ...]
    host: str | None
    outcome: Outcome
    seconds: float = 0
    role: str | None = None
    reason: str = ""
    evidence: tuple[Exchange, ...] = ()
    left_out: int = 0
    complaints: tuple[int, ...] = ()


@dataclass(frozen=True)
class Complaint:
    """A finding with the hosts that it is about and the checks that it fails, by titles and by pytest's ids.

    `spots` are the places in the picture: a host and a role, or a host and None for the whole machine.
    `besides` is what was seen as well, and follows from it.
    """

    finding: Finding
    checks: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    spots: frozenset[tuple[str, str | None]] = frozenset()
    besides: tuple[str, ...] = ()
    ids: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Version:
    """A program, its version, and where it is, which is "" if it is the same everywhere."""

    program: str
    version: str
    where: str = ""


@dataclass(frozen=True)
class Trip:
    """A journey: what came of it, and the parts of its way."""

    title: str
    outcome: Outcome
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True)
class Document:
    """All that the report tells. `services` has a sentence for every role of the inventory."""

    verdict: Verdict
    sentence: str
    source: str
    began: datetime
    seconds: float
    asked_by: str
    asked_from: str
    command: str
    versions: tuple[Version, ...]
    machines: tuple[Machine, ...]
    services: dict[str, str]
    complaints: tuple[Complaint, ...]
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()
    journeys: tuple[Trip, ...] = ()
    measured: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Group:
    """Checks under one heading, with how many of them came to what."""

    title: str
    checks: tuple[Check, ...]
    id: str = ""

    def count(self, outcome: Outcome) -> int:
        """Return how many came to this."""
        return sum(check.outcome is outcome for check in self.checks)

    @property
    def outcome(self) -> Outcome:
        """The worst that came of any, but for those that were left out on purpose."""
        order = (Outcome.FAILED, Outcome.NOT_RUN, Outcome.PASSED, Outcome.SKIPPED)
        return next(one for one in order if self.count(one) or one is Outcome.SKIPPED)

    @property
    def seconds(self) -> float:
        """How long they took together."""
        return sum(check.seconds for check in self.checks)

    @property
    def kinds(self) -> Iterator["Group"]:
        """The checks of one name together, in the order in which they come."""
        titles = dict.fromkeys(check.title for check in self.checks)
        for title in titles:
            yield Group(title, tuple(check for check in self.checks if check.title == title))


def groups(checks: tuple[Check, ...]) -> Iterator[Group]:
    """Return the checks by the runbook's steps, each by its first one; then those that belong to none."""
    for key, title in {**STEPS, **WITHOUT_ID}.items():
        those = tuple(check for check in checks if check.steps[0] == key)
        if those:
            yield Group(title, those, key if key in STEPS else "")
