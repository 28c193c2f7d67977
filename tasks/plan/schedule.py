"""The order of a run, decided here alone: preview, refusal and run read what this yields.

doors     close ports to strangers, on trial first, or open them: who is new is let in before it comes
stage     prepare on all hosts at once what disturbs nobody
start     start what does not run, first what others lean on and do not wait for; a service's members together
check     wait until what was started is well, service by service in the runbook's order
introduce have Marathon show its principal, if that was begun: nothing may make Marathons fail over before
roll      replace what runs, over all services jointly; tasks.plan.roll chooses who is next
introduce the same if it was not begun: then all that would make Marathons fail over comes first
hand over take the turns of a change of version, one after the other
check     wait until every service is well that the run concerns
settle    tidy up what was kept until then
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

from .marathon import introduction
from .marathon.handover import turns
from .membership import Plans
from .roll import Member
from .runbook import Chapter
from .step import Phase, Step

Kind = Literal["doors", "stage", "start", "check", "roll", "introduce", "hand over", "settle"]

Steps = Mapping[str, tuple[Step, ...]]
"""What each host does, by its name."""


@dataclass(frozen=True)
class Entry:
    """One thing that is done at once, before the next entry: by these chapters' members, with these steps.

    A roll has `members` instead, which are replaced one after the other, with all the steps that they
    have in that phase; the `steps` of a hand-over or an introduction are all of its turns'.
    """

    kind: Kind
    chapters: tuple[Chapter, ...] = ()
    steps: Steps = field(default_factory=dict)
    members: tuple[Member, ...] = ()


def schedule(chapters: Sequence[Chapter], plans: Plans, asked: Collection[Chapter]) -> Iterator[Entry]:
    """Yield what a run does, in order; `asked` are the chapters whose services it has to see well."""
    if any((doors := steps(plans, "doors")).values()):
        yield Entry("doors", steps=doors)
    yield Entry("stage", steps=steps(plans, "stage"))
    rolling: list[Chapter] = []
    checked: list[Chapter] = []
    early = [*_introduction(plans, introduction.EARLY), *_introduction(plans, introduction.FIRST)]
    for together in _beside_each_other(chapters, plans):
        starting = [chapter for chapter in together if any(steps(plans, "start", chapter).values())]
        if starting:
            # What these lean on comes first; behind the last start, all chapters roll together.
            if not early:
                later = [each for each in rolling if _waits_for(each, starting, plans)]
                yield from _roll([each for each in rolling if each not in later], plans)
                rolling = later
            yield Entry("start", tuple(starting), steps(plans, "start", *starting))
            ready = [each for each in starting if each in asked and _is_done([each], plans)]
            yield from (Entry("check", (chapter,)) for chapter in ready)
            checked += ready
        rolling += together
    yield from early
    yield from _roll(rolling, plans)
    yield from _introduction(plans, introduction.LATE)
    for chapter in chapters:
        if turns(chapter.holds, plans):
            yield Entry("hand over", (chapter,), steps(plans, "hand over", chapter))
    if replaced(chapters, plans) or len(checked) < len(asked):
        yield Entry("check", tuple(chapter for chapter in chapters if chapter in asked))
    yield Entry("settle", steps=steps(plans, "settle"))


def _introduction(plans: Plans, turn: int) -> Iterator[Entry]:
    own = introduction.of_turn(plans, turn)
    if any(own.values()):
        yield Entry("introduce", steps=own)


def steps(plans: Plans, phase: Phase, *chapters: Chapter) -> Steps:
    """Give each host's steps of one phase, of these chapters or of all."""
    return {
        name: tuple(s for s in plan.in_phase(phase) if not chapters or any(c.holds(s) for c in chapters))
        for name, plan in plans.items()
    }


def replaced(chapters: Sequence[Chapter], plans: Plans) -> tuple[Member, ...]:
    """Give the running members that these plans replace, host by host in the plans' order."""
    return tuple(
        Member(chapter.service, name, own[-1].behind)
        for name in plans
        for chapter in chapters
        if (own := steps(plans, "replace", chapter)[name])
    )


def _beside_each_other(chapters: Sequence[Chapter], plans: Plans) -> Iterator[list[Chapter]]:
    """Give chapters in the order in which they start, those together that need not see each other well first.

    Marathons and agents wait for a leading master by themselves; but masters that are still to be
    replaced come first, as they may be broken.
    """
    together: list[Chapter] = []
    for rank in (list(those) for _, those in groupby(chapters, lambda chapter: chapter.rank)):
        if together and not (all(each.waits for each in rank) and _is_done(together, plans)):
            yield together
            together = []
        together += rank
    yield together


def _is_done(chapters: Sequence[Chapter], plans: Plans) -> bool:
    """Tell whether services are done when what does not run has been started: nothing is replaced later."""
    return not (replaced(chapters, plans) or any(turns(each.holds, plans) for each in chapters))


def _waits_for(chapter: Chapter, starting: Collection[Chapter], plans: Plans) -> bool:
    """Tell whether members are replaced behind a service of which some are only started now."""
    first = {each.service for each in starting}
    return any(member.behind in first for member in replaced([chapter], plans))


def _roll(chapters: Sequence[Chapter], plans: Plans) -> Iterator[Entry]:
    if members := replaced(chapters, plans):
        yield Entry("roll", tuple(chapters), members=members)
