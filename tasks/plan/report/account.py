"""What the page of a run tells in words: how it ended, what is next, what was planned, done, and paid."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

from ..availability.course import Gap
from ..availability.turns import Taken, turn_of
from ..step import Phase
from ..words import counted, names, share
from .record import CARRIED_OUT, Done, Fared, Planned, Record

PHASES = get_args(Phase)

MEMBERS = {
    "zookeeper": "ZooKeeper",
    "mesos_master": "the Mesos master",
    "marathon": "Marathon",
    "mesos_agent": "the Mesos agent",
}
"""What a member of each service is called."""

GAPS = 12
"""So many gaps of a service are told one by one."""

CUT = (130, 141)
"""The exit codes of runs that were interrupted, or whose words nobody could read."""

NEXT = {
    "done": "Nothing is left to do. `pytest verify/` tells whether the cluster is as it should be.",
    "over_budget": "Nothing is left to be done; the costs say which turn took so long, or lost the tasks.",
    "output_lost": "The run went on to its end. `fab status` shows what runs now.",
    "interrupted": "Type `fab {0}` again: it does what is still missing.",
    "bug": "This is a bug in mesofab: report it with this page and what was printed. "
    "`fab status` shows what runs now; it is safe to type `fab {0}` again.",
}
"""What there is to do after a run of each kind of ending."""

OTHERWISE = "Do as the message says, then type `fab {0}` again: it does what is still missing."


@dataclass(frozen=True)
class Intention:
    """A step that was planned on these hosts, and what came of it."""

    id: str
    title: str
    reason: str
    effect: str
    hosts: tuple[str, ...]
    came: str


@dataclass(frozen=True)
class Deed:
    """What so many hosts did: from the first one's begin to the last one's end, and how long at most."""

    what: str
    why: str
    outcome: str
    hosts: int
    start: float
    end: float
    longest: float


@dataclass(frozen=True)
class Price:
    """What a run cost those who use a service, and whether that is more than hosts.ini allows."""

    service: str
    longest: str
    allowed: str
    leader: str
    gaps: tuple[str, ...]
    over: bool


def tone(record: Record) -> str:
    """Say how a run is to look: `passed`, `partly` or `failed`."""
    if record.ending.exit_code == 0:
        return "passed"
    return "partly" if record.ending.exit_code in (*CARRIED_OUT, *CUT) else "failed"


def sentence(record: Record) -> str:
    """Say in one sentence what a run did and what that cost."""
    hosts = len({one.host for one in record.done if one.outcome == "changed"})
    did = f"{counted(record.changes, 'step')} changed something on {counted(hosts, 'host')}"
    gaps = [f"{fared.service} {fared.longest:.1f} s" for fared in record.services if fared.gaps]
    measured = any(fared.measured for fared in record.services)
    cost = f"longest gaps: {', '.join(gaps)}" if gaps else "no service had a gap" if measured else ""
    lost = f"{counted(record.tasks.lost, 'task')} lost" if record.tasks and record.tasks.lost else ""
    return "; ".join(each for each in (did, cost, lost) if each)


def advice(record: Record) -> str:
    """Say what there is to do now."""
    return NEXT.get(record.ending.kind, OTHERWISE).format(record.command or record.name)


def intentions(record: Record) -> tuple[Intention, ...]:
    """Give what was planned, about in its order, each step once with all hosts that were to carry it out."""
    came = {(one.host, one.id, one.what): one.outcome for one in record.done}
    alike: dict[tuple[str, str, str, str], list[Planned]] = {}
    for one in sorted(record.planned, key=lambda each: (PHASES.index(each.phase), each.id)):
        alike.setdefault((one.id, one.title, one.reason, one.effect), []).append(one)
    return tuple(
        Intention(
            *key,
            hosts=tuple(one.host for one in those),
            came=_came([came.get((each.host, each.id, f"{each.id} {each.title}"), "") for each in those]),
        )
        for key, those in alike.items()
    )


def _came(outcomes: Sequence[str]) -> str:
    """Say what came of a step: its outcome, or how many hosts had each."""
    told = [outcome or "not begun" for outcome in outcomes]
    counts = {outcome: told.count(outcome) for outcome in dict.fromkeys(told)}
    if len(counts) == 1:
        return told[0]
    return ", ".join(f"{outcome} on {count}" for outcome, count in counts.items())


def deeds(done: Sequence[Done]) -> tuple[Deed, ...]:
    """Give what hosts did; what one host did twice stands there twice, unless others did the same."""
    alone = len({one.host for one in done}) == 1
    alike: dict[tuple[str, str, str, int], list[Done]] = {}
    for number, one in enumerate(done):
        alike.setdefault((one.what, one.why, one.outcome, number if alone else 0), []).append(one)
    return tuple(
        Deed(
            *(what, why, outcome),
            hosts=len({one.host for one in those}),
            start=min(one.start for one in those),
            end=max(one.end for one in those),
            longest=max(one.end - one.start for one in those),
        )
        for (what, why, outcome, _), those in alike.items()
    )


def prices(record: Record) -> Iterator[Price]:
    """Yield what a run cost those who use each service."""
    for fared in record.services:
        gaps = [_gap(gap, record.turns) for gap in fared.gaps[:GAPS]]
        more = [f"and {len(fared.gaps) - GAPS} more"] if len(fared.gaps) > GAPS else []
        yield Price(
            fared.service,
            longest=_longest(fared),
            allowed="no limit" if fared.budget is None else f"{fared.budget:g} s",
            leader=_changed(fared),
            gaps=(*gaps, *more),
            over=fared.budget is not None and fared.longest > fared.budget,
        )


def _longest(fared: Fared) -> str:
    if not fared.measured:
        return "not measured"
    gap = f"{fared.longest:.1f} s" if fared.gaps else "none"
    slow = f", slowest answer {fared.slowest:.1f} s" if fared.slowest else ""
    return gap + slow + ("" if fared.up_at_end else ", down at the end")


def _changed(fared: Fared) -> str:
    if not fared.measured:
        return ""
    times = {0: "did not change", 1: "changed once"}
    return times.get(fared.changes_of_leader, f"changed {fared.changes_of_leader} times")


def _gap(gap: Gap, turns: Sequence[Taken]) -> str:
    told, turn = f"{gap.seconds:.1f} s from {gap.at:.1f} s on", turn_of(gap, turns)
    if turn is None:
        return told
    leads = ", the leader" if turn.leads else ""
    return f"{told}, in the turn of {MEMBERS.get(turn.service, turn.service)} on {names(turn.hosts)}{leads}"


def tasks(record: Record) -> str:
    """Say what became of tasks."""
    found = record.tasks
    if found is None:
        return "Tasks were not counted: no running service was touched, or nobody could list them."
    total = found.running + found.ended + found.lost
    if not total:
        return "No task ran when the change began."
    which = f" ({found.lost_by_app})" if found.lost_by_app else ""
    allowed = "" if found.budget is None else f"; lost_tasks_budget allows {found.budget}"
    on = share(found.running, total, "tasks", "runs on", "run on")
    return f"{on}, {found.ended} finished or were killed, {found.lost} lost{which}{allowed}."
