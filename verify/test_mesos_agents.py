"""Chapter 5 as a whole: the leading master counts every agent, and nobody else."""

from collections.abc import Iterator
from typing import Any

import pytest

from tasks.inventory.cluster import Cluster, Node

from .chosen import Chosen
from .findings import LEAVE, Finding, finding
from .mesos import leader, master_says

pytestmark = [pytest.mark.role("mesos_agent"), pytest.mark.runbook("5.3")]


def listed(cluster: Cluster) -> dict[str, dict[str, Any]]:
    """Return what the leading master knows of every agent, by the agent's address and port."""
    slaves = master_says(leader(cluster), "/slaves")["slaves"]
    return {str(one["pid"]).rpartition("@")[2]: one for one in slaves}


def address(node: Node) -> str:
    """The address and port of an inventory's agent."""
    return f"{node.address}:{node.settings.mesos_agent_port}"


def test_every_agent_of_the_inventory_is_active_on_the_leading_master(
    cluster: Cluster, chosen: Chosen
) -> None:
    known = listed(cluster)
    chosen.refuse(
        (
            node.name,
            finding(
                node.name,
                f"the leading master {leader(cluster).name} has no active agent {address(node)}",
                "it to be registered and active",
                "look at `docker logs mesos-slave` there, and at its MESOS_MASTER",
            ),
        )
        for node in cluster.having("mesos_agent")
        if not known.get(address(node), {}).get("active")
    )


def test_no_other_agent_is_registered(cluster: Cluster, chosen: Chosen) -> None:
    def strangers() -> Iterator[tuple[str, Finding]]:
        agents = {address(node): node for node in cluster.having("mesos_agent")}
        hosts = {node.address: node for node in agents.values()}
        for pid, one in sorted(listed(cluster).items()):
            host = pid.partition(":")[0]
            if pid not in agents:
                twin = host in hosts
                seen = f"an agent {pid} is registered as {one['id']}" + " beside the host's own" * twin
                other = "" if twin else "add its host to [mesos_agent] of hosts.ini, or drain it and "
                remedy = f"{other}have it unregister: {LEAVE}"
                yield host, finding(host, seen, "only the agents of hosts.ini", remedy)

    chosen.refuse(strangers())


def test_no_agent_is_registered_but_inactive(cluster: Cluster, chosen: Chosen) -> None:
    gone = "look at `docker logs mesos-slave` there; if it is gone for good, it is removed after about 75 s"
    chosen.refuse(
        (
            (host := pid.partition(":")[0]),
            finding(
                host,
                f"agent {pid} is registered but not active",
                "every registered agent to be connected",
                gone,
            ),
        )
        for pid, one in sorted(listed(cluster).items())
        if not one["active"]
    )
