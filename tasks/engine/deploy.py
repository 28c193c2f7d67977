"""Bring hosts to what the runbook wants: look, plan, then what tasks.plan.schedule says in that order."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import Blocked, Degraded, OperatorError
from ..plan.gate import Verdict
from ..plan.look.observed import Observed
from ..plan.membership import Plans
from ..plan.outlook import Outlook
from ..plan.roll import Member, stays
from ..plan.runbook import Chapter, lost_images
from ..plan.schedule import Steps, schedule, steps
from ..plan.step import Action
from ..plan.words import grouped
from . import gates
from .console import STYLES
from .handing_over import hand_over
from .hosts import Hosts
from .preview import (
    MOVES,
    Preview,
    Refused,
    foreseen,
    foretold,
    lasting,
    left_alone,
    left_out,
    outlook,
    plan,
    previewed,
)
from .rolling import roll
from .run import Run

if TYPE_CHECKING:
    from .saving import Promise


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


def deploy(run: Run, check: bool = False, promise: "Promise | None" = None) -> Result:
    """Carry out what is missing.

    With `check`, a run that has something to do begins with a preflight; with a `promise`, it does
    just what that says or nothing. Raises Blocked before
    anything is changed if a person is needed first; Degraded if nothing is missing, but a member is not
    well; StepFailed, GateNotReached or Unreachable when the run had to stop. It is always safe to run again.
    """
    found = _whole_plan(run, promise)
    if any(each.blockers for each in found.plans.values()):
        if check:
            _preflight(run)
        refuse_if_blocked(found.plans)
    if not any(each.steps for each in found.plans.values()):
        result = perform(run, found)
        refuse_if_unwell(found.plans)
        return result
    from . import availability

    with leased(run, check) as seen:
        found = previewed(run, seen, {})  # it may have changed meanwhile
        _keep(promise, run, found)
        refuse(run, found)
        for line in foretold(run, found).costs:
            run.console.say(line, STYLES["warning"])
        with availability.measured(run.hosts, found.plans) as over:
            result = _carry_out(run, found, promise is not None)
        return replace(result, over_budget=tuple(over))


def _preflight(run: Run, but: str = "") -> None:
    from . import preflight

    preflight.clear(run, preflight.survey(run).without((but,)))


@contextmanager
def leased(run: Run, check: bool) -> Iterator[dict[str, Observed]]:
    """Hold the hosts while the block runs, and give how they look; with `check`, after a preflight."""
    from . import lease

    if not check:
        with lease.held(run, lambda node: run.hosts.looking(run.chapters, node)) as (own, others):
            yield own | others
        return
    from . import preflight

    try:
        with lease.held(run, lambda node: preflight.inquiry(run, node)) as (looks, others):
            preflight.clear(run, preflight.judged(run, looks, {}))
            yield {name: look.seen for name, look in looks.items()} | others
    except lease.Taken:
        _preflight(run, but="lock")  # it may know why: that two names are one host, say
        raise
    except lease.NotLocked:
        _preflight(run)
        raise


def _carry_out(run: Run, found: Preview, promised: bool) -> Result:
    """Change who is a member, if hosts.ini wants that, then the rest, and then what a pull has shown."""
    rest = _rest(run) if _change_members(run, found) else found
    result = perform(run, rest)
    if not promised and _may_show_more(run, rest):
        result = perform(run, _rest(run))
    return replace(result, plans=found.plans)


def _rest(run: Run) -> Preview:
    rest = _whole_plan(run)
    refuse(run, rest, " more")
    return rest


def _may_show_more(run: Run, found: Preview) -> bool:
    """Tell whether an image was pulled of which a container had been made: it may be another one now."""
    pulled = {name for name, plan in found.plans.items() if any(s.action == Action.PULL for s in plan.steps)}
    return any(
        node.name in pulled and lost_images(run.chapters, run.cluster, node, found.seen[node.name])
        for node in run.hosts.nodes
    )


def _whole_plan(run: Run, promise: "Promise | None" = None) -> Preview:
    """Make the plan of all hosts of the run; Blocked if there is a promise that says something else."""
    found = plan(run)
    found.refuse_if_incomplete()
    _keep(promise, run, found)
    return found


def _keep(promise: "Promise | None", run: Run, found: Preview) -> None:
    if promise is not None:
        promise.keep(run, found)


def _change_members(run: Run, found: Preview) -> bool:
    """Go through the stages of a change of members, each with its chapter alone; tell if there were any."""
    stages = [(chapter, stage) for chapter, stage in found.stages if _moves(chapter, found.plans)]
    for chapter, stage in stages:
        if run.chosen is not None:
            raise Blocked(f"{stage.says}. One step cannot do that: deploy the chapter. Nothing was changed.")
        run.console.say(f"{stage.says}.")
        there = run.at(stage.cluster, chapter)
        _start_newcomers(there, chapter)
        rest = _whole_plan(there)
        refuse(there, rest, " more")
        perform(there, rest)
    return bool(stages)


def _moves(chapter: Chapter, plans: Plans) -> bool:
    return any(any(steps(plans, phase, chapter).values()) for phase in MOVES)


def _start_newcomers(run: Run, chapter: Chapter) -> None:
    """Start what does not run and wait until it takes part, before any other member is touched."""
    found = _whole_plan(run)
    refuse(run, found, " more")
    starting = steps(found.plans, "start", chapter)
    if any(starting.values()):
        _note(run, found)
        run.hosts.act(steps(found.plans, "stage"))
        run.hosts.act(starting)
        gates.reach(run.hosts, chapter, frozenset(name for name, own in starting.items() if own))


def refuse(run: Run, found: Preview, more: str = "") -> None:
    """Raise Blocked if a person is needed first, or a member could not be replaced without an outage.

    Not for the latter if -H names only some of a service's hosts: so an operator says that what can be
    done is to be done. With `more`, something was changed before.
    """
    refuse_if_blocked(found.plans, more)
    _refuse_outages(foreseen(run, found), more)


def _refuse_outages(outages: Refused, more: str = "") -> None:
    if outages:
        advice = (
            f"Nothing{more} was changed. Bring the missing members back; or name the hosts to change with "
            "-H: then everything is done that stops no service."
        )
        raise Blocked("\n".join([*left_alone(outages), advice]))


def outcome(run: Run, found: Preview) -> tuple[Outlook, OperatorError | None]:
    """Give the order of a deploy of these plans, and what it would end with before all of them is done."""
    seen, whole = None, {each.service for each in run.whole().chapters}
    try:
        found.refuse_if_incomplete()
        refuse_if_blocked(found.plans)
        if any(each.steps for each in found.plans.values()):
            _refuse_if_taken(found)
        else:
            refuse_if_unwell(found.plans)
        seen = lasting(run, found)
        _refuse_outages({member: why for member, why in seen.refused.items() if member.service in whole})
    except OperatorError as error:
        error.brief = f"A deploy would end with exit code {error.exit_code}: see the top of this plan."
        return seen or outlook(run, found), error
    return seen, left_out(seen.refused)


def _refuse_if_taken(found: Preview) -> None:
    """Raise Blocked if another run holds one of the hosts that a deploy would lease."""
    wait = "Wait for that run to end, then run again."
    held = [(name, f"{seen.at_work}. {wait}") for name, seen in found.seen.items() if seen.at_work]
    if held:
        raise Blocked("\n".join(grouped(held)))


def perform(run: Run, found: Preview) -> Result:
    """Do what the schedule says on hosts that this run holds.

    What would stop its service is left, and Blocked raised at the end.
    """
    hosts, chosen = run.hosts, run.chosen
    chapters = [chapter for chapter in run.chapters if hosts.members(chapter)]
    asked = [
        each for each in chapters if each.members is not None and (chosen is None or each.gate in chosen)
    ]
    _note(run, found)
    verdicts: dict[Chapter, Verdict] = {}
    left: dict[Member, str] = {}
    for entry in schedule(chapters, found.plans, asked):
        match entry.kind:
            case "check":
                verdicts |= {chapter: _verdict(hosts, chapter, found) for chapter in entry.chapters}
            case "roll":
                left |= roll(hosts, entry.chapters, entry.members, found.plans)
            case "hand over":
                hand_over(hosts, entry.chapters[0], found.plans)
            case "stage" | "start" | "settle":
                hosts.act(_but_of(left, entry.steps))
    if left:
        kept = "These members were left as they are, new files wait beside the old ones; the rest was done."
        raise Blocked("\n".join([*left_alone(left), kept]))
    return Result(found.plans, tuple(verdicts[chapter].says for chapter in asked))


def _but_of(left: Refused, steps: Steps) -> Steps:
    """Leave out what would follow the replacement of members that were left as they are."""
    return {name: tuple(s for s in own if not stays(left, name, s)) for name, own in steps.items()}


def _note(run: Run, found: Preview) -> None:
    """Note what is to be done, and how those services stand whose every member was looked at."""
    hosts = run.hosts
    if not hosts.journal.progress.acted and not any(each.steps for each in found.plans.values()):
        return  # nobody asks how far a run came that has nothing to do
    whole = [each for each in run.chapters if each.members and hosts.members(each) and hosts.has_all(each)]
    hosts.journal.plan(run.cluster, found.plans)
    said = {chapter: gates.answers(hosts, chapter, found.seen) for chapter in whole}
    hosts.journal.hear(gates.standings(hosts, said))


def _verdict(hosts: Hosts, chapter: Chapter, found: Preview) -> Verdict:
    """Judge by what was seen if nothing was changed since; a change shakes those that lean on it, too."""
    needed = hosts.members(chapter)
    if not any(each.steps for each in found.plans.values()):
        verdict = gates.judge_by(hosts, chapter, found.seen, needed)
        if verdict.passed:
            return verdict
    return gates.reach(hosts, chapter, needed)


def refuse_if_unwell(plans: Plans) -> None:
    """Raise Degraded if members are not well, for a run that has nothing to do about it."""
    told = [(name, str(trouble)) for name, each in plans.items() for trouble in each.troubles]
    if told:
        raise Degraded("\n".join([*grouped(told), "A deploy has nothing to do about that."]))


def refuse_if_blocked(plans: Plans, more: str = "") -> None:
    """Raise Blocked with every obstacle on every host; nothing of these plans has been changed by then."""
    obstacles = [(name, str(blocker)) for name, each in plans.items() for blocker in each.blockers]
    if obstacles:
        raise Blocked("\n".join([*grouped(obstacles), f"Nothing{more} was changed."]))
