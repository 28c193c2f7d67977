"""Agents that the leading master counts as active and that have no place in hosts.ini."""

from collections.abc import Iterator

from ...inventory.cluster import Cluster
from ..membership import Seen, Stranger
from .desired import CONTAINER
from .service import others

MOVE = (
    "first have its tasks run elsewhere (raise the instances of their apps by as many, wait until these run, "
    "then end those here by /v2/tasks/delete?scale=true); then "
)
LEAVE = (
    f"docker update --restart=no {CONTAINER}, docker kill -s USR1 {CONTAINER}, docker wait {CONTAINER}, "
    f"then docker rm {CONTAINER}. So it unregisters at once; if it is only stopped, its tasks are missed "
    "for 75 to 90 s before they start elsewhere"
)


def found(cluster: Cluster, seen: Seen) -> Iterator[Stranger]:
    """Give them with the tasks that they run, as the first host tells that has heard a leading master."""
    for by, host in seen.items():
        strange = others(cluster, host.said("mesos_agent"))
        if strange is not None:
            yield from (_stranger(cluster, pid, tasks, by) for pid, tasks in sorted(strange.items()))
            return


def _stranger(cluster: Cluster, pid: str, tasks: int, by: str) -> Stranger:
    address = pid.rpartition(":")[0]
    node = next((node for node in cluster.nodes if node.address == address), None)
    beside = node is not None and "mesos_agent" in node.roles
    count = f"{tasks} task{'' if tasks == 1 else 's'}"
    told = f"the leading master counts the agent {pid} as active, with {count}, and hosts.ini has "
    told += "another one there" if beside else "none there"
    back = "" if beside else "put it back into [mesos_agent] of hosts.ini; or, to remove it, "
    remedy = f"{back}{MOVE if tasks else ''}there: {LEAVE}"
    return Stranger("mesos_agent", node.name if node else address, told, remedy, by)
