"""Members that follow ZooKeeper's leader, and that neither hosts.ini nor any member's list names."""

from collections import Counter
from collections.abc import Iterator

from ...inventory.cluster import Cluster
from ..look.candidates import addresses
from ..membership import Called, Seen, Stranger
from . import members
from .service import member


def suspected(cluster: Cluster, seen: Seen) -> bool:
    """Tell whether more follow the leader than hosts.ini's members but those that were seen not to serve."""
    told = {
        node.name: member(seen[node.name].said("zookeeper")) for node in cluster.ensemble if node.name in seen
    }
    leading = [one.follow for one in told.values() if one.mode == "leader" and one.follow is not None]
    silent = [name for name, one in told.items() if not one.mode]
    return bool(leading) and max(leading) > len(cluster.ensemble) - 1 - len(silent)


def found(cluster: Cluster, seen: Seen, called: Called) -> Iterator[Stranger]:
    """Give those that follow. One that a member's list names is objected to as a change of members."""
    lists = members.in_use(cluster, seen)
    listed = {address for each in lists.values() for address in each.values()}
    known = addresses(cluster, seen)
    own = {node.name: node for node in cluster.ensemble}
    for by, host in seen.items():
        at = Counter(known.get(each, each) for each in host.peers.followers) if host.peers else Counter()
        objected = {known.get(each, each) for each in listed} - own.keys()
        for name in sorted(at.keys() - objected - {""}):
            beside = name in own
            if at[name] > (beside and name != by):
                yield _stranger(name, by, beside, called(name), cluster)


def _stranger(name: str, by: str, beside: bool, container: str, cluster: Cluster) -> Stranger:
    one, rest = ("more than a", "one there") if beside else ("a", "none there")
    told = f"{one} ZooKeeper on {name} follows the leader {by}, and hosts.ini has {rest}"
    port = cluster.settings.zookeeper_peer_port
    how = f"docker rm -f {container or 'zookeeper'}"
    if beside and not container:
        how = f"ss -tnp 'dport = :{port}' names both, and the container zookeeper is the host's own"
    remedy = (
        f"stop it for good there: {how}. It has no vote, since no member's list names it, so nobody misses it"
    )
    return Stranger("zookeeper", name, told, remedy, by)
