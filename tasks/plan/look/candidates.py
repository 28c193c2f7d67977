"""Who has stood for election in ZooKeeper, and from where: its leader's dump, and who is connected.

`dump` has every ephemeral node by the session that owns it (DataTree.java), the same in all versions. From
where a session comes, only the member that it is connected to tells (`cons`). A session that nobody is
connected for is a dead process's, and ends by itself.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from ...inventory.cluster import Cluster, Node
from ..gate import Question, Questionnaire
from .observed import Observed

Seen = Mapping[str, Observed]

LEADS = "zk_synced_followers"
"""Stands in what a leader alone says to mntr, the question before."""


def question(cluster: Cluster, node: Node) -> Question:
    """Ask a leader for its dump, behind mntr; one member alone, which is not asked that, behind srvr."""
    behind = LEADS if len(cluster.ensemble) > 1 else "Mode: standalone"
    return Question(node.address, node.settings.zookeeper_client_port, "dump", behind)


def connections(cluster: Cluster) -> Questionnaire:
    """Ask every member who is connected to it."""
    return {
        f"cons {node.name}": Question(node.address, node.settings.zookeeper_client_port, "cons")
        for node in cluster.ensemble
    }


def witness(seen: Seen) -> str:
    """Give the node whose ZooKeeper told its dump; "" if none did."""
    return next((name for name in seen if _dump(seen, name)), "")


def candidates(seen: Seen, paths: str) -> frozenset[str]:
    """Give the sessions that own an ephemeral node whose whole path this pattern matches."""
    owned = _owned(_dump(seen, witness(seen))) if witness(seen) else ()
    return frozenset(session for session, path in owned if re.fullmatch(paths, path))


def _dump(seen: Seen, name: str) -> str:
    return seen[name].said("zookeeper").get("dump", "").partition("\nSessions with Ephemerals")[2]


def _owned(dump: str) -> Iterator[tuple[str, str]]:
    session = ""
    for line in dump.split("\n")[1:]:
        if line.startswith("\t"):
            yield session, line[1:]
        elif re.fullmatch("0x[0-9a-f]{1,16}:", line):
            session = line[:-1]
        else:
            return  # 3.5 and later go on with connections


def too_many(cluster: Cluster, seen: Seen, role: str, paths: str, silent: Iterable[str]) -> bool:
    """Tell whether more stand for election than hosts.ini's members but those that were seen to be silent."""
    return len(candidates(seen, paths)) > len(cluster.having(role)) - len(list(silent))


def elsewhere(cluster: Cluster, seen: Seen, role: str, paths: str) -> list[str]:
    """Name the hosts on which more stand for election than hosts.ini has there, by address if it has none.

    None unless somebody has asked who is connected.
    """
    peers = next((host.peers for host in seen.values() if host.peers), None)
    if peers is None:
        return []
    known = addresses(cluster, seen)
    at = [peers.clients[session] for session in candidates(seen, paths) if session in peers.clients]
    count = Counter(host for address in at if (host := known.get(address, address)))
    own = {node.name for node in cluster.having(role)}
    return [host for host in sorted(count) if count[host] > (host in own)]


def addresses(cluster: Cluster, seen: Seen) -> dict[str, str]:
    """Give the nodes by their addresses, seen ones included; "" for what several have, as the loopback."""
    found: dict[str, str] = {}
    for name, host in seen.items():
        found |= {address: "" if address in found else name for address in host.addresses}
    return found | {"127.0.0.1": ""} | {node.address: node.name for node in cluster.nodes}
