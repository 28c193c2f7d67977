"""Marathon shows its principal from now on: what is next is decided by what all say now, each time anew."""

from ..errors import Blocked, GateNotReached
from ..plan.marathon import introduction
from ..plan.marathon.introduction import Now
from ..plan.names import Id
from ..plan.roll import Member, Standings
from ..plan.runbook import MARATHON, MESOS_MASTER, Chapter
from ..plan.schedule import Steps
from ..plan.step import HostPlan, Step
from . import gates
from .hosts import Hosts
from .preview import Preview, left_alone
from .principals import BOTH
from .rolling import roll


def introduce(hosts: Hosts, own: Steps, found: Preview) -> None:
    """Make Marathons anew and have other masters lead, until masters know the principal.

    Raises Blocked if the masters cannot spare the one that leads; else what a roll raises.
    """
    anew = {name: step for name, its in own.items() for step in its if step.id is Id.MARATHON_RUN}
    planned = {name: step for name, its in own.items() for step in its if step.id is Id.MASTER_RUN}
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
        (leader,) = (node for node in hosts.nodes if node.name == now.master)
        container = hosts.container(MESOS_MASTER, leader).name
        step = planned.pop(leader.name, None) or introduction.changes(container)
        _take(hosts, MESOS_MASTER, leader.name, step, found)


def _say(hosts: Hosts, now: Now) -> None:
    then = "" if now.lacking else ", which then learns Marathon's principal from the agents"
    hosts.console.say(f"Another master is to lead{then}; no Marathon may fail over until that is done.")


def _take(hosts: Hosts, chapter: Chapter, name: str, step: Step, found: Preview) -> None:
    plans = {name: HostPlan(name, (), (step,))}
    left = roll(hosts, [chapter], [Member(chapter.service, name)], plans, found.seen, introduction.PHASE)
    if left:
        raise Blocked("\n".join([*left_alone(left), f"So {introduction.WHY}."]))


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
