"""Agents that the leading master counts as active and that have no place in hosts.ini."""

from collections.abc import Iterator

from ...inventory.cluster import Cluster
from ..membership import Called, Seen, Stranger
from ..words import counted
from .desired import CONTAINER
from .service import others

MOVE = (
    "first have its tasks run elsewhere (raise the instances of their apps by as many, wait until these run, "
    "then end those here by /v2/tasks/delete?scale=true); then "
)
OUT = (
    "put it back into [mesos_agent] of hosts.ini; or, to remove it, into [mesos_agent] and [removed], and "
    "deploy: that moves its tasks and takes it out"
)
DEPLOY = "`fab deploy-cluster` moves its tasks and takes it out"
LEAVE = (
    "docker update --restart=no {0}, docker kill -s USR1 {0}, docker wait {0}, "
    "then docker rm {0}. So it unregisters at once; if it is only stopped, its tasks are missed "
    "for 75 to 90 s before they start elsewhere"
)


def found(cluster: Cluster, seen: Seen, called: Called) -> Iterator[Stranger]:
    """Give them with the tasks that they run, as the first host tells that has heard a leading master."""
    for by, host in seen.items():
        strange = others(cluster, host.said("mesos_agent"))
        if strange is not None:
            yield from (_stranger(cluster, pid, tasks, by, called) for pid, tasks in sorted(strange.items()))
            return


def _stranger(cluster: Cluster, pid: str, tasks: int, by: str, called: Called) -> Stranger:
    address, _, port = pid.rpartition(":")
    node = next((node for node in (*cluster.nodes, *cluster.removed) if node.address == address), None)
    host = node.name if node else address
    beside = node in cluster.nodes and node is not None and "mesos_agent" in node.roles
    rest = "another one" if beside else "it in [removed]" if node in cluster.removed else "none"
    told = (
        f"the leading master counts the agent {pid} as active, with {counted(tasks, 'task')}, and hosts.ini "
        f"has {rest} there"
    )
    remedy = _out(tasks, port, called(host)) if beside else DEPLOY if node in cluster.removed else OUT
    return Stranger("mesos_agent", host, told, remedy, by)


def _out(tasks: int, port: str, name: str) -> str:
    """Say how one goes that is on the host of another one, by its container's `name` if that is known."""
    where = (
        "there" if name else f"there, with X for what listens on port {port} ({CONTAINER} is the host's own)"
    )
    return f"{MOVE if tasks else ''}{where}: {LEAVE.format(name or 'X')}"
