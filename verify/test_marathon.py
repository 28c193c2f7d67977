"""Chapter 4 on each of its hosts: what the runbook put there."""

import pytest
from testinfra.host import Host

from tasks.inventory.cluster import Cluster, Node

from .containers import inspect, otherwise_run, with_other_mounts
from .findings import refuse
from .wanted import marathon

pytestmark = pytest.mark.role("marathon")


@pytest.mark.runbook("4.1")
def test_marathon_runs_as_the_runbook_says(host: Host, node: Node, cluster: Cluster) -> None:
    wanted = marathon(cluster, node)
    container = inspect(host, node, wanted.name)
    refuse([*otherwise_run(container, wanted), *with_other_mounts(host, container, wanted)])
