"""Members that a server list in use has and hosts.ini has not, or has elsewhere: none may be overlooked."""

from collections.abc import Collection, Iterator, Mapping

from ...inventory.cluster import Cluster, Node
from ...inventory.edits import Change
from ..look.observed import Observed
from ..membership import Objection, Seen
from ..names import Id
from ..step import Blocker
from ..words import names
from . import advice
from .advice import Members
from .desired import data
from .service import member

Lists = Mapping[str, Members]
"""The server lists in use, by node."""


def strangers(cluster: Cluster, lists: Lists, seen: Seen) -> Iterator[Objection]:
    """Object to members that hosts.ini does not have, or has elsewhere."""
    wanted = {node.myid: node.address for node in cluster.ensemble}
    for node in (node for node in cluster.ensemble if node.name in lists):
        members = lists[node.name]
        gone = [id for id in members if id not in wanted]
        moved = [id for id in members if id in wanted and members[id] != wanted[id]]
        others = _of_others(cluster, node, lists, seen)
        if moved:
            swapped = wanted[moved[0]] in members.values()  # it is a member already, under another id
            remedy = others or ("" if swapped else _how_to_move(moved[0], members))
            yield objection(
                node.name,
                f"its ensemble has id {moved[0]} on {members[moved[0]]}, hosts.ini on {wanted[moved[0]]}: "
                f"both could vote as {moved[0]}, with different data",
                _either(remedy, _without_data(node, lists, seen)),
                _as_it_is(cluster, moved[0], lists, seen) + advice.restored(cluster, members, seen),
            )
        elif gone:
            remedy = others or _how_to_remove(gone, members)
            yield objection(
                node.name,
                f"its ensemble has the ids {named(members)}, hosts.ini {named(wanted)}: those that stay "
                "could lack what the others wrote",
                _either(remedy, _without_data(node, lists, seen)),
                advice.restored(cluster, members, seen),
            )


def _of_others(cluster: Cluster, node: Node, lists: Lists, seen: Seen) -> str:
    """Say what to do about a list of which at most half the members are hosts of hosts.ini.

    One without any other host is no other cluster's: its member was led astray on its own host.
    """
    if advice.is_known(cluster, lists[node.name]):
        return ""
    own = {one.address for one in cluster.ensemble}
    if is_settled(cluster, lists, seen) and own >= {*lists[node.name].values()}:
        return (
            "most members serve by the list of hosts.ini without it: if what it took apart from them may be "
            f"lost, docker stop zookeeper there and empty {data(node)}; a deploy then has it copy theirs"
        )
    return "half or more of that ensemble's members are none of hosts.ini: use the hosts.ini it was made with"


def is_settled(cluster: Cluster, lists: Lists, seen: Seen) -> bool:
    """Tell whether most members of hosts.ini serve by its list."""
    wanted = {node.myid: node.address for node in cluster.ensemble}
    settled = [name for name, members in lists.items() if members == wanted and mode(seen[name])]
    return len(settled) > len(wanted) // 2


def _how_to_move(id: int, members: Members) -> str:
    return (
        f"to move member {id} for good, have hosts.ini name {members[id]} in [zookeeper] with myid={id} as "
        "before, and in [removed] beside, and deploy"
    )


def _how_to_remove(gone: Collection[int], members: Members) -> str:
    placed = ", ".join(f"{id} ({members[id]})" for id in sorted(gone))
    them = "it" if len(gone) == 1 else "them"
    return (
        f"to remove {placed} for good, have hosts.ini name {them} in [zookeeper] as before, and in [removed] "
        "beside, two at a time, and deploy"
    )


def _without_data(node: Node, lists: Lists, seen: Seen) -> str:
    """Say how to go on without what a stopped member holds; all that hold to its list must forget it."""
    alike = [name for name in lists if lists[name] == lists[node.name]]
    if any(mode(seen[name]) for name in alike):
        return ""
    where = "" if len(alike) == 1 else f" on {names(alike)}"
    return f"if what it holds may be lost, empty {data(node)}{where}"


def _either(*ways: str) -> str:
    return "; or, ".join(way for way in ways if way)


def _as_it_is(cluster: Cluster, id: int, lists: Lists, seen: Seen) -> tuple[Change, ...]:
    """Give the changes with which hosts.ini has its hosts under the ids and addresses that the lists have."""
    node = next(node for node in cluster.ensemble if node.myid == id)
    has = seen[node.name].addresses if node.name in seen else ()
    addresses = {members[id] for members in lists.values() if id in members}
    at_home = [change for address in sorted(addresses) for change in advice.at_home(node, address, has)]
    return (*at_home, *advice.as_listed(cluster, list(lists.values()), seen))


def objection(node: str, seen: str, remedy: str, changes: tuple[Change, ...] = ()) -> Objection:
    """Object to a change of members, seen on a node."""
    return node, Blocker(Id.ZOOKEEPER_CFG, "zoo.cfg", seen, remedy, "members", changes)


def named(those: Collection[int]) -> str:
    """Name ids in order."""
    return ", ".join(str(id) for id in sorted(those))


def mode(seen: Observed) -> str:
    """Say how the member on a host serves; "" if it does not."""
    return member(seen.said("zookeeper")).mode
