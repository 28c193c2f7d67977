"""What masters, agents and Marathons answer, asked from here over HTTP."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tasks.inventory.cluster import Cluster, Node

from .asking import as_operator
from .findings import Finding, fail, finding, require

ANSWER_TIMEOUT = 20
"""Seconds to wait for one answer: services on a slow machine are slow, and well all the same."""


def at(node: Node, path: str, **options: Any) -> requests.Response:
    """Ask the master on `node`, following nothing."""
    return _ask(node, "mesos-master", node.settings.mesos_master_port, path, **options)


def at_marathon(node: Node, path: str) -> requests.Response:
    """Ask the Marathon on `node`; a standby forwards to the leader."""
    return _ask(node, "marathon", node.settings.marathon_port, path)


def master_says(node: Node, path: str) -> dict[str, Any]:
    """Return the JSON that the master on `node` answers."""
    return as_json(node, at(node, path))


def agent_says(node: Node, path: str) -> dict[str, Any]:
    """Return the JSON that the agent on `node` answers."""
    return as_json(node, _ask(node, "mesos-slave", node.settings.mesos_agent_port, path))


def as_json(node: Node, answer: requests.Response) -> dict[str, Any]:
    """Read an answer that should be a JSON object; fails with a sentence if it is none."""
    try:
        body = answer.json() if answer.status_code == 200 else None
    except ValueError:
        body = None
    seen = f"{answer.url} answers {answer.status_code}: {answer.text[:80]!r}"
    remedy = "see who listens there with `ss -ltnp`, and the service's own log with `docker logs`"
    require(isinstance(body, dict), node.name, seen, "a JSON object", remedy)
    return dict(body or {})


def _ask(
    node: Node, name: str, port: int, path: str, method: str = "GET", **options: Any
) -> requests.Response:
    url = f"http://{node.address}:{port}{path}"
    try:
        return as_operator(method, url, timeout=ANSWER_TIMEOUT, allow_redirects=False, **options)
    except requests.RequestException as error:
        seen = f"http://{node.address}:{port} does not answer ({type(error).__name__})"
        remedy = (
            f"look at `docker ps -a` and at the log of {name}* there, at who has the port (`ss -ltnp`), "
            "and at the firewall"
        )
        fail(node.name, seen, f"{name} to answer there", remedy)


def metrics(node: Node) -> dict[str, float]:
    """Return a master's own metrics; every master answers them for itself."""
    return dict(master_says(node, "/metrics/snapshot"))


def leader(cluster: Cluster) -> Node:
    """Return the one master that says of itself that it is elected."""
    masters = cluster.having("mesos_master")
    elected = [node for node in masters if _is_elected(node)]
    require(
        len(elected) == 1,
        ", ".join(node.name for node in elected or masters),
        "none of them is elected" if not elected else "each says that it is the elected master",
        "exactly one elected master",
        "compare MESOS_ZK in `docker inspect mesos-master-0N` of all masters, look at their logs"
        + (" and at ZooKeeper" if not elected else ""),
    )
    return elected[0]


def _is_elected(node: Node) -> bool:
    # A master that does not answer is the finding of a check of its own.
    try:
        return metrics(node).get("master/elected") == 1
    except pytest.fail.Exception:
        return False


def moved(setting: str, seen: str) -> str:
    """Say what helps where a service has another port than in hosts.ini, which no deploy mends by itself."""
    port = seen.rpartition(":")[2]
    return f"set {setting} back to {port} in hosts.ini, or move all of them at once: `fab plan` says how"


def another_version(node: Node, seen: str, image: str) -> Iterator[Finding]:
    """Find a service whose version is not the one its image is named for (1.5.0 of `...:1.5.0-rc1`)."""
    tag = re.search(r":v?(\d+\.\d+\.\d+)[^/]*$", image)
    if tag and seen != tag[1]:
        remedy = f"somebody gave that name to another image: `docker rmi -f` it there, then pull {image}"
        yield finding(node.name, f"{image} turns out to be version {seen}", tag[1], remedy)
