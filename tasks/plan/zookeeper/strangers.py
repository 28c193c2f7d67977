"""Members that follow ZooKeeper's leader, and that neither hosts.ini nor any member's list names."""

from collections.abc import Iterator

from ...inventory.cluster import Cluster
from ..look.candidates import addresses
from ..membership import Seen, Stranger
from . import members
from .service import member

REMEDY = (
    "stop it for good there: docker rm -f zookeeper. It has no vote, since no member's list names it, so "
    "nobody misses it"
)


def suspected(cluster: Cluster, seen: Seen) -> bool:
    """Tell whether more follow the leader than hosts.ini's members but those that were seen not to serve."""
    told = {
        node.name: member(seen[node.name].said("zookeeper")) for node in cluster.ensemble if node.name in seen
    }
    leading = [one.follow for one in told.values() if one.mode == "leader" and one.follow is not None]
    silent = [name for name, one in told.items() if not one.mode]
    return bool(leading) and max(leading) > len(cluster.ensemble) - 1 - len(silent)


def found(cluster: Cluster, seen: Seen) -> Iterator[Stranger]:
    """Give those that follow. One that a member's list names is objected to as a change of members."""
    lists = members.in_use(cluster, seen)
    listed = {address for each in lists.values() for address in each.values()}
    known = addresses(cluster, seen)
    own = {node.name for node in cluster.ensemble}
    for by, host in seen.items():
        for address in sorted(host.peers.followers - listed) if host.peers else ():
            name = known.get(address, address)
            if name and name not in own:
                told = f"a ZooKeeper on {name} follows the leader {by}, and hosts.ini has none there"
                yield Stranger("zookeeper", name, told, REMEDY, by)
