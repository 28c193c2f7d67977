"""Who is a member of the ZooKeeper ensemble, and the way from the server lists in use to the wanted one.

Lists are static (3.4 has no reconfiguration), so while they change, old and new ones are in use
together. Two of them may only be if every majority of the one has a member in every majority of the
other; else both could take writes.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import combinations

from ...inventory.cluster import Cluster, Node
from ..look.observed import Observed
from ..membership import Membership, Objection, Plans, Seen, Stage, absent, touches
from ..names import Id
from ..step import Blocker
from ..words import names, verb
from . import advice, fewer, locking, swapped
from .advice import Members
from .desired import CONTAINER, cfg, data
from .listed import Lists, is_settled, mode, named, objection, strangers
from .service import Ensemble


def membership(cluster: Cluster, seen: Seen, plans: Plans) -> Membership:
    """Say how the ensemble comes to its wanted members, and these to authenticate each other, or not."""
    return locking.along(cluster, seen, plans, _membership(cluster, seen, plans))


def _membership(cluster: Cluster, seen: Seen, plans: Plans) -> Membership:
    """Say how it comes to its wanted members: one more at a time, two fewer, others, or not."""
    lists = in_use(cluster, seen)
    if gone := fewer.leaving(cluster, lists):
        told = fewer.membership(cluster, gone, lists, plans)
        return replace(told, objections=(*told.objections, *_wiped(cluster, seen, plans)))
    if those := swapped.swaps(cluster, lists):
        told = swapped.membership(cluster, those, lists, seen, plans)
        new = [node.name for _, node in those.values() if not swapped.serves(node, seen)]
        wiped = _wiped(cluster.without("zookeeper", new), seen, plans)
        return replace(told, objections=(*told.objections, *wiped))
    running = frozenset(id for members in lists.values() for id in members)
    refused = (
        list(strangers(cluster, lists, seen))
        or list(_apart(lists))
        or list(_standalone(cluster, lists, seen))
    )
    growing = not refused and running and running != _wanted(cluster).keys()
    if growing:
        refused = list(_hindered(cluster, running, seen, plans))
    if refused:
        return Membership(objections=tuple(refused))
    stages = _stages(cluster, running, lists, seen) if growing else ()
    first = stages[0].cluster if stages else cluster
    return Membership(stages, tuple(_wiped(first, seen, plans)))


def in_use(cluster: Cluster, seen: Seen) -> dict[str, Members]:
    """Give the server list of every host whose member serves or has data; of others it binds nobody."""
    return {
        node.name: members
        for node in cluster.ensemble
        if node.name in seen and (mode(seen[node.name]) or has_data(node, seen[node.name]))
        if (members := servers(seen[node.name].path(cfg(node)).text))
    }


def servers(text: str) -> Members:
    """Read the server list in a zoo.cfg."""
    found = re.findall(r"^server\.([0-9]{1,9})=([^:\s]+)", text, re.MULTILINE)
    return {int(id): address for id, address in found}


def has_data(node: Node, seen: Observed) -> bool:
    """Tell whether a member has taken part: a fresh one has epochs, and snapshots of nothing, too.

    The low half of a snapshot's number counts the writes of its epoch (ZxidUtils.java).
    """
    nothing = {"snapshot.0", "snapshot.100000000"}
    names = seen.holdings.get(data(node), ())
    return any(n.startswith("log.") or (n.startswith("snapshot.") and n not in nothing) for n in names)


def rounds(running: Collection[int], wanted: Collection[int]) -> list[frozenset[int]]:
    """Give the ids of every round on the way, the wanted ones last: each round adds one."""
    new = sorted(set(wanted) - set(running))
    return [frozenset(running) | set(new[: count + 1]) for count in range(len(new))]


def overlap(one: Collection[int], other: Collection[int]) -> bool:
    """Tell whether every majority of one list has a member in every majority of the other."""
    return len(one) // 2 + 1 + len(other) // 2 + 1 > len({*one, *other})


def _wanted(cluster: Cluster) -> Members:
    return {node.myid: node.address for node in cluster.ensemble}


def _stages(cluster: Cluster, running: frozenset[int], lists: Lists, seen: Seen) -> tuple[Stage, ...]:
    old = [node for node in cluster.ensemble if node.myid in running]
    well = all(mode(seen[node.name]) and lists.get(node.name, {}).keys() == running for node in old)
    stages = (
        [] if well else [Stage(_only(cluster, running), f"ZooKeeper first gets its {len(old)} members well")]
    )
    for ids in rounds(running, _wanted(cluster)):
        newest = next(node for node in cluster.ensemble if node.myid == max(ids))
        says = (
            f"ZooKeeper grows to {len(ids)}: {newest.name} (id {newest.myid}) starts, then the others restart"
        )
        stages.append(Stage(_only(cluster, ids), says))
    return tuple(stages)


def _only(cluster: Cluster, ids: Collection[int]) -> Cluster:
    return cluster.without("zookeeper", [node.name for node in cluster.ensemble if node.myid not in ids])


# What stands in the way


def _apart(lists: Lists) -> Iterator[Objection]:
    """Object to lists in use of which each could have a majority of its own."""
    for one, other in combinations(lists, 2):
        if not overlap(lists[one].keys(), lists[other].keys()):
            yield objection(
                other,
                f"it goes by the ids {named(lists[other])}, {one} by {named(lists[one])}: each could form "
                "a majority without the other, and both take writes",
                "stop the member that was given its list last and put the list of the others into its "
                "zoo.cfg; then deploy",
            )


def _standalone(cluster: Cluster, lists: Lists, seen: Seen) -> Iterator[Objection]:
    """Object to making an ensemble of a ZooKeeper alone, unless that alone is not what hosts.ini wants.

    Empty members could outvote it. A member that has lost its list beside a majority that serves is mended.
    """
    wanted = _wanted(cluster)
    if len(wanted) == 1 or is_settled(cluster, lists, seen):
        return
    for node in cluster.ensemble:
        if node.name in seen and (
            len(lists.get(node.name, ())) == 1 or mode(seen[node.name]) == "standalone"
        ):
            yield objection(
                node.name,
                f"it is a standalone ZooKeeper, hosts.ini has {len(wanted)} members: those without data "
                "could outvote it, and what it holds would be lost",
                f"stop it, copy its {data(node)} to the other members' hosts, remove its container and "
                "its zoo.cfg; then deploy with --no-preflight",
            )


def _hindered(cluster: Cluster, running: Collection[int], seen: Seen, plans: Plans) -> Iterator[Objection]:
    """Object to growth that cannot be carried out as it must be."""
    missing = absent(cluster, "zookeeper", plans)
    for node in cluster.ensemble:
        if node.name in plans and missing:
            yield objection(
                node.name,
                f"the ensemble grows from {len(running)} members to {len(_wanted(cluster))}, one at a "
                f"time, and this run leaves out {names(missing)}",
                "run without -H",
            )
        elif node.myid not in running and node.myid < max(running):
            # A member closes the connection of a lower id and opens its own, if it knows the address
            # (QuorumCnxManager.java): a new one of a lower id would not hear of the leader.
            yield objection(
                node.name,
                f"the new member's id {node.myid} is below {max(running)}, which serves: that one would "
                "not answer it before it has the new list",
                f"if what is in {data(node)} may be lost, empty {node.settings.zookeeper_dir}/data there and "
                f"give the host a myid above {max(running)}",
                advice.above(cluster, running, seen),
            )


def _wiped(cluster: Cluster, seen: Seen, plans: Plans) -> Iterator[Objection]:
    """Object to (re)starting a member without data while another one that has some does not serve in sync.

    It votes all the same, and with one that lags behind it is a majority that has lost writes.
    """
    members = [node for node in cluster.ensemble if node.name in seen]
    moved = [node for node in members if touches(plans.get(node.name), Id.ZOOKEEPER_RUN)]
    empty = [node for node in moved if not has_data(node, seen[node.name])]
    others = [node for node in cluster.ensemble if node not in empty and _counts(node, seen)]
    if not empty or not any(node.name in seen and has_data(node, seen[node.name]) for node in others):
        return
    answers = {node.name: seen[node.name].said("zookeeper") for node in members}
    verdict = Ensemble().verdict(cluster, answers, frozenset(node.name for node in others))
    for node in empty:
        if not verdict.passed or len(empty) > 1:
            why = f"also {names(n.name for n in empty if n is not node)}" if verdict.passed else verdict.says
            told = (
                f"it has no data in {data(node)}, and may only start while all others serve in sync, or what "
                f"they wrote can be lost ({why})"
            )
            yield node.name, Blocker(Id.ZOOKEEPER_RUN, CONTAINER, told, way_back(cluster, seen), "wiped")


def way_back(cluster: Cluster, seen: Seen) -> str:
    """Say how members without data come back: behind those that have some, if these can serve alone."""
    may_have = [each for each in cluster.ensemble if each.name not in seen or has_data(each, seen[each.name])]
    majority = len(cluster.ensemble) // 2 + 1
    if len(may_have) >= majority:
        return "start the members that have data first, then those without one at a time, each with -H"
    newest = max((each for each in may_have if each.name in seen), key=lambda each: newest_file(each, seen))
    return (
        f"{verb([each.name for each in may_have], 'has', 'have')} data, and {majority} members must: stop "
        f"ZooKeeper everywhere and copy {data(newest)} of {newest.name}, which has the newest file, with its "
        f"owner to others until {majority} have it; then deploy those with -H, then the rest. Or remove it "
        "everywhere, deploy, and `fab restore` a backup. What only lost disks had is gone either way"
    )


def newest_file(node: Node, seen: Seen) -> int:
    """Give the highest number in a name of a member's files: its last write is that one or a later one."""
    names = " ".join(seen[node.name].holdings.get(data(node), ()))
    return max((int(n, 16) for n in re.findall(r"\b(?:log|snapshot)\.([0-9a-f]{1,16})\b", names)), default=0)


def _counts(node: Node, seen: Seen) -> bool:
    """Tell whether a member counts: one that has no data and does not run has no part in anything yet."""
    host = seen.get(node.name)
    return host is None or host.container(CONTAINER).runs or has_data(node, host)
