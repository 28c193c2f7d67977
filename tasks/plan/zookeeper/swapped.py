"""Members that are replaced: another host has the id of one in [removed], so the list has another address.

Majorities are counted by ids, so old and new lists never have two of them apart, as long as no id is there
twice: who leaves is stopped for good, or gone, before its successor starts. That starts empty, while all
others serve, and copies what they hold; then the others restart with the new list, one by one. Until they
have it they know the old address only: they answer a newcomer that comes to them, which those of a higher id
do only since 3.5 (QuorumCnxManager.java: they hang up, and dial it by their own list before that).
"""

from collections.abc import Iterator, Mapping, Sequence

from ...inventory.cluster import Cluster, Node
from ..look.versions import of_text, shown
from ..membership import Membership, Objection, Plans, Seen, Stage, absent, end
from ..words import counted, names, verb
from . import advice
from .listed import Lists, mode, objection
from .service import Ensemble

Swaps = Mapping[int, tuple[Node, Node]]
"""Who leaves and who takes its place, by the id of both."""

DIALS_BACK = (3, 5, 0)
"""The first version of which members dial one of a lower id where it says that it is."""


def swaps(cluster: Cluster, lists: Lists) -> Swaps:
    """Give the members that lists in use have elsewhere than hosts.ini, and whose old hosts are in [removed].

    None if a list has any other member that hosts.ini has not, or has elsewhere.
    """
    wanted = {node.myid: node for node in cluster.ensemble}
    old = {node.settings.myid: node for node in cluster.leaving("zookeeper")}
    found: dict[int, tuple[Node, Node]] = {}
    for id, address in ((id, address) for members in lists.values() for id, address in members.items()):
        if id in wanted and wanted[id].address == address:
            continue
        if id not in wanted or id not in old or old[id].address != address:
            return {}
        found[id] = old[id], wanted[id]
    return dict(sorted(found.items()))


def membership(cluster: Cluster, those: Swaps, lists: Lists, seen: Seen, plans: Plans) -> Membership:
    """Say how the ensemble comes to have these members on other hosts."""
    if refused := next(_refused(cluster, those, lists, seen, plans), None):
        why, remedy = refused
        new = verb((f"{node.name} (id {id})" for id, (_, node) in those.items()), "takes", "take")
        told = f"{new} the place of {names(node.name for node, _ in those.values())}, {why}"
        return Membership(objections=(_objection(lists, told, remedy),))
    leave, join = zip(*those.values(), strict=True)
    old, new = (names(node.name for node in each) for each in (leave, join))
    says = (
        f"ZooKeeper gets id {', '.join(map(str, those))} on {new}: {old} {end(cluster, leave)}, {new} "
        f"{'starts' if len(those) == 1 else 'start'} empty, then the others restart one by one"
    )
    return Membership((Stage(cluster, says, leave, join),))


def _objection(lists: Lists, told: str, remedy: str) -> Objection:
    return objection(next(iter(lists)), told, remedy)


def _refused(
    cluster: Cluster, those: Swaps, lists: Lists, seen: Seen, plans: Plans
) -> Iterator[tuple[str, str]]:
    new = [node for _, node in those.values()]
    stay = [node for node in cluster.ensemble if node not in new]
    total, needed = len(cluster.ensemble), len(cluster.ensemble) // 2 + 1
    more = [n for n in stay if all(n.myid not in members for members in lists.values())]
    if more:
        why = f"and {verb((n.name for n in more), 'would join', 'would join')} at once"
        yield why, "leave the others out for now, deploy, then go on"
    if len(stay) < needed:
        why = f"and of {counted(total, 'member')} {len(stay)} would serve meanwhile, {needed} must"
        yield why, "replace fewer at once" if total > 1 else "move it by `fab backup` and `fab restore`"
    if left_out := absent(cluster, "zookeeper", plans):
        yield f"and this run leaves out {names(left_out)}", "run without -H"
    idle = [n.name for n in stay if not serves(n, seen)] if not all(serves(n, seen) for n in new) else []
    if idle:
        why = f"and {verb(idle, 'does not serve', 'do not serve')}: all that stay must, until that is done"
        yield why, "bring them back first: `fab status` tells more, `docker logs zookeeper` there why"
    for old, node in those.values():
        if deaf := _deaf(node, stay, seen):
            yield _unheard(node, deaf, seen), advice.in_place([old.name])


def serves(node: Node, seen: Seen) -> bool:
    """Tell whether the member on a node was seen to serve."""
    return node.name in seen and bool(mode(seen[node.name]))


def _deaf(new: Node, stay: Sequence[Node], seen: Seen) -> list[Node]:
    """Give the members that would not answer a new one, as they dial it by their own list."""
    higher = (node for node in stay if node.myid > new.myid)
    return [node for node in higher if (_version(node, seen) or (0, 0, 0)) < DIALS_BACK]


def _version(node: Node, seen: Seen) -> tuple[int, int, int] | None:
    return of_text(Ensemble().version(node, seen[node.name].said("zookeeper")))


def _unheard(new: Node, deaf: Sequence[Node], seen: Seen) -> str:
    runs = shown(_version(deaf[0], seen))
    return (
        f"and {verb((node.name for node in deaf), 'has a higher id', 'have higher ids')} and {runs}: before "
        f"3.5 such a member dials {new.name} by its own list, where that is not yet"
    )
