"""Another member of a service leads, because an operator wants that: who leads is restarted as in a roll."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..errors import BadInput, Blocked
from ..inventory.cluster import Node
from ..plan.compare.containers import restart
from ..plan.gate import Standing
from ..plan.look.observed import Observed
from ..plan.membership import started
from ..plan.runbook import MARATHON, MESOS_MASTER, Chapter
from ..plan.step import HostPlan
from . import availability, gates, lease, principals
from .hosts import Hosts
from .performing import Result, perform
from .preview import Preview
from .run import Run


def succeed(run: Run, to: Node | None) -> Result:
    """Have another member lead: the one on `to`, or whoever is next.

    Nothing is done if `to` leads already, or none of the run's hosts does. Raises BadInput; Blocked if the
    service could not spare its leader; else what a roll raises.
    """
    (chapter,) = run.chapters
    _refuse_if_senseless(run, chapter, to)
    with lease.held(run) as leases:
        seen = leases.secure()
        standing = gates.standings(run.hosts, {chapter: gates.answers(run.hosts, chapter, seen)})[
            chapter.service
        ]
        leaving = list(_leaving(run, chapter, standing, to))
        if not leaving:
            run.console.say(f"{chapter.title}: {standing.leader} leads, so there is nothing to hand over.")
        elif chapter is MARATHON:
            principals.refuse_if_unfinished(run, seen, "Marathon is not handed over now")
        return _restarted(run, chapter, leaving, seen)


def step_down(run: Run, node: Node, seen: Mapping[str, Observed]) -> tuple[str, ...]:
    """Have another member lead if the one on `node` does; say what was over its budget.

    For a run that holds all members. A member that is alone stays where it is.
    """
    (chapter,) = run.chapters
    standing = _once_led(run, chapter)
    if standing.leader != node.name or len(standing.serving) == 1:
        return ()
    return _restarted(run, chapter, [node], seen).over_budget


def bring_back(hosts: Hosts, node: Node, seen: Observed) -> bool:
    """Start a master that was stopped so that another one leads, and not again; tell whether there was one.

    A run that was cut short between the two leaves it so. Raises StepFailed, GateNotReached or Unreachable.
    """
    if not MESOS_MASTER.concerns(node):
        return False
    container = hosts.container(MESOS_MASTER, node)
    if seen.container(container.name).status != "exited":
        return False
    why = "it was stopped so that another one leads, by a run that was cut short"
    hosts.act({node.name: [started(container.step, container.name, why)]})
    gates.reach_member(hosts, MESOS_MASTER, node)
    return True


def _once_led(run: Run, chapter: Chapter) -> Standing:
    """Ask who leads; while nobody does, wait as long as members may take to come back."""
    heard: list[Standing] = []

    def enough(said: gates.Said) -> bool:
        heard[:] = [gates.standings(run.hosts, said)[chapter.service]]
        return heard[0].leader is not None

    gates.ask_until(run.hosts, [chapter], enough)
    return heard[0]


def _restarted(run: Run, chapter: Chapter, leaving: Sequence[Node], seen: Mapping[str, Observed]) -> Result:
    plans = {node.name: HostPlan(node.name, ()) for node in run.hosts.nodes}
    plans |= {node.name: _restart(run, chapter, node) for node in leaving}
    with availability.measured(run.hosts, plans) as over:
        result = perform(run, Preview(seen, plans, {}))
    return replace(result, over_budget=tuple(over))


def _refuse_if_senseless(run: Run, chapter: Chapter, to: Node | None) -> None:
    if to is None:
        return
    if not chapter.concerns(to):
        having = ", ".join(node.name for node in chapter.nodes(run.cluster))
        raise BadInput(f"--to {to.name}: {run.cluster.source} has in [{chapter.service}] only {having}")
    if not run.hosts.has_all(chapter):
        raise BadInput("--to needs all hosts of the service: leave out -H")


def _leaving(run: Run, chapter: Chapter, standing: Standing, to: Node | None) -> Iterator[Node]:
    """Give those that are to be restarted: the leader, or whoever could come to lead in front of `to`.

    A member that was restarted stands last in line, and a roll restarts the leader last.
    """
    if standing.leader is None:
        raise Blocked(f"{chapter.title}: nobody leads, so nobody can hand over. `fab status` tells more.")
    if to is not None and to.name not in standing.serving:
        raise Blocked(
            f"{to.name}  {chapter.title}: it does not serve, so it cannot lead. Nothing was changed."
        )
    if len(standing.serving) == 1:
        raise Blocked(f"{standing.leader}  {chapter.title}: no other member serves. Nothing was changed.")
    members = [node for node in run.hosts.nodes if chapter.concerns(node)]
    if to is None:
        yield from (node for node in members if node.name == standing.leader)
    elif to.name != standing.leader:
        yield from (node for node in members if node != to)


def _restart(run: Run, chapter: Chapter, node: Node) -> HostPlan:
    container = run.hosts.container(chapter, node)
    effect = f"restarts {container.name}"
    step = restart(container, "another one is to lead", effect, container.grace)
    return HostPlan(node.name, (container.step,), (step,))
