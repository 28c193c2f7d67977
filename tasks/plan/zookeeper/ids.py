"""A data directory with another id than hosts.ini: which of the two is wrong, and what resolves it."""

import re
from dataclasses import replace

from ...inventory.cluster import Cluster, Node
from ...inventory.edits import Change
from ..membership import Seen
from ..step import Blocker
from . import advice
from .advice import Members
from .members import in_use


def advise(cluster: Cluster, seen: Seen, node: Node, blocker: Blocker) -> Blocker:
    """Say what leads on where myid is another one's; other blockers stay as they are.

    What zoo.cfg says on the other members is compared: they know by which id this address votes.
    """
    if blocker.check != "myid" or node.name not in seen:
        return blocker
    lists = {name: members for name, members in in_use(cluster, seen).items() if name != node.name}
    known = {id for members in lists.values() for id, address in members.items() if address == node.address}
    told = blocker.seen + _peers_say(known)
    found = seen[node.name].path(f"{node.settings.zookeeper_dir}/data/myid").text.strip()
    if known == {node.myid}:
        return replace(blocker, seen=told, remedy=_mend_the_file(cluster, node, found, lists))
    changes = advice.as_listed(cluster, list(lists.values()), seen)
    if not known and re.fullmatch("[0-9]{1,9}", found):
        changes = (Change(advice.renumbered(node, int(found), seen)),)
    # Without its data it would still be another one to those that know it.
    lost = "" if known else f"if what this host holds may be lost, {_empty(node)}"
    return replace(blocker, seen=told, remedy=lost, changes=changes)


def _peers_say(known: set[int]) -> str:
    if not known:
        return "; no other member knows this address"
    return f"; the other members know this address as {' and '.join(str(id) for id in sorted(known))}"


def _mend_the_file(cluster: Cluster, node: Node, found: str, lists: dict[str, Members]) -> str:
    """Say what to do where hosts.ini is right: a copy of another's data must go, an edited file need not."""
    taken = {str(id) for members in lists.values() for id in members} | {
        str(n.myid) for n in cluster.ensemble
    }
    file = f"{node.settings.zookeeper_dir}/data/myid"
    if found in taken:
        asked = f"echo conf | nc {node.address} {node.settings.zookeeper_client_port}"
        return (
            f"it is hosts.ini that is right: if the running member says serverId={node.myid} ({asked}), "
            f"only the file was changed: write {node.myid} into {file} again; "
            f"else the data seem to be a copy of member {found}'s: {_empty(node)}"
        )
    return (
        f"it is hosts.ini that is right: if only the file was changed, write {node.myid} into {file} again; "
        f"if the data come from elsewhere, {_empty(node)}"
    )


def _empty(node: Node) -> str:
    return (
        "docker stop zookeeper there and, while all other members serve, empty "
        f"{node.settings.zookeeper_dir}/data; a deploy then has it copy theirs"
    )
