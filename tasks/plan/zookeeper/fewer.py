"""Members that leave the ensemble: two at a time, and no majority is ever without what was written.

Lists are static, so the old one, of N members, and the new one, of N - 2, are in use together for a while. So
one of the two that leave is stopped for good before anybody has the new list, and the other one only before
the leader gets it, when all others have it. Of the N - 1 that are left a majority of either list meets every
majority of the other one; and while one restarts, those that serve are still a majority of N, which is what
the leader goes by: of five, that needs the one that leaves last. One that is gone for good serves nobody:
it is left out, if there are members enough without it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from ...inventory.cluster import Cluster, Node
from ..membership import Membership, Objection, Plans, Stage, absent, end
from ..words import names, verb
from . import advice
from .listed import Lists, objection

AT_A_TIME = 2
"""How many may leave in one deploy."""

ALONE = (
    "nobody would serve from when the others end until that has restarted, and one alone cannot become an "
    "ensemble again while it runs"
)

ANEW = (
    "keep three members; or begin anew with one: `fab backup` and `fab retire` with all of them and nobody "
    "in [removed], then `fab deploy-zookeeper`, `fab restore` and `fab deploy-cluster` with the one"
)
"""What to do instead of leaving one member alone."""


def leaving(cluster: Cluster, lists: Lists) -> dict[int, Node]:
    """Give the members that lists in use have, hosts.ini has not, and that are in [removed], by id.

    Nobody if a list has another member that hosts.ini has not, or has elsewhere: what of that one is unknown.
    """
    wanted = {node.myid: node.address for node in cluster.ensemble}
    removed = {n.settings.myid: n for n in cluster.leaving("zookeeper")}
    found: dict[int, Node] = {}
    for id, address in ((id, address) for members in lists.values() for id, address in members.items()):
        if id in wanted and wanted[id] == address:
            continue
        node = removed.get(id)
        if node is None or node.address != address or id in wanted:
            return {}
        found[id] = node
    return dict(sorted(found.items()))


def membership(cluster: Cluster, gone: Mapping[int, Node], lists: Lists, plans: Plans) -> Membership:
    """Say how the ensemble comes to be without those that are `gone` from hosts.ini."""
    if refused := tuple(_refused(cluster, gone, lists, plans)):
        return Membership(objections=refused)
    those, count = tuple(gone.values()), len(cluster.ensemble)
    said = ", ".join(f"{node.name} (id {id})" for id, node in gone.items())
    says = f"ZooKeeper shrinks to {count}: {said} {end(cluster, those)}, the others restart one by one"
    return Membership((Stage(cluster, says, those),))


def _refused(cluster: Cluster, gone: Mapping[int, Node], lists: Lists, plans: Plans) -> Iterator[Objection]:
    told = f"{verb((node.name for node in gone.values()), 'leaves', 'leave')} the ensemble"
    stay, left_out = len(cluster.ensemble), absent(cluster, "zookeeper", plans)
    new = [node for node in cluster.ensemble if all(node.myid not in members for members in lists.values())]
    why = remedy = ""
    if new:
        why = f" and {names(node.name for node in new)} would join it at once: a majority could be without"
        why += " what was written"
        remedy = (
            "to have it take the place of the one that leaves, give it the same myid; else deploy with nobody"
            " in [removed] first, and an odd number of members in all: then two may leave"
        )
    elif len(gone) > AT_A_TIME:
        why = f", {len(gone)} at once: those that stay could lack what the others wrote"
        remedy = f"leave all but {AT_A_TIME} of them out of [removed] for now, deploy, then go on"
    elif stay < 3:
        why = f", and {stay} would be left, no majority of {stay + len(gone)}: {ALONE}"
        remedy = ANEW
    elif left_out:
        why, remedy = f", and this run leaves out {names(left_out)}", "run without -H"
    elif short := _short(cluster, gone):
        why, remedy = short, advice.in_place(n.name for n in gone.values() if n.name in cluster.gone)
    if why:
        yield objection(next(iter(lists)), told + why, remedy)


def _short(cluster: Cluster, gone: Mapping[int, Node]) -> str:
    """Say that those that serve while one of them restarts are no majority of the old list, if it is so."""
    dead = sum(node.name in cluster.gone for node in gone.values())
    stay, needed = len(cluster.ensemble), (len(cluster.ensemble) + len(gone)) // 2 + 1
    serving = stay - 1 + (dead < len(gone))
    if not dead or serving >= needed:
        return ""
    return f": while one of the others restarts, {serving} of {stay + len(gone)} would serve, {needed} must"


def order(
    leaves: Sequence[str], serving: Collection[str], leader: str | None = None
) -> tuple[frozenset[str], str]:
    """Say which of those that leave are stopped before the others restart, and which one ("": none) last.

    Those that are not `serving` have been stopped. If the `leader` leaves, it does so last.
    """
    *first, last = sorted((n for n in leaves if n in serving), key=lambda name: name == leader) or [""]
    return frozenset(first), last
