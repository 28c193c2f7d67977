"""Bring hosts to what the runbook wants: look, plan, stage, start together, roll, ask, tidy up."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import Blocked, OperatorError
from ..plan import handover, runbook
from ..plan.gate import Verdict
from ..plan.membership import Plans, Stage
from ..plan.observe import Observed
from ..plan.outlook import Outlook, Turn, foresee
from ..plan.roll import Member
from ..plan.runbook import Chapter
from ..plan.step import Phase, Step
from ..plan.words import grouped, names
from . import gates
from .handing_over import hand_over
from .hosts import Hosts
from .rolling import left_alone, pending, roll

if TYPE_CHECKING:
    from .saving import Promise

MOVES: tuple[Phase, ...] = ("start", "replace")


@dataclass(frozen=True)
class Result:
    """What a run did: the plans it carried out, what the gates said, what was over its budget."""

    plans: Plans
    says: tuple[str, ...]
    over_budget: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Tell whether anything had to be done."""
        return any(plan.steps for plan in self.plans.values())


@dataclass(frozen=True)
class Preview:
    """What was seen on each host, what is missing there, and which hosts could not be looked at.

    `stages` are the clusters that a change of members goes through before all else.
    """

    seen: Mapping[str, Observed]
    plans: Plans
    lost: Mapping[str, OperatorError]
    stages: Sequence[tuple[Chapter, Stage]] = ()

    def refuse_if_incomplete(self) -> None:
        """Raise what is known of the hosts that are lost, and how to go on without them."""
        if self.lost:
            told = grouped((name, str(error)) for name, error in self.lost.items())
            if self.plans:
                told.append(
                    f"To go on without {names(self.lost)}, name the others: -H {','.join(self.plans)}"
                )
            raise type(next(iter(self.lost.values())))("\n".join(told))


def plan(
    hosts: Hosts,
    chapters: Sequence[Chapter],
    chosen: frozenset[str] | None = None,
    overruled: Collection[str] = (),
) -> Preview:
    """Look at every host and say what is missing there, or of that only these runbook ids.

    `overruled` are the checks whose objections do not count, because an operator said so.
    """
    seen, lost = hosts.look(chapters)
    nodes = [node for node in hosts.nodes if node.name in seen]
    if seen:
        seen |= hosts.look_at_fellows(chapters)
    plans = runbook.plans(chapters, hosts.cluster, nodes, seen)
    plans = {name: each.without(overruled) for name, each in plans.items()}
    stages = runbook.stages(chapters, hosts.cluster, seen, plans)
    if chosen is not None:
        plans = {name: each.only(chosen) for name, each in plans.items()}
    return Preview(seen, plans, lost, stages)


def deploy(
    hosts: Hosts,
    chapters: Sequence[Chapter],
    ids: Iterable[str] | None = None,
    check: bool = False,
    promise: "Promise | None" = None,
    overruled: Collection[str] = (),
) -> Result:
    """Carry out what is missing, or only the steps with these runbook ids.

    With `check`, a run that has something to do begins with a preflight; with a `promise`, it does
    just what that says or nothing. `overruled` are the checks that do not count. Raises Blocked before
    anything is changed if a person is needed first; StepFailed, GateNotReached or Unreachable when
    the run had to stop. It is always safe to run again.
    """
    chosen = None if ids is None else frozenset(ids)
    found = _whole_plan(hosts, chapters, chosen, promise, overruled)
    if check and any(each.steps or each.blockers for each in found.plans.values()):
        from . import preflight  # this and what follows: a run without anything to do needs none of it

        preflight.clear(hosts, chapters, overruled)
    refuse(hosts, chapters, found)
    if not any(each.steps for each in found.plans.values()):
        return _perform(hosts, chapters, chosen, found)
    from . import availability, lease

    with lease.held(hosts, chapters):
        found = _whole_plan(hosts, chapters, chosen, promise, overruled)  # it may have changed meanwhile
        refuse(hosts, chapters, found)
        with availability.measured(hosts, found.plans) as over:
            result = _carry_out(hosts, chapters, chosen, found, overruled)
        return replace(result, over_budget=tuple(over))


