"""Chapter 5 on each of its hosts: what the runbook put there."""

import pytest
from testinfra.host import Host

from tasks.inventory.cluster import Cluster, Node

from .containers import inspect, otherwise_run, with_other_mounts
from .findings import REDO, finding, refuse
from .mesos import agent_says, another_version
from .modes import OPEN, others
from .wanted import mesos_agent, zk_url

pytestmark = [pytest.mark.role("mesos_agent"), pytest.mark.runbook("5.2")]


def test_the_agent_runs_as_the_runbook_says(host: Host, node: Node, cluster: Cluster) -> None:
    wanted = mesos_agent(cluster, node)
    refuse(otherwise_run(inspect(host, node, wanted.name), wanted))


def test_its_work_directory_has_the_same_path_inside(host: Host, node: Node, cluster: Cluster) -> None:
    wanted = mesos_agent(cluster, node)
    refuse(with_other_mounts(host, inspect(host, node, wanted.name), wanted))


def test_all_may_look_into_the_agents_directories(host: Host, node: Node) -> None:
    places = node.settings.mesos_agent_log_dir, node.settings.mesos_agent_work_dir
    refuse(others(host, node, dict.fromkeys(places, OPEN)))


def test_the_agent_runs_with_the_wanted_flags(node: Node, cluster: Cluster) -> None:
    s, flags = node.settings, agent_says(node, "/flags")["flags"]
    wanted = {
        "master": zk_url(cluster, cluster.settings.mesos_zk_path),
        "containerizers": s.mesos_agent_containerizers,
        "work_dir": s.mesos_agent_work_dir,
        "resources": s.mesos_agent_resources,
        "attributes": s.mesos_agent_attributes,
        "default_role": s.mesos_agent_default_role or "*",
    }
    refuse(
        finding(node.name, f"the agent's flag {name} is {flags.get(name)}", str(value), REDO)
        for name, value in wanted.items()
        if flags.get(name) != value
    )


def test_the_agent_has_the_version_of_its_image(node: Node) -> None:
    refuse(another_version(node, agent_says(node, "/version")["version"], node.settings.mesos_agent_image))
