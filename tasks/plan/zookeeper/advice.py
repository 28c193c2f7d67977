"""The changes of hosts.ini that may lead on where it and the server lists in use do not agree."""

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import count

from ...inventory.cluster import Cluster, Node
from ...inventory.edits import Change, Edit, Join, Leave, Set
from ..membership import Seen
from ..words import names

Members = Mapping[int, str]
"""A server list: the address of every id."""

NUMBERED = {"mesos_master", "marathon"}
"""The roles whose containers are called by the host's number, which is its myid unless it has one."""

CARRIES = re.compile(r"(?:mesos-master-0*|marathon-)([1-9][0-9]{0,2})(?:\.|$)")


def as_listed(cluster: Cluster, lists: Collection[Members], seen: Seen) -> tuple[Change, ...]:
    """Give every host of hosts.ini the id that the lists have it under, if they agree."""
    edits: list[Edit] = []
    for node in cluster.ensemble:
        ids = {id for members in lists for id, address in members.items() if address == node.address}
        if len(ids) > 1:
            return ()
        if ids - {node.myid}:
            edits += renumbered(node, ids.pop(), seen)
    return (Change(tuple(edits)),) if edits else ()


def renumbered(node: Node, id: int, seen: Seen) -> tuple[Edit, ...]:
    """Give a host another id; its other containers keep their names."""
    carried = _carried(node, seen)
    pinned = carried is not None and carried != id and _named_by_id(node)
    return Set("myid", str(id), node.name), *_pins(node, carried if pinned else None)


def at_home(node: Node, address: str, has: Collection[str]) -> tuple[Change, ...]:
    """Give a member the address that the list has it at, if its host has that."""
    return (Change((Set("host_ip", address, node.name),)),) if address in has else ()


def restored(cluster: Cluster, members: Members, seen: Seen) -> tuple[Change, ...]:
    """Give hosts.ini the members of a list: those that it lacks; and also without those the list lacks.

    A list of which most addresses are none of hosts.ini is that of another ensemble.
    """
    ours = {node.myid: node for node in cluster.ensemble}
    lacking = {id: a for id, a in members.items() if id not in ours or ours[id].address != a}
    if not lacking or not is_known(cluster, members):
        return ()
    joins = tuple(edit for id, address in lacking.items() for edit in _joins(cluster, id, address, seen))
    replaced = [node for id, node in ours.items() if id in lacking]
    new = [node for id, node in ours.items() if id not in members and node.address not in lacking.values()]
    ways = (replaced, [*replaced, *new]) if new else (replaced,)
    return tuple(Change((*(e for node in gone for e in _leaves(node, seen)), *joins)) for gone in ways)


def is_known(cluster: Cluster, members: Members) -> bool:
    """Tell whether most members of a list are hosts of hosts.ini, so that it is not another ensemble's."""
    known = {node.address for node in cluster.ensemble} & {*members.values()}
    return len(known) > len(members) // 2


def _joins(cluster: Cluster, id: int, address: str, seen: Seen) -> tuple[Edit, ...]:
    here = next((node for node in cluster.nodes if node.address == address), None)
    if here is None:
        return Join(address, "zookeeper"), Set("myid", str(id), address)
    if "zookeeper" in here.roles:
        return renumbered(here, id, seen)
    return Join(here.name, "zookeeper"), Set("myid", str(id), here.name)


def _leaves(node: Node, seen: Seen) -> tuple[Edit, ...]:
    number = (_carried(node, seen) or node.number) if _named_by_id(node) else None
    return Leave(node.name, "zookeeper"), Set("myid", "", node.name), *_pins(node, number)


def above(cluster: Cluster, running: Collection[int], seen: Seen) -> tuple[Change, ...]:
    """Give all new members ids above those that serve."""
    low = [n for n in cluster.ensemble if n.myid not in running and n.myid < max(running)]
    free = count(max(*running, *(node.myid for node in cluster.ensemble)) + 1)
    return (Change(tuple(edit for node in low for edit in renumbered(node, next(free), seen))),)


def _named_by_id(node: Node) -> bool:
    return node.settings.number is None and bool(NUMBERED & {*node.roles})


def _carried(node: Node, seen: Seen) -> int | None:
    """Give the number that the host's containers carry; None if there are none, or they do not agree."""
    names = seen[node.name].clusters if node.name in seen else ()
    numbers = {int(found[1]) for name in names if (found := CARRIES.match(name))}
    return numbers.pop() if len(numbers) == 1 else None


def _pins(node: Node, number: int | None) -> tuple[Edit, ...]:
    return () if number is None else (Set("number", str(number), node.name),)


def in_place(gone: Iterable[str]) -> str:
    """Say how a member that is gone for good is made anew without any change of a list."""
    return (
        f"give a new machine the address of {names(gone)}, take that out of [removed], and deploy: it starts "
        "empty and copies what the others hold, and nobody has to restart"
    )
