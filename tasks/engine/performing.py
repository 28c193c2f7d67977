"""Carry out a plan on hosts that a run holds: what tasks.plan.schedule says, in that order."""

from dataclasses import dataclass

from ..errors import Blocked
from ..plan.gate import Verdict
from ..plan.membership import Plans
from ..plan.roll import Member, stays
from ..plan.runbook import MESOS_AGENT, Chapter
from ..plan.schedule import Steps, schedule
from . import demanding, gates, locking
from .hosts import Hosts
from .preview import Preview, Refused, left_alone
from .run import Run


@dataclass(frozen=True)
class Result:
    """What a run did: the plans it carried out, what the gates said, what was over its budget.

    `undone` says what it did not do, as hosts could not be reached.
    """

    plans: Plans
    says: tuple[str, ...]
    over_budget: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Tell whether anything had to be done."""
        return any(plan.steps for plan in self.plans.values())


def perform(run: Run, found: Preview) -> Result:
    """Do what the schedule says on hosts that this run holds.

    What would stop its service is left, and Blocked raised at the end.
    """
    hosts, chosen = run.hosts, run.chosen
    chapters = [chapter for chapter in run.chapters if hosts.members(chapter)]
    asked = [
        each for each in chapters if each.members is not None and (chosen is None or each.gate in chosen)
    ]
    note(run, found)
    verdicts: dict[Chapter, Verdict] = {}
    left: dict[Member, str] = {}
    for entry in schedule(chapters, found.plans, asked):
        match entry.kind:
            case "check":
                verdicts |= {chapter: _verdict(hosts, chapter, found) for chapter in entry.chapters}
            case "doors":
                from .doors import see_to

                see_to(hosts, entry.steps)
            case "roll":
                from .rolling import roll

                left |= roll(hosts, entry.chapters, entry.members, found.plans, found.seen)
            case "introduce":
                from .introducing import introduce

                introduce(hosts, entry.steps, found)
            case "hand over":
                from .handing_over import hand_over

                hand_over(hosts, entry.chapters[0], found.plans)
            case "start":
                demanding.starting(hosts, entry.steps)
                hosts.act(entry.steps)
            case "stage" | "settle":
                hosts.act(_but_of(left, entry.steps))
    _refuse_rest(left)
    return Result(found.plans, tuple(verdicts[chapter].says for chapter in asked))


def _but_of(left: Refused, steps: Steps) -> Steps:
    """Leave out what would follow the replacement of members that were left as they are."""
    return {name: tuple(s for s in own if not stays(left, name, s)) for name, own in steps.items()}


def _refuse_rest(left: Refused) -> None:
    if left:
        kept = "These members were left as they are, new files wait beside the old ones; the rest was done."
        raise Blocked("\n".join([*left_alone(left), kept]))


def note(run: Run, found: Preview) -> None:
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
    verdict = gates.reach(hosts, chapter, needed)
    if chapter is MESOS_AGENT:
        locking.proven(hosts, locking.authenticates(hosts, found.plans))
    return verdict
