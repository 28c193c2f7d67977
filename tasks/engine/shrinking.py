"""Members leave a service that goes on: those in [removed] are stopped for good, one at a time.

Who is gone for good needs no stop. Others may come in their place.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from ..errors import Blocked, GateNotReached, Unreachable
from ..inventory.cluster import Cluster, Node
from ..plan.gate import Answers, Standing, Verdict
from ..plan.membership import Plans, Stage, forsaken, started
from ..plan.mesos_master.service import Masters, forgotten
from ..plan.runbook import MESOS_MASTER, ZOOKEEPER, Chapter
from ..plan.schedule import replaced
from ..plan.step import Phase
from ..plan.words import grouped, verb
from ..plan.zookeeper import fewer
from . import fanout, gates, leaders, lease
from .hosts import Hosts
from .performing import perform
from .preview import plan
from .refusals import refuse
from .run import Run

TRIES = 3
"""How often one that leaves is stopped for a moment at most, so that another one leads."""

LATER: tuple[Phase, ...] = ("start", "replace", "settle")
"""The phases in which the leader gets its new list, or what follows from it."""


GONE = (
    "While it may come back with its vote, no member can be removed or replaced. If it is gone for good: "
    "--gone {0}"
)
"""What to do about a member that leaves and cannot be reached."""


def refuse_lost(run: Run, stages: Iterable[Stage]) -> None:
    """Raise Unreachable if a member that is to be stopped for good cannot be reached and is not gone."""
    leaves = {node.name: node for stage in stages for node in _alive(run, stage)}
    _, lost = fanout.attempt([*leaves.values()], run.hosts.connect, run.cluster.settings.parallel)
    told = [(name, f"{error.text} {GONE.format(name)}") for name, error in lost.items()]
    if told:
        raise Unreachable("\n".join([*grouped(told), "Nothing was changed."]))


def stop(run: Run, chapter: Chapter, stage: Stage) -> None:
    """Have members of a chapter's service stopped for good; `run` has those that stay, and holds them.

    Of ZooKeeper, all that stay but the leader have their new list then; or those that come instead serve.
    Raises Unreachable if one that leaves cannot be reached, as it could come back with its vote; else
    Blocked, StepFailed or GateNotReached. The next run goes on.
    """
    leaves = _alive(run, stage)
    alone = [replace(node, roles=(chapter.service,)) for node in leaves]
    with lease.held(Run(run.hosts.only(leaves), ())) as leases:
        leases.secure()
        if stage.instead:
            _swap(run, {node.name: node for node in alone}, stage)
        else:
            (_stop_zookeepers if chapter is ZOOKEEPER else _stop_masters)(run, alone)


def _alive(run: Run, stage: Stage) -> list[Node]:
    return [node for node in stage.leaves if node.name not in run.cluster.gone]


def _swap(run: Run, alive: Mapping[str, Node], stage: Stage) -> None:
    """Stop each ZooKeeper that leaves, and start the one that comes instead while all others serve."""
    new = {node.name for node in stage.instead}
    there = run.hosts.members(ZOOKEEPER) - new
    there |= new & _standing(run.hosts, ZOOKEEPER).serving
    left = dict(alive)
    for old, node in zip(stage.leaves, stage.instead, strict=True):
        if old.name in left:
            _end(run.hosts.along([left[old.name]]), ZOOKEEPER, left.pop(old.name))
        former = run.hosts.along([*left.values()])  # one of these may lead
        if node.name not in there:
            gates.reach(former, ZOOKEEPER, there)
            found = plan(run).plans[node.name]
            run.hosts.act({node.name: found.in_phase("stage", "start")})
            there |= {node.name}
            gates.reach(former, ZOOKEEPER, there)


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
    run.hosts.act({name: plans[name].in_phase("stage", "start", "replace") for name in idle})


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
    gates.reach(run.hosts, MESOS_MASTER, present, all_forgotten)


def all_forgotten(cluster: Cluster, answers: Mapping[str, Answers], needed: frozenset[str]) -> Verdict:
    """Pass when the leader sees no replica of a stopped master any more: ZooKeeper takes 10 s for it."""
    verdict = Masters().verdict(cluster, answers, needed)
    return forgotten(cluster, answers) if verdict.passed else verdict


def _end(former: Hosts, chapter: Chapter, node: Node) -> None:
    container = former.container(chapter, node)
    former.act({node.name: [forsaken(container.step, container.name)]})
