"""What stands in the way of a deploy: said before anything is changed, and foretold by a plan."""

from ..errors import Blocked, Degraded, OperatorError
from ..plan.membership import Plans
from ..plan.outlook import Outlook
from ..plan.step import Sort
from ..plan.words import grouped
from . import demanding, gates, locking, principals
from .preview import Preview, Refused, foreseen, lasting, left_alone, left_out, outlook
from .run import Run


def refuse(run: Run, found: Preview, more: str = "") -> None:
    """Raise Blocked if a person is needed first, or a member could not be replaced without an outage.

    Not for the latter if -H names only some of a service's hosts: so an operator says that what can be
    done is to be done. With `more`, something was changed before.
    """
    unchanged = f"Nothing{more} was changed."
    refuse_if_blocked(found.plans, unchanged)
    locking.refuse(run, found)
    demanding.refuse(run, found)
    principals.refuse(run, found)
    _refuse_outages(foreseen(run, found), unchanged)


def _refuse_outages(outages: Refused, unchanged: str) -> None:
    if outages:
        advice = (
            f"{unchanged} Bring the missing members back; or name the hosts to change with -H: then "
            "everything is done that stops no service."
        )
        raise Blocked("\n".join([*left_alone(outages), advice.lstrip()]))


def outcome(run: Run, found: Preview) -> tuple[Outlook, OperatorError | None]:
    """Give the order of a deploy of these plans, and what it would end with before all of them is done."""
    seen, whole = None, {each.service for each in run.whole().chapters}
    try:
        found.refuse_if_incomplete()
        refuse_if_blocked(found.plans, unchanged="")
        if any(each.steps for each in found.plans.values()):
            _refuse_if_taken(found)
            locking.refuse(run, found)
            demanding.refuse(run, found)
            principals.refuse(run, found)
        else:
            refuse_if_unwell(found.plans)
            _refuse_if_in_vain(run, found)
        seen = lasting(run, found)
        _refuse_outages({member: why for member, why in seen.refused.items() if member.service in whole}, "")
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


def refuse_if_unwell(plans: Plans) -> None:
    """Raise Degraded if members are not well, for a run that has nothing to do about it.

    Not for one that is starting again: a gate waits for it.
    """
    told = [
        (name, str(trouble))
        for name, each in plans.items()
        for trouble in each.troubles
        if trouble.sort is not Sort.STARTING
    ]
    if told:
        raise Degraded("\n".join([*grouped(told), "A deploy has nothing to do about that."]))


def _refuse_if_in_vain(run: Run, found: Preview) -> None:
    """Raise Degraded if a service is not well for which a deploy would only wait, having nothing to do."""
    chapters = [
        each for each in gates.services(run.hosts) if each in run.chapters and run.hosts.has_all(each)
    ]
    verdicts = {
        each: gates.judge_by(run.hosts, each, found.seen, run.hosts.members(each)) for each in chapters
    }
    if told := [f"{each.title}: {its.says}." for each, its in verdicts.items() if not its.passed]:
        patience = run.cluster.settings.gate_timeout
        wait = f"A deploy would find nothing to change, and wait for that for {patience} s at most."
        raise Degraded("\n".join([*told, f"{wait} {gates.SEARCH}"]))


def refuse_if_blocked(plans: Plans, unchanged: str = "Nothing was changed.") -> None:
    """Raise Blocked with every obstacle on every host, and what is `unchanged`, which a plan need not say."""
    obstacles = [(name, said) for name, each in plans.items() for said in each.obstacles]
    if obstacles:
        raise Blocked("\n".join(filter(None, [*grouped(obstacles), unchanged])))
