"""Marathon shows its principal from now on: what is next is decided by what all say now, each time anew."""

from ..errors import Blocked, GateNotReached
from ..inventory.cluster import Node
from ..plan.marathon import introduction
from ..plan.marathon.introduction import Now
from ..plan.membership import Seen
from ..plan.names import Id
from ..plan.roll import Member, Standings
from ..plan.runbook import MARATHON, MESOS_MASTER, Chapter
from ..plan.schedule import Steps
from ..plan.step import HostPlan, Step
from . import gates
from .hosts import Hosts
from .preview import Preview, left_alone
from .rolling import roll
from .run import Run

BOTH = (MESOS_MASTER, MARATHON)


def refuse(run: Run, found: Preview) -> None:
    """Raise Blocked if Marathon is to show its principal, and the run cannot keep the order for that."""
    own = [step for plan in found.plans.values() for step in plan.in_phase(introduction.PHASE)]
    if not own:
        return
    if run.chosen is not None or any(
        each not in run.chapters or not run.hosts.has_all(each) for each in BOTH
    ):
        raise Blocked(
            f"Marathon is to show its principal, and the leading master has to change twice for that: "
            f"{introduction.WHY}. `fab deploy-cluster` of all hosts does it in order. Nothing was changed."
        )
    if found.stages and any(step.turn == introduction.EARLY for step in own):
        raise Blocked(
            "Marathon has begun to show its principal, and a change of members would have it fail over "
            f"before that is done: {introduction.WHY}. Deploy with the members of now first."
        )


def refuse_if_unfinished(run: Run, seen: Seen, what: str) -> None:
    """Raise Blocked if it would have a Marathon come to lead that ends the leading master by that."""
    if run.cluster.credentials is None or not MARATHON.nodes(run.cluster):
        return
    if introduction.unfinished(run.cluster, seen, _heard(run.hosts)):
        raise Blocked(
            f"{what}: {introduction.WHY}. `fab deploy-cluster` of all hosts brings that to its end, or "
            "`fab mesos-master.hand-over`. Nothing was changed."
        )


def _heard(hosts: Hosts) -> introduction.Said:
    """Ask all masters and Marathons once, from any of these hosts."""
    members = [(each, node) for each in BOTH for node in each.nodes(hosts.cluster)]
    asked = {
        f"{chapter.service} {node.name} {word}": question
        for chapter, node in members
        if chapter.members
        for word, question in chapter.members.questions(hosts.cluster, node).items()
    }
    told = gates.ask_one(hosts, hosts.nodes[0], asked)
    said: dict[str, dict[str, dict[str, str]]] = {chapter.service: {} for chapter in BOTH}
    for key, text in told.items():
        service, name, word = key.split(" ", 2)
        said[service].setdefault(name, {})[word] = text
    return said


def introduce(hosts: Hosts, steps: Steps, found: Preview) -> None:
    """Make Marathons anew and have other masters lead, until masters know the principal.

    Raises Blocked if the masters cannot spare the one that leads; else what a roll raises.
    """
    anew = {name: step for name, own in steps.items() for step in own if step.id is Id.MARATHON_RUN}
    planned = {name: step for name, own in steps.items() for step in own if step.id is Id.MASTER_RUN}
    lacking, changes = set(anew), 0
    before = gates.standings_now(hosts, gates.services(hosts))
    while move := introduction.next_move(now := _awaited(hosts, frozenset(lacking), before)):
        if move.anew:
            _take(hosts, MARATHON, move.anew, anew[move.anew], found)
            lacking.discard(move.anew)
            continue
        changes += 1
        if changes > introduction.CHANGES:
            told = f"{introduction.WHY}, also after {changes - 1} changes of the leading master"
            raise GateNotReached(
                told, "See that all agents are active, then run again.", where=MARATHON.title
            )
        _say(hosts, now)
        leader = _leader(hosts)
        container = hosts.container(MESOS_MASTER, leader).name
        step = planned.pop(leader.name, None) or introduction.changes(container, introduction.WHY)
        _take(hosts, MESOS_MASTER, leader.name, step, found)


def _say(hosts: Hosts, now: Now) -> None:
    then = "" if now.lacking else ", which then learns Marathon's principal from the agents"
    hosts.console.say(f"Another master is to lead{then}; no Marathon may fail over until that is done.")


def _take(hosts: Hosts, chapter: Chapter, name: str, step: Step, found: Preview) -> None:
    plans = {name: HostPlan(name, (), (step,))}
    left = roll(hosts, [chapter], [Member(chapter.service, name)], plans, found.seen, introduction.PHASE)
    if left:
        raise Blocked("\n".join([*left_alone(left), f"So {introduction.WHY}."]))


def _leader(hosts: Hosts) -> Node:
    name = gates.standings_now(hosts, [MESOS_MASTER])[MESOS_MASTER.service].leader
    return next(node for node in hosts.nodes if node.name == name)


def _awaited(hosts: Hosts, lacking: frozenset[str], before: Standings) -> Now:
    """Wait until all serve that did before, and Marathon is registered with the master that leads now."""
    gates.recover(hosts, before)
    gates.reach(hosts, MARATHON, before[MARATHON.service].serving)
    found: list[Now] = []

    def enough(said: gates.Said) -> bool:
        now = introduction.state(hosts.cluster, lacking, {each.service: said[each] for each in BOTH})
        found[:] = [now] if now else []
        return bool(found)

    gates.ask_until(hosts, BOTH, enough)
    if not found:
        told = f"it is not registered with the leading master after {gates.settling(hosts)} s"
        raise GateNotReached(told, "`fab status` tells more; then run again.", where=MARATHON.title)
    return found[0]