def _carry_out(
    hosts: Hosts,
    chapters: Sequence[Chapter],
    chosen: frozenset[str] | None,
    found: Preview,
    overruled: Collection[str],
) -> Result:
    """Change who is a member, if hosts.ini wants that, and then the rest."""
    if not _change_members(hosts, chosen, found):
        return _perform(hosts, chapters, chosen, found)
    rest = _whole_plan(hosts, chapters, chosen, overruled=overruled)
    refuse(hosts, chapters, rest, " more")
    return Result(found.plans, _perform(hosts, chapters, chosen, rest).says)


def _whole_plan(
    hosts: Hosts,
    chapters: Sequence[Chapter],
    chosen: frozenset[str] | None = None,
    promise: "Promise | None" = None,
    overruled: Collection[str] = (),
) -> Preview:
    """Make the plan of all hosts of the run; Blocked if there is a promise that says something else."""
    found = plan(hosts, chapters, chosen, overruled)
    found.refuse_if_incomplete()
    if promise is not None:
        promise.keep(hosts, chapters, found.plans, found.seen, overruled)
    return found


def _change_members(hosts: Hosts, chosen: frozenset[str] | None, found: Preview) -> bool:
    """Go through the stages of a change of members, each with its chapter alone; tell if there were any."""
    stages = [(chapter, stage) for chapter, stage in found.stages if _moves(chapter, found.plans)]
    for chapter, stage in stages:
        if chosen is not None:
            raise Blocked(f"{stage.says}. One step cannot do that: deploy the chapter. Nothing was changed.")
        hosts.console.say(f"{stage.says}.")
        there = hosts.at(stage.cluster, chapter)
        _start_newcomers(there, chapter)
        rest = _whole_plan(there, [chapter])
        refuse(there, [chapter], rest, " more")
        _perform(there, [chapter], None, rest)
    return bool(stages)


def _moves(chapter: Chapter, plans: Plans) -> bool:
    return any(any(_phase(plans, phase, chapter).values()) for phase in MOVES)


def _start_newcomers(hosts: Hosts, chapter: Chapter) -> None:
    """Start what does not run and wait until it takes part, before any other member is touched."""
    found = _whole_plan(hosts, [chapter])
    refuse(hosts, [chapter], found, " more")
    starting = _phase(found.plans, "start", chapter)
    if any(starting.values()):
        hosts.act(_phase(found.plans, "stage"))
        hosts.act(starting)
        gates.reach(hosts, chapter, frozenset(name for name, steps in starting.items() if steps))


def refuse(hosts: Hosts, chapters: Sequence[Chapter], found: Preview, more: str = "") -> None:
    """Raise Blocked if a person is needed first, or a member could not be replaced without an outage.

    Not for the latter if -H names only some of a service's hosts: so an operator says that what can be
    done is to be done. With `more`, something was changed before.
    """
    refuse_if_blocked(found.plans, more)
    if outages := foreseen(hosts, chapters, found):
        advice = "Bring the missing members back; or name the hosts to change with -H: all is done then that"
        raise Blocked(
            "\n".join([*left_alone(outages), f"Nothing{more} was changed. {advice} stops no service."])
        )


def _perform(
    hosts: Hosts, chapters: Sequence[Chapter], chosen: frozenset[str] | None, found: Preview
) -> Result:
    """Stage everything, start what does not run, replace what runs, hand over, ask every service, tidy up.

    What would stop its service is left, and Blocked raised at the end.
    """
    plans = found.plans
    hosts.act(_phase(plans, "stage"))
    chapters = [chapter for chapter in chapters if _members(hosts, chapter)]
    asked = [each for each in chapters if each.quorum is not None and (chosen is None or each.gate in chosen)]
    verdicts, left = _start_and_roll(hosts, chapters, asked, plans)
    if pending(hosts, chapters, plans) or len(verdicts) < len(asked):
        verdicts = {chapter: _final_verdict(hosts, chapter, found) for chapter in asked}
    hosts.act(_phase(plans, "settle"))
    if left:
        kept = (
            "What it concerns was left as it is, its new files wait beside the old ones; the rest was done."
        )
        raise Blocked("\n".join([*left, kept]))
    return Result(plans, tuple(verdict.says for verdict in verdicts.values()))


