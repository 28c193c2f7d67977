"""A plan as a person reads it: why it cannot run, if so, then its steps and what they come to."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from ...inventory.cluster import Cluster
from ..roll import Member, stays
from ..step import HostPlan
from ..words import counted, names


def refused(why: str, partly: bool) -> list[str]:
    """Say first why a deploy would not do a plan, or would do it only `partly`, then announce its steps."""
    return [
        f"A deploy would do {'only a part' if partly else 'nothing'} of this plan now:",
        *(f"  {line}" for line in why.splitlines()),
        "",
        "The steps of this plan:",
    ]


def steps(plans: Mapping[str, HostPlan], left: Mapping[Member, str]) -> Iterator[str]:
    """Give a line per step; those of members that would be `left` as they are say so."""
    for name, plan in plans.items():
        for step in plan.steps:
            if stays(left, name, step):
                yield f"{name}  {step}  (would be left out)"
            elif step.prepares and step.effect and Member(step.id.service, name) in left:
                yield f"{name}  {replace(step, effect='what it prepares would be left out')}"
            else:
                yield f"{name}  {step}"


def summary(cluster: Cluster, plans: Mapping[str, HostPlan], doubtful: Collection[str]) -> str:
    """Say what a plan comes to, and which hosts it says nothing about.

    Of the `doubtful` images, which are pulled anew, something runs.
    """
    others = [node.name for node in cluster.nodes if node.name not in plans]
    unseen = f" Not in this plan, because -H does not name them: {names(others)}." if others else ""
    if not any(plan.steps for plan in plans.values()):
        return f"Nothing to do: {_matching(cluster, plans)} {cluster.source}.{unseen}"
    images = counted(len(doubtful), "pulled image")
    more = f"; what runs of {images} is restarted, too, if the pull brings another image" if doubtful else ""
    return f"{sums(plans)}{more}.{unseen}"


def sums(plans: Mapping[str, HostPlan]) -> str:
    """Count the steps of plans, and among them those that touch what runs."""
    missing = [step for plan in plans.values() for step in plan.steps]
    restarts = sum(step.risk != "none" for step in missing)
    return f"{counted(len(missing), 'step')}, {restarts} of them with the restart of a running service"


def _matching(cluster: Cluster, plans: Mapping[str, HostPlan]) -> str:
    count, stay = len(plans), " that stay" if cluster.removed else ""
    if count == 1:
        return "1 host matches"
    return f"all {count} hosts{stay} match" if count == len(cluster.nodes) else f"{count} hosts match"
