"""Bring hosts to what the runbook wants: look, plan, refuse or change, members before all else."""

from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import Blocked
from ..plan.marathon import introduction
from ..plan.membership import Plans
from ..plan.mesos_master import replicas
from ..plan.runbook import MARATHON, Chapter
from ..plan.schedule import steps
from . import gates, lease
from .performing import Result, note, perform
from .preview import MOVES, Looking, Preview, doubtful, foretold, plan, previewed
from .refusals import refuse, refuse_if_blocked, refuse_if_unwell
from .run import Run

if TYPE_CHECKING:
    from .saving import Promise


def deploy(run: Run, check: bool = False, promise: "Promise | None" = None) -> Result:
    """Carry out what is missing.

    The first look takes the leases, and a run that has nothing to do lets go of them at once. With
    `check`, one that has something to do begins with a preflight; with a `promise`, it does just what that
    says or nothing. Raises Blocked before anything is changed if a person is needed first; Degraded if
    nothing is missing, but a member is not well; StepFailed, GateNotReached or Unreachable when the run had
    to stop. It is always safe to run again.
    """
    with lease.held(run) as leases:
        found = _whole_plan(run, promise, leases.look if run.may_change else None)
        if any(each.blockers for each in found.plans.values()):
            if check:
                _preflight(run, found, leases)
            refuse_if_blocked(found.plans)
        if any(each.steps for each in found.plans.values()):
            return _change(run, _secured(run, found, leases, check), promise)
    result = perform(run, found)
    refuse_if_unwell(found.plans)
    return result


def _preflight(run: Run, found: Preview, leases: lease.Leases) -> None:
    from . import preflight

    preflight.clear(run, preflight.added(run, found.seen, leases))


def _explained(run: Run, found: Preview, leases: lease.Leases) -> None:
    """Refuse for what may be the reason why a lease was not free: that two names are one host, say.

    All else would be told of hosts that another run is changing.
    """
    from . import preflight

    report = preflight.added(run, found.seen, leases).without(("lock",))
    if report.having("error"):
        preflight.clear(run, report)


def _secured(run: Run, found: Preview, leases: lease.Leases, check: bool) -> Preview:
    """Have every host held, and with `check` pass the preflight; plan again what was not looked at before."""
    try:
        more = leases.secure()
    except lease.Taken:
        if check:
            _explained(run, found, leases)
        raise
    except lease.NotLocked:
        if check:
            _preflight(run, found, leases)  # it may know why
        raise
    if check:
        _preflight(run, found, leases)
    return previewed(run, {**found.seen, **more}, {}) if more else found


def _change(run: Run, found: Preview, promise: "Promise | None") -> Result:
    from . import availability

    _keep(promise, run, found)  # other members were looked at again
    refuse(run, found)
    _tell_costs(run, found)
    more = promise is None and bool(doubtful(run, found))
    gaps = ["Mesos"] if replicas.begins(run.cluster, found.seen) else []
    with availability.measured(run.hosts, found.plans, more=more, foretold=gaps) as over:
        result = _carry_out(run, found, promise is not None)
    return replace(result, over_budget=tuple(over))


def _carry_out(run: Run, found: Preview, promised: bool) -> Result:
    """Change who is a member, if hosts.ini wants that, then the rest, and then what a pull has shown."""
    found = _finished(run, found)
    rest = _rest(run) if _change_members(run, found) else found
    result = perform(run, rest)
    if not promised and doubtful(run, rest):
        result = perform(run, _shown(run))
    return replace(result, plans=found.plans)


def _finished(run: Run, found: Preview) -> Preview:
    """Bring to its end what Marathon has begun, before stages have it fail over; give what is left to do."""
    early = introduction.of_turn(found.plans, introduction.EARLY)
    if not found.stages or not any(early.values()):
        return found
    from .introducing import introduce

    note(run, found)
    run.hosts.act(steps(found.plans, "stage", MARATHON))
    introduce(run.hosts, early, found)
    return _rest(run)


def _rest(run: Run) -> Preview:
    rest = _whole_plan(run)
    refuse(run, rest, " more")
    return rest


def _shown(run: Run) -> Preview:
    """Plan what is to be done about images that are others since the pull, and tell what it comes to."""
    from ..plan.report import planned

    more = _rest(run)
    if any(each.steps for each in more.plans.values()):
        run.console.say(f"What was pulled is another image now: {planned.sums(more.plans)}.")
        _tell_costs(run, more)
    return more


def _tell_costs(run: Run, found: Preview) -> None:
    for line in foretold(run, found).costs:
        run.console.say(line, "warning")


def _whole_plan(run: Run, promise: "Promise | None" = None, look: Looking | None = None) -> Preview:
    """Make the plan of all hosts of the run; Blocked if there is a promise that says something else."""
    found = plan(run, look)
    found.refuse_if_incomplete()
    _keep(promise, run, found)
    return found


def _keep(promise: "Promise | None", run: Run, found: Preview) -> None:
    if promise is not None:
        promise.keep(run, found)


def _change_members(run: Run, found: Preview) -> bool:
    """Go through the stages of a change of members, each with its chapter alone; tell if there were any."""
    stages = [(chapter, stage) for chapter, stage in found.stages if _moves(chapter, found.plans)]
    if stages:
        from . import shrinking

        shrinking.refuse_lost(run, [stage for _, stage in stages])
    if stages and any((shut := steps(found.plans, "doors")).values()):
        from .doors import see_to

        note(run, found)
        see_to(run.hosts, shut)  # who is new must come in
    for chapter, stage in stages:
        if run.chosen is not None:
            raise Blocked(f"{stage.says}. One step cannot do that: deploy the chapter. Nothing was changed.")
        run.console.say(f"{stage.says}.")
        there = run.at(stage.cluster, chapter)
        if stage.leaves:
            shrinking.stop(there, chapter, stage)
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
        note(run, found)
        run.hosts.act(steps(found.plans, "stage"))
        run.hosts.act(starting)
        gates.reach(run.hosts, chapter, frozenset(name for name, own in starting.items() if own))
