"""After an outage of all: which masters still have their replica of the log, and who may start when.

A replica without a log takes no part before it has copied one from a quorum of others, so an empty majority
cannot win: it waits for ever. If all are empty, they begin a new registry without a word.
"""

import re
from collections.abc import Iterator, Sequence

from ...inventory.cluster import Cluster, Node
from ..membership import Seen
from ..words import names, verb
from .desired import data, quorum
from .service import master


def holding(cluster: Cluster, seen: Seen) -> list[Node]:
    """Give the masters that were seen to have a log, or that need none."""
    there = [node for node in cluster.having("mesos_master") if node.name in seen]
    if cluster.settings.mesos_registry == "in_memory":
        return there
    return [node for node in there if seen[node.name].holdings.get(data(node))]


def told(cluster: Cluster, seen: Seen) -> Iterator[tuple[str, str]]:
    """Say of each master what it has: LevelDB numbers its files, the newest highest."""
    for node in cluster.having("mesos_master"):
        if node.name not in seen or cluster.settings.mesos_registry == "in_memory":
            continue
        held = " ".join(seen[node.name].holdings.get(data(node), ()))
        numbers = [int(each) for each in re.findall(r"\b(?:MANIFEST-)?([0-9]{6,12})\b", held)]
        newest = f", newest file {max(numbers):06}" if numbers else ""
        yield node.name, f"master: its log{newest}" if held else "master: no log"


def leads(seen: Seen) -> bool:
    """Tell whether a master leads and has read the registry."""
    found = (master(host.said("mesos_master")) for host in seen.values())
    return any(one.elected and one.registry for one in found)


def refusal(cluster: Cluster, having: Sequence[Node], seen: Seen) -> tuple[str, str]:
    """Say why no master may be started, and what helps; "" if some may."""
    masters, needed = cluster.having("mesos_master"), quorum(cluster)
    if not masters or len(having) >= needed or leads(seen):
        return "", ""
    have = verb((node.name for node in having), "has", "have") if having else "no master that was seen has"
    why = f"{have} a log, and {needed} of {len(masters)} masters must: without them none ever leads"
    if unseen := [node.name for node in masters if node.name not in seen]:
        return why, f"bring {names(unseen)} back, which may have one, and run this again"
    if not having:
        return (
            why,
            "`fab deploy-cluster` begins a new one; agents register again, quotas and weights are lost",
        )
    return why, (
        "if quotas and weights may be lost, stop all masters, remove "
        f"{data(masters[0])} on each and run `fab deploy-cluster`: agents register again"
    )
