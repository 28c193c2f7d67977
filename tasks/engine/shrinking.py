"""Members leave a service that goes on: those in [removed] are stopped for good, one at a time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from ..errors import Blocked, GateNotReached
from ..inventory.cluster import Cluster, Node
from ..plan.gate import Answers, Standing, Verdict
from ..plan.membership import Plans, forsaken, started
from ..plan.mesos_master.service import Masters, forgotten
from ..plan.runbook import MESOS_MASTER, ZOOKEEPER, Chapter
from ..plan.schedule import replaced
from ..plan.step import Phase
from ..plan.words import verb
from ..plan.zookeeper import fewer
from . import gates, leaders, lease
from .hosts import Hosts
from .performing import perform
from .preview import plan
from .refusals import refuse
from .run import Run

TRIES = 3
"""How often one that leaves is stopped for a moment at most, so that another one leads."""

LATER: tuple[Phase, ...] = ("start", "replace", "settle")
"""The phases in which the leader gets its new list, or what follows from it."""


def stop(run: Run, chapter: Chapter, leaves: Sequence[Node]) -> None:
    """Have these members of a chapter's service stopped for good; `run` has those that stay, and holds them.

    Of ZooKeeper, all that stay but the leader have their new list then. Raises Unreachable if one that
    leaves cannot be reached, as it could come back with its vote; else Blocked, StepFailed or GateNotReached.
    The next run goes on.
    """
    alone = [replace(node, roles=(chapter.service,)) for node in leaves]
    with lease.held(Run(run.hosts.only(leaves), ())) as leases:
        leases.secure()
        (_stop_zookeepers if chapter is ZOOKEEPER else _stop_masters)(run, alone)


def _stop_zookeepers(run: Run, leaves: Sequence[Node]) -> None:
    former, stay = run.hosts.along(leaves), run.hosts.members(ZOOKEEPER)
    serving = _standing(former, ZOOKEEPER).serving
    for node in (node for node in leaves if node.name not in serving):
        _end(former, ZOOKEEPER, node)
    _bring_back(run, leaves, stay - serving, serving)
    gates.reach(former, ZOOKEEPER, stay | serving)
    leader = _standing(former, ZOOKEEPER).leader
    first, last = fewer.order([node.name for node in leaves], serving, leader)
    for node in (node for node in leaves if node.name in first):
        _end(former, ZOOKEEPER, node)
        gates.reach(former, ZOOKEEPER, (stay | serving) - first)
    for node in (node for node in leaves if node.name == (last or _needed(run, leaves, leader))):
        leader = _led_by_one_that_stays(former, node, stay)
        found = plan(run)
        refuse(run, found, " more")
        perform(run, replace(found, plans=_but_of(found.plans, leader)))
        _end(former, ZOOKEEPER, node)
        gates.reach(former, ZOOKEEPER, stay)


def _needed(run: Run, leaves: Sequence[Node], leader: str | None) -> str:
    """Name one that has been stopped and must serve while others than the leader restart; "" if none does."""
    moved = {m.node for m in replaced([ZOOKEEPER], plan(run).plans)}
    return leaves[-1].name if moved - {leader} else ""


def _led_by_one_that_stays(former: Hosts, node: Node, stay: frozenset[str]) -> str:
    """Have the one that leaves last serve and not lead; give who leads.

    Who has the new list cannot follow one that is not in it (seen with 3.8.0). While that is stopped, the
    others elect one of themselves: it often has the highest id, and would win.
    """
    container = former.container(ZOOKEEPER, node)
    for _ in range(TRIES):
        standing = _standing(former, ZOOKEEPER)
        if node.name in standing.serving and standing.leader in stay:
            return standing.leader or ""
        if node.name in standing.serving:
            _end(former, ZOOKEEPER, node)
        gates.reach(former, ZOOKEEPER, stay)
        why = "it serves until the others have their new list"
        former.act({node.name: [started(container.step, container.name, why)]})
        gates.reach(former, ZOOKEEPER, stay | {node.name})
    raise GateNotReached("it leads again and again", "Run again: it goes on.", node.name)


def _standing(hosts: Hosts, chapter: Chapter) -> Standing:
    return gates.standings_now(hosts, [chapter])[chapter.service]


def _bring_back(run: Run, leaves: Sequence[Node], idle: Collection[str], serving: Collection[str]) -> None:
    """Start those that stay and do not serve, as a run that was cut leaves one; with their new list.

    Only one of those that leave may serve then, as ever when somebody has the new list. Raises Blocked.
    """
    if not idle:
        return
    if sum(node.name in serving for node in leaves) > 1:
        why = "all that stay must, before any is stopped for good"
        told = f"ZooKeeper: {verb(sorted(idle), 'does not serve', 'do not serve')}, and {why}"
        raise Blocked(f"{told}. Nothing more was changed. Deploy with nobody in [removed] first.")
    plans = plan(run).plans
    phases: tuple[Phase, ...] = ("stage", "start", "replace")
    run.hosts.act({name: [s for phase in phases for s in plans[name].in_phase(phase)] for name in idle})


def _but_of(plans: Plans, leader: str) -> Plans:
    """Leave out what gives the leader its new list."""
    return {
        name: replace(each, steps=tuple(s for s in each.steps if name != leader or s.phase not in LATER))
        for name, each in plans.items()
    }


def _stop_masters(run: Run, leaves: Sequence[Node]) -> None:
    left = list(leaves)
    while left:
        former = run.hosts.along(left)
        leader = _standing(former, MESOS_MASTER).leader
        node = next((node for node in left if node.name != leader), left[0])
        leaders.make_way(former, node, node.name == leader)
        _end(former, MESOS_MASTER, node)
        left.remove(node)
    present = _standing(run.hosts, MESOS_MASTER).serving
    gates.reach(run.hosts, MESOS_MASTER, present, _forgotten)


def _forgotten(cluster: Cluster, answers: Mapping[str, Answers], needed: frozenset[str]) -> Verdict:
    """Pass when the leader sees no replica of a stopped master any more: ZooKeeper takes 10 s for it."""
    verdict = Masters().verdict(cluster, answers, needed)
    return forgotten(cluster, answers) if verdict.passed else verdict


def _end(former: Hosts, chapter: Chapter, node: Node) -> None:
    container = former.container(chapter, node)
    former.act({node.name: [forsaken(container.step, container.name)]})
