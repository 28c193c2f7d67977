"""The order in which a deploy would act as things stand now, and how each service stands meanwhile.

It reads the schedule as a run does, with members imagined to come back in a roll (tasks.plan.roll). A run
asks the services themselves before each turn, so who is next in a roll may be another one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, groupby
from typing import TYPE_CHECKING

from .gate import Standing
from .marathon import introduction
from .marathon.handover import turns
from .membership import Plans
from .names import SERVICES
from .roll import Member, Standings, next_turn
from .runbook import MARATHON, MESOS_MASTER, ZOOKEEPER, Chapter
from .schedule import Steps, schedule, steps
from .step import Action, Phase, Step
from .words import counted, names

if TYPE_CHECKING:
    from .availability.turns import Expected, Kind

HEADING = "In this order, as things stand now; every service is checked again before each restart:"

EVERY_MARATHON = "every Marathon restarts with it"
SOME_MARATHONS = "Marathons with a session there restart with it"
HANDS_OVER = "restarts the master that leads, so that Marathon shows its principal to another one"
ONCE_MORE = "restarts the master that leads then, so that the next one knows that principal"
HANDED_OVER = "leadership is handed over"
OTHER_MARATHON = "Marathon's leader changes with it"

DOORS = {
    Action.OPEN_DOORS: "opens its ports to strangers",
    Action.CLOSE_DOORS: "closes its ports to strangers, for a minute unless all that must pass does",
}
"""What a turn is called that has to do with the firewall."""


@dataclass(frozen=True)
class Turn:
    """What is done at once, and on which hosts; `what` is true of each of them.

    `service` is its role, "" where it is a step of many. `meanwhile` tells how the
    service stands while its members are replaced, `leads` whether its leader is among them, `served` whether
    they served before; `besides` what becomes of others with it. `expected` is what such turns have cost.
    """

    phase: Phase
    hosts: tuple[str, ...]
    what: str
    service: str = ""
    meanwhile: Standing | None = None
    leads: bool = False
    besides: str = ""
    served: bool = False
    expected: "Expected | None" = None

    @property
    def kind(self) -> "Kind | None":
        """What turns of earlier runs are like it; None if nobody notices it."""
        from .availability.turns import Kind  # only a plan for people asks

        return Kind(self.phase, self.service, self.leads) if self.served else None

    @property
    def quorum(self) -> str:
        """Say how the service stands meanwhile, "" if nothing of it is taken down."""
        if self.meanwhile is None:
            return ""
        serving, total, majority = len(self.meanwhile.serving), self.meanwhile.total, self.meanwhile.majority
        must = f", {majority} must" if majority else ""
        moves = "; then another one leads" if self.leads and total > 1 else ""
        return f"{SERVICES[self.service]}: {serving} of {total} serve meanwhile{must}{moves}"


@dataclass(frozen=True)
class Outlook:
    """All turns in their order; and the members that would have to be left alone, each with the reason."""

    turns: tuple[Turn, ...] = ()
    refused: Mapping[Member, str] = field(default_factory=dict)

    @property
    def kinds(self) -> "frozenset[Kind]":
        """The kinds of its turns that somebody may notice."""
        return frozenset(turn.kind for turn in self.turns if turn.kind)

    def expecting(self, known: "Mapping[Kind, Expected]") -> "Outlook":
        """Give the same with what is `known` of the cost of such turns."""
        turns = (replace(turn, expected=known.get(turn.kind) if turn.kind else None) for turn in self.turns)
        return replace(self, turns=tuple(turns))


def foresee(
    chapters: Sequence[Chapter], plans: Plans, standings: Standings, marathons: Collection[str]
) -> Outlook:
    """Imagine a run of these plans; `standings` tells of the services whose members it replaces.

    `marathons` are the hosts that have one.
    """
    starting = {name for name, own in steps(plans, "start", MARATHON).items() if own}
    run = _Run(chapters, plans, dict(standings), len({*marathons} - starting))
    for entry in schedule(chapters, plans, ()):
        match entry.kind:
            case "doors":
                run.doors(entry.steps)
            case "stage":
                run.stage(entry.steps)
            case "start":
                run.start(entry.chapters)
            case "roll":
                run.roll(entry.members)
            case "introduce":
                run.introduce(entry.steps)
            case "hand over":
                run.hand_over(entry.chapters[0])
    return Outlook(tuple(run.turns), run.refused)


class _Run:
    """A run as it is imagined: how the services stand by now, and what was done until then.

    So many `marathons` have run from the beginning; what is started comes behind the turns that touch them.
    """

    def __init__(
        self, chapters: Sequence[Chapter], plans: Plans, now: dict[str, Standing], marathons: int
    ) -> None:
        self.chapters = {chapter.service: chapter for chapter in chapters}
        self.plans, self.now, self.marathons = plans, now, marathons
        self.turns: list[Turn] = []
        self.refused: dict[Member, str] = {}

    def doors(self, steps: Steps) -> None:
        """Have ports closed or opened, on all hosts at once."""
        for action, what in DOORS.items():
            hosts = tuple(name for name, own in steps.items() if any(s.action is action for s in own))
            self.turns += [Turn("doors", hosts, what)] if hosts else []

    def stage(self, steps: Steps) -> None:
        """Have everything prepared, on all hosts at once."""
        busy = {name: own for name, own in steps.items() if own}
        if busy:
            what = f"prepares in {counted(sum(map(len, busy.values())), 'step')}"
            self.turns.append(Turn("stage", tuple(busy), what))

    def start(self, chapters: Sequence[Chapter]) -> None:
        """Have what does not run started on all hosts at once."""
        for place, chapter in enumerate(chapters):
            hosts = tuple(name for name, own in steps(self.plans, "start", chapter).items() if own)
            verb = "unpauses" if _only_unpauses(self.plans, chapter) else "starts"
            what = f"{verb} {chapter.title}{' at the same time' if place else ''}"
            self.turns.append(Turn("start", hosts, what, chapter.service))
            if chapter.service in self.now:
                standing = self.now[chapter.service]
                self.now[chapter.service] = replace(standing, serving=standing.serving | set(hosts))

    def roll(self, waiting: Sequence[Member]) -> None:
        """Have members replaced in turn, until none is left or none may be touched."""
        before, here = dict(self.now), ""
        while waiting:
            turn = next_turn(self.now, before, waiting, here)
            if not turn.members:
                self.refused |= turn.refused
                return
            self._replace(turn.members[0].service, tuple(member.node for member in turn.members))
            waiting = [member for member in waiting if member not in turn.members]
            here = turn.members[0].node

    def introduce(self, steps: Steps) -> None:
        """Have Marathon show its principal: whoever comes to lead after another is none that lacks it."""
        if not {MARATHON.service, MESOS_MASTER.service} <= self.now.keys():
            return
        lacking = frozenset(n for n, own in steps.items() if any(MARATHON.holds(step) for step in own))
        leader, known = self.now[MARATHON.service].leader, False
        if not any(step.turn == introduction.EARLY for own in steps.values() for step in own):
            leader = leader or max(lacking)  # one that lacks it leads, whichever
        while move := introduction.next_move(introduction.Now(lacking, leader, known)):
            if move.anew:
                self._replace(MARATHON.service, (move.anew,))
                lacking -= {move.anew}
            elif self._change_masters(once_more := not lacking):
                leader, known = None, once_more
            else:
                return

    def _change_masters(self, once_more: bool) -> bool:
        """Have another master lead; tell whether the masters can spare the one that does."""
        service, now = MESOS_MASTER.service, self.now[MESOS_MASTER.service]
        one = now.leader or min(now.serving, default="")
        if (refused := next_turn(self.now, self.now, [Member(service, one)])).refused:
            self.refused |= refused.refused
            return False
        hosts = (one,) if now.leader else tuple(sorted(now.serving))
        meanwhile = replace(now, serving=now.serving - {one})
        what = ONCE_MORE if once_more else HANDS_OVER
        self.turns.append(Turn("replace", hosts, what, service, meanwhile, True, OTHER_MARATHON, True))
        self.now[service] = replace(now, leader=None)
        self.now[MARATHON.service] = replace(self.now[MARATHON.service], leader=None)
        return True

    def hand_over(self, chapter: Chapter) -> None:
        """Have a new version of a service take its turns."""
        for turn in turns(chapter.holds, self.plans):
            for name, step in turn.items():
                self._take_turn(chapter.service, name, step)

    def _take_turn(self, service: str, name: str, step: Step) -> None:
        before, starts = self.now[service], step.action is not Action.STOP
        meanwhile = replace(before, serving=before.serving - {name})
        leads, served = before.leader == name, name in before.serving
        turn = Turn("hand over", (name,), step.effect, service, meanwhile, leads, served=served)
        self.turns.append(turn)
        after = before.serving | {name} if starts else meanwhile.serving
        self.now[service] = replace(before, serving=after, leader=None if leads else before.leader)

    def _replace(self, service: str, hosts: tuple[str, ...]) -> None:
        standing = self.now[service]
        leads = standing.leader in hosts
        meanwhile = replace(standing, serving=standing.serving - set(hosts))
        served = {*hosts} <= standing.serving
        besides = self._besides(service, standing, leads) if served else ""
        what = self._effect(service, hosts)
        self.turns.append(Turn("replace", hosts, what, service, meanwhile, leads, besides, served))
        # Nobody knows who leads then; whoever does is not waiting for its turn any more.
        leader = None if leads and standing.total > 1 else standing.leader
        self.now[service] = replace(standing, serving=standing.serving | set(hosts), leader=leader)

    def _besides(self, service: str, standing: Standing, leads: bool) -> str:
        """Say what a member's turn means for those that lean on it (tasks.engine.marathons and leaders)."""
        if service == ZOOKEEPER.service and self.marathons:
            return EVERY_MARATHON if leads else SOME_MARATHONS
        told = []
        if service == MESOS_MASTER.service and leads:
            told += [HANDED_OVER] if standing.total > 1 else []
            told += [OTHER_MARATHON] if self.marathons > 1 else []
        return "; ".join(told)

    def _effect(self, service: str, hosts: tuple[str, ...]) -> str:
        chapter = self.chapters[service]
        replacing = [steps(self.plans, phase, chapter) for phase in ("replace", introduction.PHASE)]
        effects = {step.effect for name in hosts for each in replacing for step in each[name]}
        return effects.pop() if len(effects) == 1 else f"restarts {SERVICES[service]}"


def _only_unpauses(plans: Plans, chapter: Chapter) -> bool:
    """Tell whether what is to run of a chapter is only paused."""
    own = (step for those in steps(plans, "start", chapter).values() for step in those)
    return all(step.action is Action.UNPAUSE for step in own)


def _told(turn: Turn) -> tuple[str, ...]:
    return turn.what, turn.quorum, turn.besides, str(turn.expected or "")


def lines(outlook: Outlook) -> list[str]:
    """Say each turn in a line, in columns; turns that are alike and follow each other share one."""
    rows = []
    for (what, *more), alike in groupby(outlook.turns, _told):
        hosts = [turn.hosts for turn in alike]
        in_turn = ", one after the other" if len(hosts) > 1 else ""
        rows.append((names(chain.from_iterable(hosts)), f"{what}{in_turn}", *more))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        f"{number:3}. {'  '.join(map(str.ljust, row, widths))}".rstrip()
        for number, row in enumerate(rows, start=1)
    ]
