"""What a run leaves behind: what was planned and why, what was done when, what it cost, how it ended.

All times are seconds since the run began, on the clock of the machine it was started on, and what was
measured is placed there as well as an answer's way allows. No secret is in it, as none is in a plan.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from ...inventory.printable import printable
from ..availability.apps import by_app
from ..availability.course import Course, Gap
from ..availability.fates import Fates
from ..availability.services import Service
from ..availability.turns import Costs, Kind, Taken, costs
from ..step import Phase, Risk, Step
from ..words import counted, crowd
from .shaped import Misshapen, shaped

FORMAT = 1
"""Another number says that records written before cannot be read any more."""

CARRIED_OUT = (0, 11)
"""The exit codes of runs that did all they had to do."""


@dataclass(frozen=True)
class Planned:
    """A step that a run meant to carry out on a host, and why; `effect` is what it does to what runs."""

    host: str
    id: str
    title: str
    reason: str
    phase: Phase
    risk: Risk
    effect: str


@dataclass(frozen=True)
class Done:
    """What a host did from when to when, a step or a wait; why, if no plan says so.

    `outcome` is `changed`, `prepared`, `ok`, `failed` or `interrupted`; `id` is the step's in the runbook, ""
    if it is none.
    """

    host: str
    what: str
    id: str
    why: str
    outcome: str
    start: float
    end: float


@dataclass(frozen=True)
class Fared:
    """How a service fared: without `measured`, nobody answered when the change began, and nothing is known.

    `slowest` is how long the slowest answer took that is no gap, 0 if none was slow; `budget` is how long a
    gap may be, None if that is not limited.
    """

    service: str
    measured: bool
    gaps: tuple[Gap, ...] = ()
    changes_of_leader: int = 0
    up_at_end: bool = False
    slowest: float = 0.0
    budget: float | None = None

    @property
    def longest(self) -> float:
        """Its longest gap, 0 if it had none."""
        return max((gap.seconds for gap in self.gaps), default=0.0)


@dataclass(frozen=True)
class Tasks:
    """How many tasks that ran at first still did at the end, had ended as somebody wished, or were lost.

    `budget` is how many may be, None if that is not limited.
    """

    running: int
    ended: int
    lost: int
    lost_by_app: str
    budget: int | None = None


@dataclass(frozen=True)
class Ending:
    """How a run ended, as docs/change.md has it: `kind` is `done`, or that of the error.

    `last_words` say what a run that was cut short has left, and what the next one does.
    """

    exit_code: int
    kind: str
    messages: tuple[str, ...] = ()
    last_words: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.kind.replace("_", " ") + (f" ({self.exit_code})" if self.exit_code else "")


@dataclass(frozen=True)
class Record:
    """A run; `tasks` is None where nobody could count them, and nothing was measured without `services`.

    `command` is what was typed behind `fab`, `who` did so at which machine, `began` when, in UTC.
    """

    mesofab_record: int
    mesofab: str
    name: str
    command: str
    who: str
    inventory: str
    cluster: str
    hosts: tuple[str, ...]
    began: str
    seconds: float
    planned: tuple[Planned, ...]
    done: tuple[Done, ...]
    turns: tuple[Taken, ...]
    services: tuple[Fared, ...]
    tasks: Tasks | None
    ending: Ending

    @property
    def when(self) -> str:
        """When it began, to the second."""
        return self.began[:19].replace("T", " ")

    @property
    def changes(self) -> int:
        """How many steps have changed something."""
        return sum(one.outcome == "changed" for one in self.done)

    @property
    def costs(self) -> Mapping[Kind, Costs]:
        """What its turns have cost; nothing of a run that did not do all it had to."""
        measured = {fared.service: fared.gaps for fared in self.services if fared.measured}
        whole = measured and self.ending.exit_code in CARRIED_OUT
        return costs(self.turns, measured) if whole else {}


class Foreign(ValueError):
    """A text that is no record of this format; says what it is instead."""


def planned(host: str, step: Step) -> Planned:
    """Give a step as it stands in a record."""
    return Planned(host, step.id, step.title, step.reason, step.phase, step.risk, step.effect)


def fared(service: Service, course: Course | None) -> Fared:
    """Give how a service fared as it stands in a record."""
    if course is None:
        return Fared(service.name, measured=False, budget=service.budget)
    return Fared(service.name, True, course.gaps, course.changes, course.up, course.slowest, service.budget)


def tasks(fates: Fates | None, budget: int | None) -> Tasks | None:
    """Give what became of tasks as it stands in a record."""
    if fates is None:
        return None
    return Tasks(len(fates.running), len(fates.ended), len(fates.lost), by_app(fates.lost), budget)


def written(record: Record) -> str:
    """Give the text of a record: one JSON document, times to the millisecond."""
    return json.dumps(_rounded(asdict(record)), indent=2) + "\n"


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list | tuple) else value


def read(text: str) -> Record:
    """Read a record. Raises Foreign."""
    try:
        found = json.loads(text)
        form = found["mesofab_record"]
        if form == FORMAT:
            return shaped(Record, found)
    except (Misshapen, ValueError, TypeError, LookupError, RecursionError):
        raise Foreign("it is not the record of a run") from None
    told = printable(repr(form)[:20])
    raise Foreign(f"it is in format {told} of another version of mesofab; this one knows {FORMAT}")


def lines(records: Iterable[tuple[Record, str]]) -> list[str]:
    """Tell each run in a line, in columns, with the file of its page."""
    rows = [_row(record, page) for record, page in records]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _row(record: Record, page: str) -> tuple[str, ...]:
    gaps = [f"{fared.service} {fared.longest:.1f} s" for fared in record.services if fared.gaps]
    without = "no gap" if any(fared.measured for fared in record.services) else "not measured"
    cells = (
        record.when,
        record.name,
        crowd(record.hosts),
        f"{record.seconds:.1f} s",
        counted(record.changes, "change"),
        ", ".join(gaps) or without,
        str(record.ending),
        page,
    )
    return tuple(map(printable, cells))
