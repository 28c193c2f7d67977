"""How a service fared while the cluster was changed: its gaps, its changes of leader, its budget."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .services import Sample, Service

NOBODY = 2.0
"""Seconds between two good answers that are a gap, though nothing failed between them."""

SLOW = 0.5
"""Seconds between two good answers that are told as slow, if they are no gap."""


@dataclass(frozen=True)
class Gap:
    """How many seconds long nobody was served, and from when on, by the clock of the host that asked."""

    at: float
    seconds: float


@dataclass(frozen=True)
class Course:
    """How a service fared: its gaps, how often its leader changed, whether it is up at the end.

    `slowest` is how long the slowest answer took that is no gap, 0 if none was slow.
    """

    gaps: tuple[Gap, ...]
    changes: int
    up: bool
    slowest: float = 0.0

    @property
    def longest(self) -> float:
        """The longest gap, 0 if there was none."""
        return max((gap.seconds for gap in self.gaps), default=0.0)

    def since(self, start: float) -> "Course":
        """Give the same course with its times counted from another one of its clock on."""
        return replace(self, gaps=tuple(replace(gap, at=gap.at - start) for gap in self.gaps))


def course(samples: Sequence[Sample]) -> Course | None:
    """Tell how a service fared; None if it was not up at first, so that there is nothing to measure.

    A gap lasts from the last good answer before it to the first one after it: nobody was served meanwhile,
    as a try failed or none ended for long. An answer that only took its time is no gap.
    """
    if not samples or not samples[0].leader:
        return None
    gaps, slow, changes, last, failed = [], [0.0], 0, samples[0], False
    for sample in samples[1:]:
        if not sample.leader:
            failed = True
            continue
        if failed or sample.at - last.at > NOBODY:
            gaps.append(Gap(last.at, sample.at - last.at))
        elif sample.at - last.at > SLOW:
            slow.append(sample.at - last.at)
        changes += sample.leader != last.leader
        last, failed = sample, False
    if failed:
        gaps.append(Gap(last.at, samples[-1].at - last.at))
    return Course(tuple(gaps), changes, not failed, max(slow))


def joined(one: Course | None, later: Course | None) -> Course | None:
    """Tell how a service fared in both of two parts of a run; what nobody measured counts for nothing."""
    if one is None or later is None:
        return one or later
    slowest = max(one.slowest, later.slowest)
    return Course(one.gaps + later.gaps, one.changes + later.changes, later.up, slowest)


def told(service: Service, fared: Course | None) -> str:
    """Say in one line how a service fared."""
    if fared is None:
        return f"{service.name} was not measured: nobody answered when the change began."
    times = "once" if fared.changes == 1 else f"{fared.changes} times"
    leader = f"the leader changed {times}" if fared.changes else "the leader did not change"
    slow = f", the slowest time after {fared.slowest:.1f} s" if fared.slowest else ""
    if not fared.gaps:
        return f"{service.name} always {service.does}{slow}; {leader}."
    return f"{service.name} {service.does} throughout, except for {_gaps(fared)}{slow}; {leader}."


def _gaps(fared: Course) -> str:
    several = f"{len(fared.gaps)} gaps, the longest " if len(fared.gaps) > 1 else ""
    return f"{several}{fared.longest:.1f} s{'' if fared.up else ', and not at the end'}"


def excess(service: Service, fared: Course | None) -> str:
    """Say by how much a service's longest gap is over its budget; "" if it is not."""
    if fared is None or service.budget is None or fared.longest <= service.budget:
        return ""
    return (
        f"{service.name}'s longest gap was {fared.longest:.2f} s, "
        f"and {service.budget_name} allows {service.budget:g} s"
    )
