"""What is to be done on a host that leaves a cluster which goes on: a retirement, in other turns."""

from collections.abc import Sequence
from dataclasses import replace

from ..membership import forsaken
from ..mesos_agent import leaving
from ..mesos_agent.desired import CONTAINER as AGENT
from ..names import Id
from ..step import Blocker, HostPlan
from .plan import Retiring, plan


def emptied(host: Retiring, objections: Sequence[Blocker]) -> HostPlan:
    """Give the steps that leave nothing of the cluster on a host; the first stops its agent, if it has one.

    What comes between that step and the others needs more than one host: the agent is marked as gone. A
    Marathon has its time to end before it is removed: so another one leads at once, if this one did.
    """
    found = plan(_stopped(host), objections)
    if found.blockers:
        return found
    marathons = [one.name for one in host.ours if one.role == "marathon"]
    up = (forsaken(Id.MARATHON_RUN, name) for name in marathons if host.seen.container(name).is_up)
    steps = (*up, *found.steps)
    if not has_agent(host):
        return replace(found, steps=steps)
    names = [one.name for one in host.ours if one.role == "mesos_agent"]
    return replace(found, steps=(leaving.stopping(host.node, names), *steps))


def has_agent(host: Retiring) -> bool:
    """Tell whether an agent is there, or what it has kept of itself."""
    ours = any(one.role == "mesos_agent" for one in host.ours)
    return ours or f"{host.node.settings.mesos_agent_work_dir}/meta" in host.left.there


def _stopped(host: Retiring) -> Retiring:
    seen = host.seen
    agent = replace(seen.container(AGENT), status="exited")
    there = AGENT in seen.containers
    return replace(host, seen=replace(seen, containers={**seen.containers, AGENT: agent})) if there else host
