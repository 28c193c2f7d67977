"""Marathons that stand for election and have no place in hosts.ini."""

import re
from collections.abc import Iterator

from ...inventory.cluster import Cluster
from ..look.candidates import too_many
from ..membership import Called, Seen, Stranger, standing
from .service import marathon


def suspected(cluster: Cluster, seen: Seen) -> bool:
    """Tell whether more stand for election than hosts.ini's Marathons but those seen to be silent."""
    marathons = [node.name for node in cluster.having("marathon") if node.name in seen]
    silent = [name for name in marathons if not marathon(seen[name].said("marathon")).status]
    return too_many(cluster, seen, "marathon", _candidates(cluster), silent)


def found(cluster: Cluster, seen: Seen, called: Called) -> Iterator[Stranger]:
    """Give those whose host is known."""

    def leave(host: str, beside: bool) -> str:
        if not beside:
            return "to remove it, into [marathon] and [removed], and deploy: that takes it out"
        name = called(host) or "the one that hosts.ini does not name"
        return f"there: docker stop -t 30 {name}, which hands over what it leads, then docker rm it"

    yield from standing(cluster, seen, "marathon", _candidates(cluster), "a Marathon", leave)


def _candidates(cluster: Cluster) -> str:
    """Give what matches the paths of their latches (LeaderLatch.java of Curator)."""
    paths = {node.settings.marathon_zk_path for node in cluster.having("marathon")}
    return "|".join(rf"{re.escape(path)}/leader-curator/[^/]+" for path in sorted(paths))
