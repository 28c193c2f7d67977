"""A look at all members when the checks are through: who leads, what agents run, which versions there are.

It judges nothing, and whoever does not answer soon is left out: what is wrong the checks have said.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import requests
from testinfra.host import Host

from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.printable import printable
from tasks.inventory.secret import redacted

from ..asking import as_operator
from ..four_letter_words import ask, mode_of, version_of
from ..reach import OWN_ENGINE, Lost

PATIENCE = 3
"""Seconds for one answer."""

AT_ONCE = 16

MOST_TASKS = 10_000

PROGRAMS = f"""{OWN_ENGINE}. /etc/os-release; echo "$PRETTY_NAME"; uname -r
docker version --format '{{{{.Server.Version}}}}'"""

T = TypeVar("T")
Key = TypeVar("Key")


@dataclass(frozen=True)
class Said:
    """What a member says of itself: leader, follower, standby, active, ...; "" if it says nothing."""

    part: str = ""
    version: str = ""
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """What the members say, by host and role, and the programs of the hosts."""

    members: Mapping[tuple[str, str], Said] = field(default_factory=dict)
    programs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def look(cluster: Cluster, reached: Collection[Node], on: Callable[[Node], Host]) -> Seen:
    """Ask every member and, over SSH, the hosts that were reached before."""
    every = [(node, role) for node in cluster.nodes for role in node.roles if role in ASK]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        programs = {node: pool.submit(_programs, on, node) for node in reached}
        asked = [(node, role, pool.submit(_told, ASK[role], node)) for node, role in every]
        said = {(node.name, role): answer.result() for node, role, answer in asked}
        agents = _agents(cluster, said)
        return Seen({**said, **agents}, {node.name: told.result() for node, told in programs.items()})


def _told(ask: Callable[[Node], Said], node: Node) -> Said:
    try:
        return _clean(ask(node))
    except (requests.RequestException, LookupError, TypeError, ValueError, AttributeError):
        return Said()  # of whatever answers there, nothing is known


def _clean(said: Said) -> Said:
    """Return it as it may be shown: a service may say anything."""
    part, version, *tasks = (
        printable(redacted(text))[:80] for text in (said.part, said.version, *said.tasks)
    )
    return Said(part, version, tuple(tasks))


def _get(node: Node, port: int, path: str) -> Any:
    return as_operator("GET", f"http://{node.address}:{port}{path}", timeout=PATIENCE).json()


def _zookeeper(node: Node) -> Said:
    said = ask(node.address, node.settings.zookeeper_client_port, "srvr", PATIENCE)
    return Said(mode_of(said), version_of(said))


def _master(node: Node) -> Said:
    port = node.settings.mesos_master_port
    leads = _get(node, port, "/metrics/snapshot").get("master/elected") == 1
    return Said("leader" if leads else "follower", str(_get(node, port, "/version")["version"]))


def _marathon(node: Node) -> Said:
    told = _get(node, node.settings.marathon_port, "/v2/info")
    leads = told["leader"] == f"{node.address}:{node.settings.marathon_port}"
    return Said("leader" if leads else "standby", str(told["version"]))


ASK: Mapping[str, Callable[[Node], Said]] = {
    "zookeeper": _zookeeper,
    "mesos_master": _master,
    "marathon": _marathon,
}


def _agents(cluster: Cluster, said: Mapping[tuple[str, str], Said]) -> dict[tuple[str, str], Said]:
    """Return what the leading master says of the agents; nothing if there is none."""
    masters = cluster.having("mesos_master")
    chief = next((node for node in masters if said[node.name, "mesos_master"].part == "leader"), None)
    if chief is None:
        return {}
    try:
        port = chief.settings.mesos_master_port
        listed = _get(chief, port, "/slaves")["slaves"]
        tasks = _running(_get(chief, port, f"/tasks?limit={MOST_TASKS}")["tasks"])
        known = {str(one["pid"]).rpartition("@")[2]: _clean(_agent(one, tasks)) for one in listed}
    except (requests.RequestException, LookupError, TypeError, ValueError, AttributeError):
        return {}
    agents = cluster.having("mesos_agent")
    return {
        (node.name, "mesos_agent"): known.get(
            f"{node.address}:{node.settings.mesos_agent_port}", Said("not registered")
        )
        for node in agents
    }


def _running(tasks: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the names of running tasks by the id of their agent."""
    found: dict[str, list[str]] = {}
    for task in tasks:
        if task["state"] == "TASK_RUNNING":
            found.setdefault(str(task["slave_id"]), []).append(str(task["name"]))
    return found


def _agent(one: Mapping[str, Any], tasks: Mapping[str, list[str]]) -> Said:
    part = "active" if one["active"] else "not active"
    return Said(part, str(one.get("version", "")), tuple(sorted(tasks.get(str(one["id"]), ()))))


def _programs(on: Callable[[Node], Host], node: Node) -> tuple[str, ...]:
    """Return a host's system, kernel and docker; nothing if it does not answer any more."""
    try:
        return tuple(printable(line)[:80] for line in on(node).run(PROGRAMS).stdout.splitlines()[:3])
    except Lost:
        return ()
