"""Masters that stand for election and have no place in hosts.ini."""

from collections.abc import Iterator

from ...inventory.cluster import Cluster
from ..look.candidates import too_many
from ..membership import Seen, Stranger, standing
from . import replicas
from .service import master


def suspected(cluster: Cluster, seen: Seen) -> bool:
    """Tell whether more stand for election than hosts.ini's masters but those seen to be silent."""
    masters = [node.name for node in cluster.having("mesos_master") if node.name in seen]
    silent = [name for name in masters if not master(seen[name].said("mesos_master")).present]
    return too_many(cluster, seen, "mesos_master", replicas.candidates(cluster), silent)


def found(cluster: Cluster, seen: Seen) -> Iterator[Stranger]:
    """Give those whose host is known. With a replica too many, the objection to that names them."""
    if not replicas.too_many(cluster, seen):
        remedy = f"put it back into [mesos_master] of hosts.ini; or, {replicas.farewell(cluster)}"
        paths = replicas.candidates(cluster)
        yield from standing(cluster, seen, "mesos_master", paths, "a master", remedy)
