"""What a deploy would do: hosts are looked at and nothing is changed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..errors import Blocked, OperatorError
from ..plan import runbook
from ..plan.look.observed import Observed
from ..plan.marathon import handover, introduction
from ..plan.membership import Plans, Stage, Stranger, touches
from ..plan.mesos_master import replicas
from ..plan.names import SERVICES, Id
from ..plan.outlook import Outlook, Turn, foresee
from ..plan.roll import Member
from ..plan.runbook import Chapter
from ..plan.schedule import replaced
from ..plan.step import Action, Phase
from ..plan.words import grouped, names
from ..plan.zookeeper import closing
from . import gates
from .run import Run
from .strangers import asked

Refused = Mapping[Member, str]
"""Members that cannot be replaced without an outage, each with the reason."""

Looking = Callable[[], tuple[dict[str, Observed], dict[str, OperatorError]]]
"""Looks at every host, and tells why some could not be looked at."""


class Partly(Blocked):
    """A deploy would do a part of its plan, and leave the rest."""


MOVES: tuple[Phase, ...] = ("start", "replace")


@dataclass(frozen=True)
class Preview:
    """What was seen on each host, what is missing there, and which hosts could not be looked at.

    `stages` are the clusters that a change of members goes through before all else. `strangers` take part
    in a service and have no place in hosts.ini; only a preview for people asks for them. `costs` says which
    versions change, and what that means, which tasks the plans lose, and what else they cost; nothing before
    `foretold` has asked.
    """

    seen: Mapping[str, Observed]
    plans: Plans
    lost: Mapping[str, OperatorError]
    stages: Sequence[tuple[Chapter, Stage]] = ()
    strangers: Sequence[Stranger] = ()
    costs: Sequence[str] = ()

    def refuse_if_incomplete(self) -> None:
        """Raise what is known of the hosts that are lost, and how to go on without them."""
        if self.lost:
            told = grouped((name, error.text) for name, error in self.lost.items())
            if self.plans:
                told.append(
                    f"To go on without {names(self.lost)}, name the others: -H {','.join(self.plans)}"
                )
            raise type(next(iter(self.lost.values())))("\n".join(told))


def left_alone(refused: Refused) -> list[str]:
    """Say which members may not be replaced and why, what is true of many once."""
    return grouped((member.node, f"{SERVICES[member.service]}: {why}") for member, why in refused.items())


def plan(run: Run, look: Looking | None = None) -> Preview:
    """Look at every host, in that way if one is given, and say what is missing there."""
    return previewed(run, *_looked(run, look))


def plan_and_strangers(run: Run) -> Preview:
    """Look at every host, and say what is missing there and who takes part that hosts.ini does not name."""
    seen, lost = _looked(run)
    seen = asked(run.hosts, run.chapters, seen)
    found = tuple(runbook.strangers(run.chapters, run.cluster, seen))
    return replace(previewed(run, seen, lost), strangers=found)


def _looked(run: Run, look: Looking | None = None) -> tuple[dict[str, Observed], dict[str, OperatorError]]:
    seen, lost = look() if look else run.hosts.look(run.chapters)
    if seen:
        seen = seen | run.hosts.look_at_fellows(run.chapters)
    if handover.changing(run.cluster, seen):
        from . import migration

        seen = migration.asked(run.hosts, seen)
    if closing.concerns(run.cluster, seen):
        from . import tree_rights

        seen = tree_rights.asked(run.hosts, seen)
    return seen, lost


def previewed(run: Run, seen: Mapping[str, Observed], lost: Mapping[str, OperatorError]) -> Preview:
    """Plan what is missing on hosts of which some were `seen` and the others are `lost`; see `plan`."""
    nodes = [node for node in run.hosts.nodes if node.name in seen]
    plans = runbook.plans(run.chapters, run.cluster, nodes, seen)
    overruled = {*run.overruled, *run.cluster.settings.preflight_ignore}
    plans = {name: each.without(overruled) for name, each in plans.items()}
    stages = runbook.stages(run.chapters, run.cluster, seen, plans)
    if run.chosen is not None:
        plans = {name: each.only(run.chosen) for name, each in plans.items()}
    return Preview(seen, plans, lost, stages)


def foretold(run: Run, found: Preview) -> Preview:
    """Say what versions mean, and have plans say which tasks they cost; only agents that end are asked.

    Masters that come to a log are told, too.
    """
    from ..plan.mesos_agent import ending, proof
    from ..plan.report import versions

    nodes = [node for node in run.hosts.nodes if ending.touched(found.plans.get(node.name))]
    heard = run.hosts.each(nodes, lambda node: gates.ask_member(run.hosts, node, ending.question(node)))
    told = {node.name: ending.read(heard[node.name], node, found.seen[node.name]) for node in nodes}
    plans = dict(found.plans) | {
        node.name: ending.foretold(found.plans[node.name], node, found.seen[node.name], told[node.name])
        for node in nodes
    }
    means = versions.told(run.cluster, found.seen, found.plans)
    masters = any(touches(each, Id.MASTER_RUN) for each in plans.values())
    log = [replicas.BEGINS] if masters and replicas.begins(run.cluster, found.seen) else []
    asks = proof.told(run.cluster, found.seen, found.plans)
    return replace(found, plans=plans, costs=[*means, *log, *asks, *ending.costs(plans, told)])


def doubtful(run: Run, found: Preview) -> set[str]:
    """Give the images that are pulled anew while something runs of them: by now they may be others."""
    return {
        image
        for node in run.hosts.nodes
        if node.name in found.plans
        for image in runbook.lost_images(run.chapters, run.cluster, node, found.seen[node.name])
        if any(step.action is Action.PULL for step in found.plans[node.name].steps)
    }


def foreseen(run: Run, found: Preview) -> Refused:
    """Say which running members could not be replaced, and why."""
    return lasting(run.whole(), found).refused


def lasting(run: Run, found: Preview) -> Outlook:
    """Say in which order a run would act; see `outlook`.

    If some members could not be replaced, the others are given a moment: a run that was cut short may just
    have started one of them.
    """
    seen = outlook(run, found)
    chapters = [each for each in run.chapters if each.members and run.hosts.members(each)]

    def enough(said: gates.Said) -> bool:
        nonlocal seen
        seen = outlook(run, found, said)
        return not seen.refused

    if seen.refused:
        gates.ask_until(run.hosts, chapters, enough)
    return seen


def left_out(refused: Refused) -> Blocked | None:
    """Give what a deploy of some hosts would end with, if it would leave these members as they are."""
    if not refused:
        return None
    told = "A deploy would leave these as they are, do the rest and end with exit code 6."
    error = Partly("\n".join([*left_alone(refused), told]))
    error.brief = "A deploy would do a part of this and end with exit code 6: see the top of this plan."
    return error


def outlook(run: Run, found: Preview, said: gates.Said | None = None) -> Outlook:
    """Say in which order a run would act as things stand, if nothing is in its way.

    A service is asked if not all of its hosts were looked at, unless what it `said` is given.
    """
    if any(each.blockers for each in found.plans.values()):
        return Outlook()
    here, plans = run.hosts.among(found.plans), _after_stages(found)
    moved = {member.service for member in replaced(run.chapters, plans)}
    moved |= {each.service for each in run.chapters if handover.turns(each.holds, found.plans)}
    if any(each.in_phase(introduction.PHASE) for each in plans.values()):
        moved |= {runbook.MARATHON.service, runbook.MESOS_MASTER.service}
    asked = [each for each in run.chapters if each.service in moved]
    said = said or {each: gates.answers(here, each, found.seen) for each in asked}
    marathons = [node.name for node in runbook.MARATHON.nodes(run.cluster)]
    told = foresee(run.chapters, plans, gates.standings(run.hosts, said), marathons)
    turns = sorted((*_stages(found), *told.turns), key=lambda turn: turn.phase != "doors")
    return replace(told, turns=tuple(turns))


def _stages(found: Preview) -> Iterator[Turn]:
    for chapter, stage in found.stages:
        nodes = tuple(node.name for node in chapter.nodes(stage.cluster))
        yield Turn("replace", nodes, stage.says, chapter.service)


def _after_stages(found: Preview) -> Plans:
    """Leave out of the plans which containers the stages will have started or replaced."""
    plans = dict(found.plans)
    for chapter, stage in found.stages:
        if stage.twice:
            continue
        for name in plans.keys() & {node.name for node in chapter.nodes(stage.cluster)}:
            left = (s for s in plans[name].steps if s.phase not in MOVES or not chapter.holds(s))
            plans[name] = replace(plans[name], steps=tuple(left))
    return plans
