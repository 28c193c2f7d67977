"""Another version of ZooKeeper: what it needs beforehand, what it means, and what has no way back."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from ...inventory.cluster import Cluster, Node
from ...inventory.edits import Change, Set
from ..look import versions
from ..look.observed import Observed
from ..look.versions import Version
from ..membership import Plans, Seen, touches
from ..names import Id
from ..step import Blocker, HostPlan
from . import locking, snapshot
from .desired import CONTAINER, data
from .service import Ensemble

BORDER = (3, 5, 0)
"""The first version that wants a snapshot, and that writes what no older one knows (TTL nodes, say)."""

ONE_WAY = (
    "3.4 does not know all that 3.5 and later write, so there is no way back but a backup from before: "
    "`fab backup` makes one"
)
"""What to know before that border is crossed."""


def objections(cluster: Cluster, node: Node, seen: Observed) -> Iterator[Blocker]:
    """Object to a version that may not be able to read the data, or to do what security wants."""
    yield from locking.objections(cluster, node, seen)
    names, wanted = seen.holdings.get(data(node), ()), _wanted(cluster, node)
    if not names or not _gets_another(cluster, node, seen):
        return
    old = _runs(node, seen)
    if old and wanted and wanted < BORDER <= old:
        yield Blocker(
            Id.ZOOKEEPER_RUN,
            CONTAINER,
            f"its data are of {versions.shown(old)}, hosts.ini wants {versions.shown(wanted)}: 3.4 does not "
            "know all that 3.5 and later write, and may end on it",
            f"if all other members still are of 3.4: {_empty(node)}; else `fab restore` brings a backup from "
            "before into empty members",
            "zookeeper-version",
            (Change((Set("zookeeper_image", seen.container(CONTAINER).image),), "to keep the version"),),
        )


def _empty(node: Node) -> str:
    return f"docker stop {CONTAINER} there and empty {data(node)}; a deploy then has it copy theirs"


def prepared(cluster: Cluster, seen: Seen, plans: Plans) -> Plans:
    """Have members that lack a snapshot get one before anything is stopped, if the new version needs one."""
    there = [node for node in cluster.ensemble if node.name in seen]
    held = {node.name: seen[node.name].holdings.get(data(node), ()) for node in there}
    lacking = [node for node in there if _lacks_snapshot(cluster, node, seen, plans)]
    return {**plans, **{node.name: _with_snapshot(node, held, plans[node.name]) for node in lacking}}


def _lacks_snapshot(cluster: Cluster, node: Node, seen: Seen, plans: Plans) -> bool:
    if not touches(plans.get(node.name), Id.ZOOKEEPER_RUN):
        return False
    needs = _gets_another(cluster, node, seen[node.name]) and _wants_snapshot(_wanted(cluster, node))
    return needs and snapshot.lacks(seen[node.name].holdings.get(data(node), ()))


def _with_snapshot(node: Node, held: Mapping[str, Collection[str]], plan: HostPlan) -> HostPlan:
    if not snapshot.is_whole(held[node.name], held.values()):
        return replace(plan, blockers=(*plan.blockers, _without_beginning(node)))
    place = next(at for at, step in enumerate(plan.steps) if step.id is Id.ZOOKEEPER_RUN)
    return replace(plan, steps=(*plan.steps[:place], snapshot.step(node), *plan.steps[place:]))


def _without_beginning(node: Node) -> Blocker:
    told = (
        "its data are a log that does not begin at the beginning, and no snapshot: what came before is lost, "
        "and ZooKeeper 3.5 and later do not start on it"
    )
    remedy = f"while all other members serve, {_empty(node)}"
    return Blocker(Id.ZOOKEEPER_RUN, CONTAINER, told, remedy, "zookeeper-snapshot")


def told(cluster: Cluster, seen: Seen, plans: Plans) -> Iterator[str]:
    """Say which versions a plan leads from and to, and what that means."""
    moved = [
        node
        for node in cluster.ensemble
        if touches(plans.get(node.name), Id.ZOOKEEPER_RUN)
        and seen[node.name].container(CONTAINER).image
        and _gets_another(cluster, node, seen[node.name])
        and _runs(node, seen[node.name]) != _wanted(cluster, node)
    ]
    for new in dict.fromkeys(_wanted(cluster, node) for node in moved):
        old = {_runs(node, seen[node.name]) for node in moved if _wanted(cluster, node) == new}
        crosses = _wants_snapshot(new) and any(each is None or each < BORDER for each in old)
        means = f"{ONE_WAY}. Members of both serve together meanwhile" if crosses else "it rolls"
        yield f"ZooKeeper {versions.change(old, new)}: {means}."


def _gets_another(cluster: Cluster, node: Node, seen: Observed) -> bool:
    return not seen.is_of(CONTAINER, cluster.image(node.settings.zookeeper_image))


def _wants_snapshot(wanted: Version | None) -> bool:
    """Tell whether a version may be one that does not start on a log alone; nobody knows of no version."""
    return wanted is None or wanted >= BORDER


def _wanted(cluster: Cluster, node: Node) -> Version | None:
    return versions.of_image(cluster.image(node.settings.zookeeper_image))


def _runs(node: Node, seen: Observed) -> Version | None:
    """Give the version of a member by its own word, or else by the tag of its container's image."""
    said = versions.of_text(Ensemble().version(node, seen.said("zookeeper")))
    return said or versions.of_image(seen.container(CONTAINER).image)
