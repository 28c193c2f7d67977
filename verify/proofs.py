"""Whether ZooKeeper's members turn away who does not prove to be one of them.

A hello bears the member's own id, of which nothing comes even where it is let in (QuorumCnxManager.java), and
eight bytes in which a proof would begin. A member that demands one hangs up at once (seen with 3.8.0).
"""

import socket
import struct
from collections.abc import Iterator
from contextlib import closing

from tasks.inventory.cluster import Cluster, Node

from .findings import Finding, finding

PATIENCE = 5
"""Seconds that a member has to hang up."""

MEND = "look at `quorum.auth` in its zoo.cfg and at `docker logs zookeeper` there"


def found(cluster: Cluster, node: Node, leads: bool, patience: float = PATIENCE) -> Iterator[Finding]:
    """Find ports of a member at which somebody may stay who proves nothing, if it has to demand that."""
    if cluster.settings.security != "strict" or len(cluster.having("zookeeper")) < 2:
        return
    ports = {node.settings.zookeeper_election_port: struct.pack(">qq", node.myid, 0)}
    if leads:  # it alone listens there
        ports[node.settings.zookeeper_peer_port] = struct.pack(">q", 0)
    for port, hello in ports.items():
        if not hangs_up(node.address, port, hello, patience):
            seen = f"port {port} lets somebody stay who proves nothing"
            yield finding(node.name, seen, "it to hang up, as security=strict", MEND)


def hangs_up(address: str, port: int, hello: bytes, patience: float) -> bool:
    """Tell whether a member hangs up after such a hello, or cannot be reached: a firewall may be closed."""
    try:
        line = socket.create_connection((address, port), patience)
    except OSError:
        return True
    with closing(line):
        try:
            line.sendall(hello)
            return not line.recv(64)
        except TimeoutError:
            return False
        except OSError:
            return True
