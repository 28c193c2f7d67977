"""Chapter 3 on each of its hosts: what the runbook put there."""

import pytest
from testinfra.host import Host

from tasks.inventory.cluster import Cluster, Node

from .containers import inspect, otherwise_run, with_other_mounts
from .findings import refuse
from .modes import OPEN, others
from .wanted import mesos_master

pytestmark = pytest.mark.role("mesos_master")


@pytest.mark.runbook("3.1")
@pytest.mark.runbook("3.2")
def test_the_master_runs_as_the_runbook_says(host: Host, node: Node, cluster: Cluster) -> None:
    wanted = mesos_master(cluster, node)
    refuse(otherwise_run(inspect(host, node, wanted.name), wanted))


@pytest.mark.runbook("3.2")
def test_the_masters_log_and_registry_live_on_the_host(host: Host, node: Node, cluster: Cluster) -> None:
    wanted = mesos_master(cluster, node)
    refuse(with_other_mounts(host, inspect(host, node, wanted.name), wanted))


@pytest.mark.runbook("3.2")
def test_all_may_look_into_the_masters_directories(host: Host, node: Node) -> None:
    places = node.settings.mesos_master_log_dir, node.settings.mesos_master_work_dir
    refuse(others(host, node, dict.fromkeys(places, OPEN)))
