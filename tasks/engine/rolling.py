"""Replace running members one at a time, each behind its gate; one that fails is put back."""

from collections.abc import Callable, Sequence

from ..errors import GateNotReached, OperatorError, RolledBack, StepFailed
from ..inventory.cluster import Node
from ..plan import shell
from ..plan.availability.turns import Taken
from ..plan.membership import Plans, Seen
from ..plan.mesos_master import replicas
from ..plan.names import Id
from ..plan.roll import Member
from ..plan.runbook import MARATHON, MESOS_AGENT, MESOS_MASTER, ZOOKEEPER, Chapter
from ..plan.schedule import Steps, steps
from ..plan.step import Action, Phase, Step
from ..plan.words import names
from ..plan.zookeeper import locking as members
from . import demanding, gates, leaders, locking, marathons
from .hosts import Hosts
from .preview import Refused


def roll(
    hosts: Hosts,
    chapters: Sequence[Chapter],
    members: Sequence[Member],
    plans: Plans,
    seen: Seen,
    phase: Phase = "replace",
) -> Refused:
    """Replace these members of these chapters by their steps of a phase; who comes next is asked every time.

    `seen` is how they were before. Gives those that were left because that would have stopped their service,
    each with the reason. Raises RolledBack if a member failed and was put back, else StepFailed or
    GateNotReached.
    """
    care = marathons.Marathons(hosts, [each.node for each in members if each.service == MARATHON.service])
    try:
        left = _turns(hosts, chapters, members, plans, care, seen, phase)
    except OperatorError:  # whoever types Ctrl-C wants to leave: then the next run starts them
        care.start_held()
        raise
    care.start_held()
    return left


def _turns(
    hosts: Hosts,
    chapters: Sequence[Chapter],
    members: Sequence[Member],
    plans: Plans,
    care: marathons.Marathons,
    seen: Seen,
    phase: Phase,
) -> Refused:
    waiting, here = list(members), ""
    before = gates.standings_now(hosts, gates.services(hosts))
    fresh = any(step.phase == "start" for plan in plans.values() for step in plan.steps)
    while waiting:
        care.see_boots()
        turn = gates.next_turn(hosts, before, waiting, here, fresh, care.held)
        if turn.refused:
            return turn.refused
        began, here = hosts.console.elapsed, turn.members[0].node  # whatever is taken first, that is next
        turn, after = care.before(turn, waiting)
        waiting = [member for member in waiting if member not in turn.members]
        chapter = next(each for each in chapters if each.service == turn.members[0].service)
        nodes = [node for node in hosts.nodes if Member(chapter.service, node.name) in turn.members]
        _see_ready(hosts, chapter, {node.name: plans[node.name] for node in nodes}, seen)
        served = len(nodes) == 1 and nodes[0].name in before[chapter.service].serving
        places = tuple(node.name for node in nodes)
        taken = Taken("replace", chapter.service, places, turn.leads, served, began, began)
        with hosts.journal.turn(taken, lambda: hosts.console.elapsed):
            try:
                if chapter is MESOS_MASTER and (served or turn.leads):
                    leaders.make_way(hosts, nodes[0], turn.leads)
                _replace(hosts, chapter, nodes, steps(plans, phase, chapter), after)
            except (StepFailed, GateNotReached) as error:
                if chapter is MESOS_MASTER and replicas.begins(hosts.cluster, seen):
                    raise _without_log(hosts, nodes, error) from error
                if not served:
                    raise  # what was there before did not serve either
                put_back(hosts, chapter, nodes[0], error)
                raise _rolled_back(hosts, chapter, nodes[0], error, waiting) from error
    return {}


def _see_ready(hosts: Hosts, chapter: Chapter, plans: Plans, seen: Seen) -> None:
    """Look whether others are ready for what these plans do about credentials. Raises GateNotReached."""
    locking.ready(hosts, chapter, plans, seen)
    demanding.ready(hosts, chapter, plans, seen)


def _replace(
    hosts: Hosts, chapter: Chapter, nodes: Sequence[Node], replacing: Steps, after: Callable[[], None]
) -> None:
    hosts.act({node.name: replacing[node.name] for node in nodes})
    after()
    for node in nodes:
        gates.reach_member(hosts, chapter, node)
    if chapter is MESOS_AGENT:
        locking.proven(hosts, nodes)


def put_back(hosts: Hosts, chapter: Chapter, node: Node, error: OperatorError) -> None:
    """Put a member's previous container back; `error` is why its successor failed."""
    container = hosts.container(chapter, node)
    title, why = f"put the previous {container.name} back", "its successor failed"
    step = Step(container.step, Action.PUT_BACK, title, why, shell.put_back(container), "replace", "restart")
    try:
        hosts.act({node.name: [step]})
        gates.reach_member(hosts, chapter, node)
    except (StepFailed, GateNotReached) as second:
        raise type(second)(f"{error}\nIt could not be put back either: {second}") from second


def _without_log(hosts: Hosts, nodes: Sequence[Node], error: OperatorError) -> RolledBack:
    """Put back masters that keep their registry in memory, all of which were to begin a log together."""
    before = hosts.under(replicas.without_log(hosts.cluster))
    for node in nodes:
        put_back(before, MESOS_MASTER, node, error)
    return RolledBack(
        f"{error}\n"
        f"{names(node.name for node in nodes)}  {Id.MASTER_RUN} the previous masters are back, with their "
        "registry in memory. `docker logs` of the containers that end in .failed shows why their successors "
        "failed. Correct hosts.ini; then run again."
    )


def _rolled_back(
    hosts: Hosts, chapter: Chapter, node: Node, error: OperatorError, untouched: Sequence[Member]
) -> RolledBack:
    container = hosts.container(chapter, node)
    others = dict.fromkeys(member.node for member in untouched if member.service == chapter.service)
    doubt = members.doubt(hosts.cluster) if chapter is ZOOKEEPER else ""
    return RolledBack(
        f"{error}\n"
        f"{node.name}  {container.step} {container.name}: the previous container is back and serves. "
        f"`docker logs {container.name}.failed` there shows why its successor failed. {doubt}"
        + (f"Not touched: {names(others)}. " if others else "")
        + "Correct hosts.ini; then run again."
    )
