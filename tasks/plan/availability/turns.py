"""What the turns of earlier runs have cost: so much may the next one of their kind cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from ..step import Phase
from ..words import counted
from .course import Gap

RUNS = 5
"""How many runs back a turn's cost is looked for: a cluster changes."""

Costs = Mapping[str, float]
"""The longest gap of each service that was measured, in seconds; 0 if it had none."""


@dataclass(frozen=True)
class Kind:
    """What makes two turns alike: in which phase, of which service, and whether its leader goes."""

    phase: Phase
    service: str
    leads: bool


@dataclass(frozen=True)
class Taken:
    """A turn that a run has taken, from when to when in seconds; `served` if its members did before it."""

    phase: Phase
    service: str
    hosts: tuple[str, ...]
    leads: bool
    served: bool
    start: float
    end: float

    @property
    def kind(self) -> Kind:
        """What other turns are like it."""
        return Kind(self.phase, self.service, self.leads)


@dataclass(frozen=True)
class Expected:
    """The worst of each service in the last `runs` that took a turn of one kind, in seconds."""

    runs: int
    worst: Costs = field(default_factory=dict)

    def __str__(self) -> str:
        runs = "the last run" if self.runs == 1 else f"the last {counted(self.runs, 'run')}"
        worst = [f"{name} {seconds:.1f} s" for name, seconds in self.worst.items() if seconds]
        return f"longest gaps in {runs}: {', '.join(worst)}" if worst else f"no gap in {runs}"


def costs(turns: Sequence[Taken], gaps: Mapping[str, Sequence[Gap]]) -> Mapping[Kind, Costs]:
    """Tell what the turns of a run have cost, by kind; `gaps` are those of each service that was measured.

    A turn of members that did not serve before costs nothing, and tells nothing of turns that do.
    """
    found = {turn.kind: dict.fromkeys(gaps, 0.0) for turn in turns if turn.served}
    for name, own in gaps.items():
        for gap in own:
            turn = turn_of(gap, turns)
            if turn and turn.served:
                found[turn.kind][name] = max(found[turn.kind][name], gap.seconds)
    return found


def turn_of(gap: Gap, turns: Sequence[Taken]) -> Taken | None:
    """Give the turn that has the most of a gap; what follows a turn until the next one is of it."""
    most, found = 0.0, None
    for turn, following in zip_longest(turns, turns[1:]):
        end = following.start if following else float("inf")
        share = min(gap.at + gap.seconds, end) - max(gap.at, turn.start)
        if share > most:
            most, found = share, turn
    return found


def expected(runs: Iterable[Mapping[Kind, Costs]]) -> dict[Kind, Expected]:
    """Say what turns may cost by what they did in the last runs, of which the newest comes first."""
    found: dict[Kind, Expected] = {}
    for run in runs:
        for kind, costs in run.items():
            known = found.get(kind, Expected(0))
            if known.runs < RUNS:
                found[kind] = Expected(known.runs + 1, _worse(known.worst, costs))
    return found


def _worse(one: Costs, other: Costs) -> Costs:
    return {title: max(one.get(title, 0.0), other.get(title, 0.0)) for title in dict.fromkeys([*one, *other])}
