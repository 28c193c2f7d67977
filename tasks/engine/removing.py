"""Hosts that leave the cluster: their agents are drained, stopped and marked as gone, then all is removed."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..errors import GateNotReached, OperatorError
from ..inventory.cluster import Node
from ..plan.look.observed import Observed
from ..plan.membership import Plans
from ..plan.mesos_agent import foreseen, leaving, moving, picture
from ..plan.mesos_agent.desired import CONTAINER as AGENT
from ..plan.mesos_agent.desired import INCOMPATIBLE
from ..plan.mesos_agent.picture import Unclear
from ..plan.mesos_agent.service import Agents
from ..plan.names import Id
from ..plan.report import planned
from ..plan.retire.leaving import emptied
from ..plan.retire.leavings import Leavings
from ..plan.retire.plan import Retiring, stays
from ..plan.runbook import CHAPTERS, MESOS_MASTER
from ..plan.step import Action, Step
from ..plan.words import grouped, verb
from . import draining, fanout, gates, lease, retire
from .draining import Agent, DrainLimits
from .hosts import Hosts, Inquiry
from .performing import Result
from .refusals import refuse_if_blocked
from .run import Run
from .terminal import Piece

WORDS = draining.Words(
    "`fab deploy-cluster` goes on where this run stopped; if {0} is to stay after all, take it out of "
    "[removed], and `fab host.resume {0}` gives everything back.",
    "Move or end that by hand, or deploy with --drain, which ends what cannot be moved.",
    "Nothing was changed there",
)

OUT = "nothing of the cluster is left there: take its lines out of hosts.ini"

LAST = ("marathon", "mesos_agent")
"""The services whose members still take part when the deploy is done."""

LOST = (
    "It is in [removed], and nothing was done there: an agent that may still run is not marked as gone. If "
    "the host is gone for good, take its lines out of hosts.ini."
)

PACE = DrainLimits()

Asking = Callable[[Node, Inquiry[tuple[Observed, Leavings]]], tuple[Observed, Leavings]]
"""Asks a host, by whichever way."""


@dataclass(frozen=True)
class Leaving:
    """The hosts that leave and can be reached, and what is to be done there; why others are `lost`."""

    hosts: Mapping[str, Retiring]
    plans: Plans
    lost: Mapping[str, OperatorError]

    @property
    def busy(self) -> list[Node]:
        """The hosts on which there is something to do."""
        return [host.node for name, host in self.hosts.items() if self.plans[name].steps]

    def told(self) -> list[str]:
        """Say which hosts are lost, and what that means."""
        return grouped((name, f"{error.text} {LOST}") for name, error in self.lost.items())


def concerns(run: Run) -> bool:
    """Tell whether hosts leave, and a run has all others, so that it may take them out."""
    whole = run.hosts.nodes == run.cluster.nodes and tuple(run.chapters) == CHAPTERS and run.chosen is None
    return bool(run.cluster.removed) and whole


def survey(run: Run, asking: Asking | None = None, among: Sequence[Node] | None = None) -> Leaving:
    """Look at the hosts that leave, or those `among` them, if they can be reached. Raises Blocked."""
    nodes = run.cluster.removed if among is None else among
    former = Run(run.hosts.along(nodes))
    ask = asking or former.hosts.inquire
    seen, lost = fanout.attempt(
        nodes, lambda node: ask(node, retire.inquiry(former, node)), run.cluster.settings.parallel
    )
    hosts = {n.name: Retiring(former.cluster, n, *seen[n.name]) for n in nodes if n.name in seen}
    plans = {name: emptied(host, retire.objections(host)) for name, host in hosts.items()}
    refuse_if_blocked(plans, "On these hosts, which leave the cluster, nothing was changed.")
    return Leaving(hosts, plans, lost)


def lines(run: Run, found: Leaving) -> Iterator[Piece]:
    """Say what a deploy would do on the hosts that leave, each line with what it means. Raises Blocked."""
    yield from ((line, "warning") for line in found.told())
    hosts = _with_leaving(run, found)
    for node in found.busy:
        host = found.hosts[node.name]
        if _is_active(host):
            agent = Agent(hosts, node, words=WORDS)
            seen = agent.look()
            agent.refuse([*moving.obstacles(seen)], "A deploy would leave that host as it is")
            yield from ((line, "") for line in foreseen.moved(node, seen))
        yield from ((line, "") for line in planned.steps({node.name: found.plans[node.name]}, {}))
        yield from ((f"{node.name}  stays: {one}.", "") for one in stays(host))
    yield from ((f"{name}  {OUT}.", "") for name, plan in found.plans.items() if not plan.steps)


def remove(run: Run, done: Result, limits: DrainLimits = PACE) -> Result:
    """Empty the hosts that leave, when a deploy is `done`; what cannot be moved ends only with `--drain`.

    Raises Blocked, GateNotReached, StepFailed or Unreachable; the next run goes on.
    """
    found, says = survey(run), list[str]()
    for line in found.told():
        run.console.say(line, "warning")
    if found.busy:
        found = _removed(run, found, limits, says)
    says += (f"{name}: {OUT}" for name in found.plans)
    return replace(done, plans={**done.plans, **found.plans}, says=(*done.says, *says))


def left(run: Run, done: Result) -> Result:
    """Say that a run by a saved plan leaves those hosts alone."""
    those = verb((node.name for node in run.cluster.removed), "was not emptied", "were not emptied")
    told = f"{those}: a saved plan says nothing of hosts in [removed]; `fab deploy-cluster` goes on there"
    return replace(done, says=(*done.says, told))


def _removed(run: Run, shown: Leaving, limits: DrainLimits, says: list[str]) -> Leaving:
    hosts = _with_leaving(run, shown)
    with lease.held(Run(hosts)) as leases:
        leases.secure()
        found = survey(run, leases.inquire, [host.node for host in shown.hosts.values()])
        fanout.refuse(found.lost)  # one that comes back only now is not held: the next run has it
        hosts.journal.retire(found.plans)
        for node in found.busy:
            steps = found.plans[node.name].steps
            stopping = [step for step in steps if step.action is Action.STOP]
            says += _taken_out(hosts, found.hosts[node.name], stopping, run, limits) if stopping else []
            rest = [step for step in steps if step not in stopping]
            hosts.act({node.name: sorted(rest, key=lambda step: step.turn)})
    fanout.attempt(found.busy, lambda node: hosts.execute(node, retire.SWEEP), run.cluster.settings.parallel)
    return found


def _with_leaving(run: Run, found: Leaving) -> Hosts:
    """Give all hosts, with those that leave as agents, and as Marathons: one may lead until it is removed."""
    nodes = [host.node for host in found.hosts.values()]
    roles = {node.name: tuple(role for role in node.roles if role in LAST) for node in nodes}
    return run.hosts.along([replace(node, roles=roles[node.name]) for node in nodes])


def _is_active(host: Retiring) -> bool:
    return Agents().role(host.node, host.seen.said("mesos_agent")) == "active"


def _taken_out(
    hosts: Hosts, host: Retiring, stopping: Sequence[Step], run: Run, limits: DrainLimits
) -> list[str]:
    """Drain, stop and mark the agent of a host; say what ended with it."""
    node, kept = host.node, list[str]()
    force = INCOMPATIBLE in run.overruled
    if host.seen.container(AGENT).is_up and (_is_active(host) or not force):
        hosts.journal.expect(WORDS.goes_on.format(node.name))
        timeout = run.cluster.settings.gate_timeout if force else None
        left = Agent(hosts, node, limits, WORDS).empty(timeout)
        kept = [f"{each}: that ended with the host" for each in left]
    said = hosts.act({node.name: stopping})[node.name]
    if (agent := leaving.id_of(said)) and not _marked(hosts, node, agent, limits):
        kept.append(f"{leaving.UNSUPPORTED}, so it gives it up by itself after 75 to 90 s")
    hosts.journal.expect("")  # it cannot stay after all any more: the plan tells the rest
    return [f"{node.name}  {each}" for each in kept]


def _marked(hosts: Hosts, node: Node, agent: str, limits: DrainLimits) -> bool:
    """Have the leading master take an agent for gone, once it counts it as active no more.

    False if it cannot do that. Raises GateNotReached.
    """
    deadline = time.monotonic() + gates.settling(hosts)
    while True:
        why, said = _asked_to_mark(hosts, node, agent)
        if said is not None and leaving.LATER not in said:
            return leaving.UNSUPPORTED not in said
        if time.monotonic() > deadline:
            where = f"{Id.AGENT_ASK} Mesos agents"
            raise GateNotReached(why, WORDS.goes_on.format(node.name), node.name, where)
        time.sleep(limits.pause)


def _asked_to_mark(hosts: Hosts, node: Node, agent: str) -> tuple[str, str | None]:
    """Ask the leading master to mark an agent; give why that was not done, or what was said of it."""
    cluster = hosts.cluster
    heard = gates.ask_one(hosts, MESOS_MASTER.nodes(cluster)[0], picture.who_leads(cluster))
    try:
        master = picture.leading_master(cluster, heard)
    except Unclear as unclear:
        return str(unclear), None
    if counted := leaving.counted_at(master, agent, heard):
        return f"its agent has ended, but the leading master counts {agent} as active at {counted}", None
    said = hosts.act({master.name: [leaving.marking(agent, node.name, master)]})[master.name]
    return f"the leading master {master.name} does not take its agent for gone", said
