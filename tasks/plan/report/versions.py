"""Which versions a plan changes, and what that means: said before anything is done."""

from ...inventory.cluster import Cluster
from ..marathon import handover
from ..membership import Plans, Seen
from ..mesos_agent import upgrade as mesos
from ..zookeeper import upgrade as zookeeper


def told(cluster: Cluster, seen: Seen, plans: Plans) -> list[str]:
    """Give a sentence for each service and each version that its members go to."""
    services = (zookeeper.told, mesos.told, handover.told)
    return [line for each in services for line in each(cluster, seen, plans)]