def _start_and_roll(
    hosts: Hosts, chapters: Sequence[Chapter], asked: Sequence[Chapter], plans: Plans
) -> tuple[dict[Chapter, Verdict], list[str]]:
    """Give what the gates of chapters said that only had to be started, and what had to be left alone."""
    verdicts: dict[Chapter, Verdict] = {}
    rolling: list[Chapter] = []
    left: list[str] = []
    for chapter in chapters:
        starting = _phase(plans, "start", chapter)
        if any(starting.values()):
            # What it leans on comes first; behind the last start, all chapters roll together.
            left += roll(hosts, rolling, plans)
            rolling = []
            hosts.act(starting)
            later = pending(hosts, [chapter], plans) or handover.turns(chapter.holds, plans)
            if chapter in asked and not later:
                verdicts[chapter] = gates.reach(hosts, chapter, _members(hosts, chapter))
        rolling.append(chapter)
    left += roll(hosts, rolling, plans)
    for chapter in chapters:
        hand_over(hosts, chapter, plans)
    return verdicts, left


def _final_verdict(hosts: Hosts, chapter: Chapter, found: Preview) -> Verdict:
    """Judge by what was seen if nothing was changed since; a change shakes those that lean on it, too."""
    needed = _members(hosts, chapter)
    if not any(each.steps for each in found.plans.values()):
        verdict = gates.judge_by(hosts, chapter, found.seen, needed)
        if verdict.passed:
            return verdict
    return gates.reach(hosts, chapter, needed)


def foreseen(hosts: Hosts, chapters: Sequence[Chapter], found: Preview) -> Mapping[Member, str]:
    """Say which running members could not be replaced, and why.

    The others are given a moment: a run that was cut short may just have started one of them.
    """
    whole = [each for each in chapters if each.quorum and _members(hosts, each) and hosts.has_all(each)]
    refused = outlook(hosts, whole, found).refused

    def enough(said: gates.Said) -> bool:
        nonlocal refused
        refused = outlook(hosts, whole, found, said).refused
        return not refused

    if refused:
        gates.ask_until(hosts, whole, enough)
    return refused


def outlook(
    hosts: Hosts, chapters: Sequence[Chapter], found: Preview, said: gates.Said | None = None
) -> Outlook:
    """Say in which order a run would act as things stand, if nothing is in its way.

    A service is asked if not all of its hosts were looked at, unless what it `said` is given.
    """
    if any(each.blockers for each in found.plans.values()):
        return Outlook()
    here, plans = hosts.among(found.plans), _after_stages(found)
    waiting = pending(here, chapters, plans)
    moved = {member.service for member in waiting}
    moved |= {each.title for each in chapters if handover.turns(each.holds, found.plans)}
    said = said or {each: gates.answers(here, each, found.seen) for each in chapters if each.title in moved}
    told = foresee(chapters, plans, gates.standings(hosts, said), waiting)
    return replace(told, turns=(*_stages(found), *told.turns))


def _stages(found: Preview) -> Iterator[Turn]:
    for chapter, stage in found.stages:
        nodes = tuple(node.name for node in chapter.nodes(stage.cluster))
        yield Turn("replace", nodes, stage.says, chapter.title)


def _after_stages(found: Preview) -> Plans:
    """Leave out of the plans which containers the stages will have started or replaced."""
    plans = dict(found.plans)
    for chapter, stage in found.stages:
        for name in plans.keys() & {node.name for node in chapter.nodes(stage.cluster)}:
            left = (s for s in plans[name].steps if s.phase not in MOVES or not chapter.holds(s))
            plans[name] = replace(plans[name], steps=tuple(left))
    return plans


def refuse_if_blocked(plans: Plans, more: str = "") -> None:
    """Raise Blocked with every obstacle on every host; nothing of these plans has been changed by then."""
    obstacles = [(name, str(blocker)) for name, each in plans.items() for blocker in each.blockers]
    if obstacles:
        raise Blocked("\n".join([*grouped(obstacles), f"Nothing{more} was changed."]))


def _phase(plans: Plans, phase: Phase, chapter: Chapter | None = None) -> dict[str, tuple[Step, ...]]:
    """Give each host's steps of one phase; staging is done for all chapters at once."""
    return {
        name: tuple(s for s in each.in_phase(phase) if chapter is None or chapter.holds(s))
        for name, each in plans.items()
    }


def _members(hosts: Hosts, chapter: Chapter) -> frozenset[str]:
    return frozenset(node.name for node in hosts.nodes if chapter.concerns(node))
