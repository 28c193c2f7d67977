"""Who has a replica of the masters' log, and the way from the quorum in use to the wanted one.

The order of a change is the operational guide's of Mesos: to grow, those that run learn the new
quorum before the new ones start; to shrink, the surplus is gone for good before the others learn it.
More than 2 x quorum - 1 replicas can corrupt the log.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from ...inventory.cluster import Cluster, Node
from ..membership import Membership, Objection, Plans, Seen, Stage, absent
from ..names import Id
from ..step import Blocker
from ..words import names
from .desired import data, name, quorum
from .service import master


def membership(cluster: Cluster, seen: Seen, plans: Plans) -> Membership:
    """Say how the masters come to their wanted number: by two more at a time, or by what is gone already."""
    if cluster.settings.mesos_registry == "in_memory":
        return Membership()  # no log, nothing to be corrupted
    quorums = _quorums(cluster, seen)
    joining = [node for node in cluster.having("mesos_master") if _is_new(node, seen)]
    refused = tuple(_refused(cluster, seen, plans, quorums, joining))
    ignorant = [node for node, old in quorums.items() if old < quorum(cluster) and _runs(node, seen)]
    if refused or not joining or not ignorant:
        return Membership(objections=refused)
    return Membership((_stage(cluster, joining),))


def _stage(cluster: Cluster, joining: list[Node]) -> Stage:
    new = [node.name for node in joining]
    return Stage(
        replace(cluster.without("mesos_master", new), joining=len(new)),
        f"Masters that run get quorum {quorum(cluster)}, then {names(new)} may start",
    )


def _quorums(cluster: Cluster, seen: Seen) -> dict[Node, int]:
    """Give the quorum of every master that keeps a log, as its container says, also if it is stopped."""
    found = {}
    for node in cluster.having("mesos_master"):
        told = seen[node.name].container(name(node)).environment if node.name in seen else {}
        said = told.get("MESOS_QUORUM", "")
        if told.get("MESOS_REGISTRY") != "in_memory" and re.fullmatch("[0-9]{1,9}", said):
            found[node] = int(said)
    return found


def _is_new(node: Node, seen: Seen) -> bool:
    return node.name in seen and not _runs(node, seen) and not seen[node.name].holdings.get(data(node))


def _runs(node: Node, seen: Seen) -> bool:
    return node.name in seen and seen[node.name].container(name(node)).runs


def _refused(
    cluster: Cluster, seen: Seen, plans: Plans, quorums: dict[Node, int], joining: list[Node]
) -> Iterator[Objection]:
    if not quorums:
        return
    # What most of them have, the wanted one among equals: a single one was run by hand, and is replaced.
    counts = Counter(quorums.values())
    old = max(counts, key=lambda each: (counts[each], each == quorum(cluster)))
    number = len(cluster.having("mesos_master"))
    stay = number - len(joining)
    trouble = _surplus(cluster, seen, old, stay) or _leap(old, quorum(cluster), stay)
    left_out = absent(cluster, "mesos_master", plans)
    if not trouble and old != quorum(cluster) and left_out:
        trouble = (f"their number changes, and this run leaves out {names(left_out)}", "run without -H")
    for node in [n for n in quorums if n.name in plans] or list(quorums)[:1]:
        if trouble:
            why, remedy = trouble
            told = f"the masters run with quorum {old}, {number} of them need {quorum(cluster)}; {why}"
            yield node.name, Blocker(Id.MASTER_RUN, "masters", told, remedy, "quorum")


def _surplus(cluster: Cluster, seen: Seen, old: int, known: int) -> tuple[str, str] | None:
    """Object while there are replicas that hosts.ini does not know, or may be."""
    leaders = [one for host in seen.values() if (one := master(host.said("mesos_master"))).elected]
    replicas = leaders[0].replicas if len(leaders) == 1 else None
    gone = (
        "on every host that was taken out: docker rm -f its mesos-master-0N and remove "
        f"{cluster.settings.mesos_master_work_dir}; ZooKeeper forgets it within 10 s; then run again"
    )
    if replicas is not None and replicas > known:
        return f"the leader sees {replicas} replicas of the log, hosts.ini knows of {known}", gone
    if replicas is None and old > quorum(cluster):
        return "no leading master says how many replicas there are", (
            "start the masters as they are (docker start mesos-master-0N) until one leads, then run again"
        )
    return None


def _leap(old: int, new: int, stay: int) -> tuple[str, str] | None:
    """Object to a change whose quorum those that stay could not reach."""
    if old == 1 < new:
        return "a single master cannot grow while it runs: each replica would begin a log of its own", (
            "stop it and remove its replicated_log, then deploy; agents register again, quotas and weights "
            "are lost"
        )
    if old != new and stay < max(old, new):
        number = 2 * old + 1 if new > old else max(3, 2 * old - 3)
        return f"the {stay} with a log in hosts.ini are not a quorum of {max(old, new)}", (
            f"change their number by two at a time, to {number} first, and keep those that run"
        )
    return None
