"""What a restore may do: nothing over what is there and is another one's, and nothing twice."""

from collections.abc import Iterator
from dataclasses import replace

from ....inventory.cluster import Cluster
from ...words import counted
from .archive import Backup, Roots
from .tree import OPEN, Tree, below, in_order

SHOWN = 3
"""How many paths a sentence names."""

CLOSED = "Nothing was written. Its tree.json has them"


class Refused(ValueError):
    """A restore that would harm: why, and what to do."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.remedy = remedy


def roots(cluster: Cluster) -> Roots:
    """Give where Marathon and the masters of a cluster keep what they have in ZooKeeper."""
    return Roots(cluster.settings.marathon_zk_path, cluster.settings.mesos_zk_path)


def foreign(cluster: Cluster, backup: Backup) -> str:
    """Say why a backup is not of this cluster, "" if it is."""
    if backup.cluster != cluster.settings.cluster_name:
        own = cluster.settings.cluster_name
        return f"it is a backup of the cluster {backup.cluster!r}, {cluster.source} is of {own!r}"
    if backup.roots != roots(cluster):
        was, now = (", ".join(each) for each in (backup.roots, roots(cluster)))
        return f"it was taken from {was} in ZooKeeper, {cluster.source} has {now}"
    return ""


def without_rights(tree: Tree, roots: Roots) -> Tree:
    """Leave out who owns the masters' tree: a deploy sees to that, by the secrets of now."""
    return {
        path: replace(node, acl=OPEN) if below(path, roots.mesos) else node for path, node in tree.items()
    }


def lacking(backup: Backup, there: Tree) -> list[str]:
    """Give the nodes that a restore has to make, in order. Raises Refused.

    What is there and equal was restored before. Anything else below Marathon's root is another state of it.
    """
    if own := [path for path, node in backup.tree.items() if node.acl != OPEN]:
        raise Refused(
            f"the backup has {_named(own)} that not everybody may change, and mesofab sets no ACL", CLOSED
        )
    if other := [path for path, node in backup.tree.items() if path in there and there[path] != node]:
        raise Refused(
            f"ZooKeeper has {_named(other)} that the backup has otherwise", _emptied(other[0], backup)
        )
    if more := [path for path in there if below(path, backup.roots.marathon) and path not in backup.tree]:
        raise Refused(
            f"ZooKeeper has {_named(more)} that the backup does not have", _emptied(more[0], backup)
        )
    return in_order(backup.tree.keys() - there.keys())


def _emptied(path: str, backup: Backup) -> str:
    """Say how to remove the root that a path is below of."""
    root = next(root for root in backup.roots if below(path, root))
    return (
        "Nothing was written, as what is there would be lost. If it may go, and nothing runs that uses it, "
        f"remove it on a host of [zookeeper]: `docker exec zookeeper zkCli.sh rmr {root}`, or "
        f"`deleteall {root}` with ZooKeeper 3.5+. Then run this again"
    )


def differences(backup: Backup, there: Tree) -> list[str]:
    """Say how what was restored differs from the backup."""
    return list(_differences(backup.tree, there))


def _differences(wanted: Tree, there: Tree) -> Iterator[str]:
    if missing := [path for path in wanted if path not in there]:
        yield f"{_named(missing)} missing"
    if other := [path for path in wanted if path in there and there[path] != wanted[path]]:
        yield f"{_named(other)} with another content"


def _named(paths: list[str]) -> str:
    """Say `2 nodes (/a, /b)`."""
    shown = ", ".join(in_order(paths)[:SHOWN])
    return f"{counted(len(paths), 'node')} ({shown}{', ...' if paths[SHOWN:] else ''})"
