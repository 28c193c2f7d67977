"""How far a run is: what every host is at, how long that usually takes, what the others wait for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ..words import crowd
from .last_words import Progress
from .pace import is_slow, told


@dataclass(frozen=True)
class Busy:
    """What a host is at, for how many seconds, and the last thing that was seen there."""

    host: str
    what: str
    seconds: float
    seen: str = ""


@dataclass(frozen=True)
class GoingLine:
    """A line of the view; `late` tells that what its hosts are at takes longer than usual."""

    hosts: str
    what: str
    time: str = ""
    late: bool = False
    seen: str = ""


def lines(busy: Sequence[Busy], usual: Mapping[str, float], progress: Progress, room: int) -> list[GoingLine]:
    """Give a line for each host at work, as far as there is `room`, and one for all that wait alike."""
    waiting = [
        GoingLine(crowd(hosts), what)
        for what, hosts in _waiting(progress, {one.host for one in busy}).items()
    ]
    if len(busy) + len(waiting) <= room:
        return [*(_line([one], usual) for one in busy), *waiting]
    alike: dict[str, list[Busy]] = {}
    for one in busy:
        alike.setdefault(one.what, []).append(one)
    return [*(_line(those, usual) for those in alike.values()), *waiting]


def _line(those: Sequence[Busy], usual: Mapping[str, float]) -> GoingLine:
    last = max(those, key=lambda one: one.seconds)
    known = usual.get(last.what)
    time = told(last.seconds) if known is None else f"{told(last.seconds)}, usually {told(known)}"
    late = known is not None and is_slow(last.seconds, known)
    return GoingLine(crowd([one.host for one in those]), last.what, time, late, last.seen)


def _waiting(progress: Progress, busy: Collection[str]) -> dict[str, list[str]]:
    """Group the hosts that have steps and are not busy by what they do next."""
    coming = {name: "done" for name, plan in progress.plans.items() if plan.steps}
    coming |= {name: f"next: {step.id} {step.title}" for name, step in reversed(progress.missing)}
    waiting: dict[str, list[str]] = {}
    for name, what in coming.items():
        if name not in busy:
            waiting.setdefault(what, []).append(name)
    return waiting


def total(progress: Progress) -> str:
    """Say how many of the planned steps were done; nothing before there is one."""
    planned = progress.planned + len(progress.missing)
    return f"{progress.planned} of {planned} steps done" if planned else ""
