"""A step is data: what is to be done on one host, why, at which risk, and the shell that does it."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Literal

from ..inventory.edits import Change
from .names import Id
from .words import capitalized

Phase = Literal["doors", "stage", "start", "replace", "introduce", "hand over", "settle"]
"""When a step runs: doors closed, all staged, started, replaced one by one, made known to masters, handed
over, tidied up."""

Risk = Literal["none", "restart", "data"]
"""What a step may cost: nothing, the restart of a running service, or data."""


IDLE = "there was nothing to do"
"""What the shell of a step says, on a line of its own, if it has changed nothing after all."""


class Action(Enum):
    """What a step does. Whatever is decided about a step is decided by this, never by its title."""

    SET_IP = auto()
    CHECK_IP = auto()
    MAKE_DIRECTORIES = auto()
    WRITE = auto()
    WRITE_BESIDE = auto()
    SET_MODE = auto()
    PULL = auto()
    RUN = auto()
    REPLACE = auto()
    DRAIN = auto()
    START = auto()
    RESTART = auto()
    UNPAUSE = auto()
    SET_POLICY = auto()
    STOP = auto()
    PUT_BACK = auto()
    REMOVE = auto()
    RENAME = auto()
    RESERVE = auto()
    UNRESERVE = auto()
    SCALE = auto()
    KILL = auto()
    NOTE = auto()
    REBOOT = auto()
    MARK_GONE = auto()
    CLOSE_DOORS = auto()
    KEEP_DOORS = auto()
    OPEN_DOORS = auto()
    CLOSE_TREE = auto()
    OPEN_TREE = auto()


@dataclass(frozen=True)
class Step:
    """One line of the runbook for one host; `shell` is run by /bin/sh under `set -eu`.

    `after` are the ids whose work it builds on; `turn` is its place in a hand-over, whose turns are
    taken one after the other over all hosts, or tells whether an introduction comes before the roll. A
    replacement `behind` a service waits until none of that service's members is still to be replaced.
    """

    id: Id
    action: Action
    title: str
    reason: str
    shell: str
    phase: Phase = "stage"
    risk: Risk = "none"
    effect: str = ""
    after: frozenset[Id] = frozenset()
    turn: int = 0
    behind: str = ""

    @property
    def changes(self) -> bool:
        """Tell whether it does more than check."""
        return self.action is not Action.CHECK_IP

    @property
    def prepares(self) -> bool:
        """Tell whether it only gets something ready that a later step puts to use."""
        return self.action in (Action.PULL, Action.WRITE_BESIDE)

    def __str__(self) -> str:
        effect = f"  ({self.effect})" if self.effect else ""
        return f"{self.id} {self.title}: {self.reason}{effect}"


@dataclass(frozen=True)
class Blocker:
    """Something on a host that must be mended by a person before anything is changed.

    `id` is "" if it stands in the way of every step; `check` is the preflight's name for it, "" if
    it only concerns the order of steps. `changes` are those of hosts.ini that may resolve it, each by itself,
    beside the `remedy`; in a plan they are those that do, and stand there, too (tasks.plan.compare.advice).
    """

    id: Id | Literal[""]
    title: str
    seen: str
    remedy: str
    check: str = ""
    changes: tuple[Change, ...] = ()

    @property
    def what(self) -> tuple[str, ...]:
        """What is refused, and why: the same for two refusals that only differ in what to do."""
        return self.id, self.title, self.seen, self.check

    def __str__(self) -> str:
        return f"{self.id} {self.title}".strip() + f": {self.seen}. {capitalized(self.remedy)}."


class Sort(Enum):
    """What a trouble is about."""

    DOWN = "down"
    ENDS = "ends"
    STARTING = "starting"
    PORT = "port"
    HANGS = "hangs"
    LOST = "lost"
    READ_ONLY = "read-only"
    FULL = "full"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Trouble:
    """Why a member on this host is not well, although its container is there: what was seen, what to do.

    `id` is that of the step which runs the `container`. `mended` tells that a deploy does what is to be
    done: it has a step for it.
    """

    id: Id
    container: str
    sort: Sort
    seen: str
    remedy: str
    mended: bool = False

    def __str__(self) -> str:
        return f"{self.id} {self.container} is not well: {self.text}"

    @property
    def text(self) -> str:
        """What was seen and what to do, in sentences."""
        remedy = "a deploy mends that" if self.mended else self.remedy
        return f"{self.seen}. {capitalized(remedy)}."


@dataclass(frozen=True)
class HostPlan:
    """What is missing on one host: the steps in the runbook's order, or what stands in the way.

    `wanted` are the runbook ids that were looked at, so that the ones in order can be told, too. `troubles`
    tell which members are not well, and why.
    """

    node: str
    wanted: tuple[Id, ...]
    steps: tuple[Step, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    troubles: tuple[Trouble, ...] = ()

    @property
    def obstacles(self) -> list[str]:
        """Say each blocker once, behind the ids of all the steps in whose way it stands."""
        ids: dict[str, dict[str, None]] = {}
        for one in self.blockers:
            ids.setdefault(str(replace(one, id="")), {})[one.id] = None
        return [f"{', '.join(those)} {text}".strip() for text, those in ids.items()]

    def in_phase(self, *phases: Phase) -> tuple[Step, ...]:
        """Give the steps of one phase, or of several, one phase after the other."""
        return tuple(step for phase in phases for step in self.steps if step.phase == phase)

    def without(self, checks: Collection[str]) -> "HostPlan":
        """Leave out the blockers of these checks."""
        return replace(self, blockers=tuple(b for b in self.blockers if b.check not in checks))

    def only(self, ids: Iterable[str]) -> "HostPlan":
        """Keep what belongs to these runbook ids; what they build on must be there already."""
        chosen = frozenset(ids)
        pending = {step.id for step in self.steps} - chosen
        steps = tuple(step for step in self.steps if step.id in chosen)
        known = (blocker for blocker in self.blockers if blocker.id in chosen | {""})
        lacking = [
            _first(step.id, step.title, first)
            for step in steps
            if (first := min(step.after & pending, default=None))
        ]
        wanted = tuple(id for id in self.wanted if id in chosen)
        blockers = (*known, *lacking, *self._asked_too_early(chosen))
        troubles = tuple(trouble for trouble in self.troubles if trouble.id in chosen)
        return HostPlan(self.node, wanted, steps, blockers, troubles)

    def _asked_too_early(self, chosen: frozenset[str]) -> Iterator[Blocker]:
        """Refuse to ask a service (an id without a step of its own) that was never started."""
        for id in (id for id in Id if id in chosen and id not in self.wanted):
            starting = [s.id for s in self.steps if s.phase == "start" and s.id.service == id.service]
            if starting and starting[0] not in chosen:
                yield _first(id, "ask", starting[0])


def _first(id: Id, title: str, first: Id) -> Blocker:
    return Blocker(id, title, f"{first} has not been carried out", f"run `fab {first.typed}` first")
