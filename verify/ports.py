"""Which process has a port that a container of ours needs."""

import re
from collections.abc import Collection

from tasks.inventory.cluster import Node


def of(node: Node, name: str) -> Collection[int]:
    """Return the ports on which the container of this name listens there."""
    s = node.settings
    listens = {
        "zookeeper": (s.zookeeper_client_port, s.zookeeper_peer_port, s.zookeeper_election_port),
        "mesos-master": (s.mesos_master_port,),
        "marathon": (s.marathon_port,),
        "mesos-slave": (s.mesos_agent_port,),
    }
    return next((ports for stem, ports in listens.items() if name.startswith(stem)), ())


def taken(listeners: str, ports: Collection[int]) -> str:
    """Say who listens on these ports, of all that `ss -ltnp` tells; "" if nobody does."""
    found = {}
    for line in listeners.splitlines():
        listening = re.match(r"LISTEN +\d+ +\d+ +\S+:(\d{1,5}) ", line)
        if listening and int(listening[1]) in ports:
            process = re.search(r'\("([^"]+)",pid=(\d+)', line)
            found[int(listening[1])] = f"{process[1]} (pid {process[2]})" if process else "an unknown process"
    return ", ".join(f"port {port} is taken by {who}" for port, who in sorted(found.items()))
