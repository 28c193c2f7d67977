"""Masters that stand for election and have no place in hosts.ini."""

from collections.abc import Iterator

from ...inventory.cluster import Cluster
from ..look.candidates import too_many
from ..membership import Called, Seen, Stranger, standing
from . import replicas
from .service import master


def suspected(cluster: Cluster, seen: Seen) -> bool:
    """Tell whether more stand for election than hosts.ini's masters but those seen to be silent."""
    masters = [node.name for node in cluster.having("mesos_master") if node.name in seen]
    silent = [name for name in masters if not master(seen[name].said("mesos_master")).present]
    return too_many(cluster, seen, "mesos_master", replicas.candidates(cluster), silent)


def found(cluster: Cluster, seen: Seen, called: Called) -> Iterator[Stranger]:
    """Give those whose host is known. With a replica too many, the objection to that names them."""

    def leave(host: str, beside: bool) -> str:
        if not beside:
            return replicas.FAREWELL
        name = called(host) or "the one that hosts.ini does not name"
        return f"there: docker rm -f {name}; ZooKeeper forgets it within 10 s"

    if not replicas.too_many(cluster, seen):
        yield from standing(cluster, seen, "mesos_master", replicas.candidates(cluster), "a master", leave)
