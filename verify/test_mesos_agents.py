"""Chapter 5 as a whole: the leading master counts every agent, and nobody else."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tasks.inventory.cluster import Cluster, Node

from . import locks
from .chosen import Chosen
from .findings import LEAVE, Finding, finding
from .mesos import leader, master_says, moved

pytestmark = [pytest.mark.role("mesos_agent"), pytest.mark.runbook("5.3")]


Agents = Mapping[str, Mapping[str, Any]]
Found = Iterator[tuple[str, Finding]]
"""Findings, each with the host it is about."""


def listed(cluster: Cluster) -> Agents:
    """Return what the leading master knows of every agent, by the agent's address and port."""
    slaves = master_says(leader(cluster), "/slaves")["slaves"]
    return {str(one["pid"]).rpartition("@")[2]: one for one in slaves}


def address(node: Node) -> str:
    """The address and port of an inventory's agent."""
    return f"{node.address}:{node.settings.mesos_agent_port}"


def missing(cluster: Cluster, known: Agents, master: str) -> Found:
    """Find the agents of hosts.ini that are not active on this leading master, which knows of `known`."""
    for node in cluster.having("mesos_agent"):
        if address(node) in known:
            if not known[address(node)]["active"]:
                yield node.name, inactive(address(node))
        elif not (others := [pid for pid in known if pid.partition(":")[0] == node.address]):
            seen = f"the leading master {master} has no active agent {address(node)}"
            remedy = "look at `docker logs mesos-slave` there, and at its MESOS_MASTER"
            yield node.name, finding(node.name, seen, "it to be registered and active", remedy)
        else:
            yield from ((node.name, elsewhere(node, pid)) for pid in others)


def strangers(cluster: Cluster, known: Agents) -> Found:
    """Find the agents that hosts.ini does not have; one that is gone is not to be put there."""
    agents = {address(node): node for node in cluster.having("mesos_agent")}
    hosts = {node.address: node for node in agents.values()}
    for pid in sorted(known.keys() - agents.keys()):
        host = pid.partition(":")[0]
        if not known[pid]["active"]:
            yield host, inactive(pid)
        elif host in hosts and address(hosts[host]) not in known:
            yield host, elsewhere(hosts[host], pid)
        else:
            yield host, strange(host, pid, known[pid]["id"], host in hosts)


def inactive(pid: str) -> Finding:
    """Say of an agent, whoever's it is, that the leading master has lost it."""
    return finding(
        pid.partition(":")[0],
        f"agent {pid} is registered but not active",
        "every registered agent to be connected",
        "look at `docker logs mesos-slave` there; if its host is gone, wait: it is removed after about 75 s",
    )


def elsewhere(node: Node, pid: str) -> Finding:
    """Say that a host's agent is on another port than hosts.ini says."""
    seen, remedy = f"its agent is registered as {pid}", moved("mesos_agent_port", pid)
    return finding(node.name, seen, f"{address(node)}, the port of hosts.ini", remedy)


def strange(host: str, pid: str, known_as: str, twin: bool) -> Finding:
    """Say that hosts.ini does not have an agent, or that it is a second one on its host."""
    seen = f"an agent {pid} is registered as {known_as}" + " beside the host's own" * twin
    other = "" if twin else "add its host to [mesos_agent] of hosts.ini, or drain it and "
    return finding(host, seen, "only the agents of hosts.ini", f"{other}have it unregister: {LEAVE}")


def test_every_agent_of_the_inventory_is_active_on_the_leading_master(
    cluster: Cluster, chosen: Chosen
) -> None:
    chosen.refuse(missing(cluster, listed(cluster), leader(cluster).name))


def test_the_agents_ask_strangers_for_a_password_if_hosts_ini_says_so(
    cluster: Cluster, chosen: Chosen
) -> None:
    chosen.each("mesos_agent", lambda node: locks.found(cluster, node, "mesos_agent"))


def test_no_other_agent_is_registered(cluster: Cluster, chosen: Chosen) -> None:
    chosen.refuse(strangers(cluster, listed(cluster)))


def test_no_agent_is_registered_but_inactive(cluster: Cluster, chosen: Chosen) -> None:
    gone = sorted(pid for pid, one in listed(cluster).items() if not one["active"])
    chosen.refuse((pid.partition(":")[0], inactive(pid)) for pid in gone)
