"""ZooKeeper's members come to authenticate each other, or no longer to, stage by stage (.sasl).

A stage is begun when all members have reached the one before, by the zoo.cfg that each runs with: an old
container is always stopped before its file is exchanged. A run that was cut short leaves neighbours, which
serve together.
"""

from collections.abc import Iterator
from dataclasses import replace

from ...inventory.cluster import Cluster, Node
from ..desired import secrets
from ..look import versions
from ..look.observed import Observed
from ..membership import Membership, Objection, Plans, Seen, Stage, absent, touches
from ..names import Id
from ..step import Blocker
from ..words import names
from . import sasl
from .desired import CONTAINER, cfg
from .listed import mode, objection

SINCE = (3, 4, 10)
"""The first version whose members can authenticate each other."""


def along(cluster: Cluster, seen: Seen, plans: Plans, told: Membership) -> Membership:
    """Add to how the ensemble comes to its members how these come to authenticate each other.

    Others become members at the stage that runs, and then all go on from there.
    """
    now = stages(cluster, seen)
    if not now or (told.objections and not told.stages):
        return told
    wanted = sasl.stage(cluster)
    between = sasl.way(min(now.values()), max(now.values()), wanted)
    here = max(min(now.values()), min(wanted, max(now.values())))
    if refused := tuple(_refused(cluster, seen, plans, now, between, bool(told.stages))):
        return replace(told, objections=(*told.objections, *refused))
    first = tuple(replace(each, cluster=_at(each.cluster, here, wanted)) for each in told.stages)
    last = [wanted] if between or (first and here != wanted) else []
    more = (_stage(cluster, number, wanted) for number in (*between, *last))
    return replace(told, stages=(*first, *more))


def stages(cluster: Cluster, seen: Seen) -> dict[str, int]:
    """Say at which stage each member runs; one that cannot serve with the others does not count."""
    up = [n for n in cluster.ensemble if n.name in seen and seen[n.name].container(CONTAINER).runs]
    found = {node.name: sasl.runs_with(seen[node.name].path(cfg(node)).text) for node in up}
    if found and max(found.values()) - min(found.values()) > 1:
        found = {name: each for name, each in found.items() if mode(seen[name])} or found
    return found


def _at(cluster: Cluster, number: int, wanted: int) -> Cluster:
    return cluster if number == wanted else replace(cluster, proving=number)


def _stage(cluster: Cluster, number: int, wanted: int) -> Stage:
    does = sasl.TITLES[number]
    says = (
        f"ZooKeeper's members authenticate each other, stage {number} of 3: {does}; they restart one by one"
    )
    return Stage(_at(cluster, number, wanted), says)


# What stands in the way


def _refused(
    cluster: Cluster, seen: Seen, plans: Plans, now: dict[str, int], between: list[int], moves: bool
) -> Iterator[Objection]:
    moved = [n for n in cluster.ensemble if now.get(n.name, sasl.stage(cluster)) != sasl.stage(cluster)]
    left_out = absent(cluster, "zookeeper", plans)
    unseen = [node.name for node in cluster.ensemble if node.name not in seen]
    touched = [n for n in moved if touches(plans.get(n.name), Id.ZOOKEEPER_RUN)]
    if touched and left_out and (between or unseen):
        told = (
            "its members come to authenticate each other stage by stage, all of them in each, and this run "
            f"leaves out {names(left_out)}"
        )
        yield objection(touched[0].name, told, "run without -H")
    elif moves and sasl.stage(cluster) < max(now.values()):
        told = "members change, and they are to authenticate each other less than now"
        remedy = "deploy one of the two first: other members, or security"
        yield objection(next(iter(now)), told, remedy)
    yield from _other_secrets(cluster, seen, now)


def _other_secrets(cluster: Cluster, seen: Seen, now: dict[str, int]) -> Iterator[Objection]:
    """Object to other secrets than those that members show each other; who alone has others is mended."""
    files = secrets.members(cluster, CONTAINER, sasl.stage(cluster)).files
    shown = [name for name, number in now.items() if number >= sasl.SHOWS]
    for file in (file for file in files if not file.kept):
        there = [seen[name].path(file.path) for name in shown]
        if there and all(each.kind == "regular file" and each.text != file.text for each in there):
            told = (
                f"{file.path} has other secrets than secrets_file, and members with both would not serve "
                "together"
            )
            remedy = "give secrets_file its old secrets; or deploy with security=open, then with the new ones"
            yield shown[0], Blocker(Id.ZOOKEEPER_RUN, CONTAINER, told, remedy)


def objections(cluster: Cluster, node: Node, seen: Observed) -> Iterator[Blocker]:
    """Object to a version whose members cannot authenticate each other, if it can be known."""
    wanted = versions.of_image(cluster.image(node.settings.zookeeper_image))
    if wanted and wanted < SINCE and sasl.stage(cluster):
        told = (
            f"members can authenticate each other from {versions.shown(SINCE)} on, and hosts.ini wants "
            f"{versions.shown(wanted)}"
        )
        yield Blocker(Id.ZOOKEEPER_RUN, CONTAINER, told, "deploy a later zookeeper_image, or security=open")


def doubt(cluster: Cluster) -> str:
    """Say why a member that runs may not serve: nothing but srvr and its log tell that it is not let in."""
    files = secrets.members(cluster, CONTAINER, sasl.stage(cluster)).files
    return "".join(
        f"If its log names SASL or `Authentication failed`, it cannot read {file.path}, or has another "
        f"secret there than the others: the image must run ZooKeeper as the user {file.owner}. "
        for file in files
    )
