"""What is to be done on a host that leaves a cluster which goes on: a retirement, in other turns."""

from collections.abc import Sequence
from dataclasses import replace

from ..mesos_agent import leaving
from ..mesos_agent.desired import CONTAINER as AGENT
from ..step import Blocker, HostPlan
from .plan import Retiring, plan


def emptied(host: Retiring, objections: Sequence[Blocker]) -> HostPlan:
    """Give the steps that leave nothing of the cluster on a host; the first stops its agent, if it has one.

    What comes between that step and the others needs more than one host: the agent is marked as gone.
    """
    found = plan(_stopped(host), objections)
    if found.blockers or not has_agent(host):
        return found
    names = [one.name for one in host.ours if one.role == "mesos_agent"]
    return replace(found, steps=(leaving.stopping(host.node, names), *found.steps))


def has_agent(host: Retiring) -> bool:
    """Tell whether an agent is there, or what it has kept of itself."""
    ours = any(one.role == "mesos_agent" for one in host.ours)
    return ours or f"{host.node.settings.mesos_agent_work_dir}/meta" in host.left.there


def _stopped(host: Retiring) -> Retiring:
    seen = host.seen
    agent = replace(seen.container(AGENT), status="exited")
    there = AGENT in seen.containers
    return replace(host, seen=replace(seen, containers={**seen.containers, AGENT: agent})) if there else host
