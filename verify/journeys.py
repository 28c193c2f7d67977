"""From end to end: an app is launched, runs, is reached, is scaled or loses its task, and is removed.

A journey mostly waits: Mesos offers what an app needs once a second, and what Marathon has declined
only after 5 s. So each needs offers but twice, and all of them are under way while the checks ask.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from tasks.inventory.cluster import Cluster, Node

from .apps import LOGS, SERVER, App, eventually, launched
from .asking import request
from .chosen import Chosen
from .evidence import stretch
from .findings import require
from .mesos import as_json, at_marathon, leader, master_says


@dataclass(frozen=True)
class Journey:
    """One journey: the containerizer of Mesos that its tasks need, what they run, and the way of the app."""

    containerizer: str
    definition: Callable[[Cluster], dict[str, Any]]
    go: Callable[[App], None]

    def obstacle(self, cluster: Cluster) -> str:
        """Say why no agent could run it; "" if one can."""
        if able(cluster, self.containerizer):
            return ""
        return f"{cluster.source} has no agent with {self.containerizer} in mesos_agent_containerizers"

    def travel(self, chosen: Chosen) -> None:
        """Go the whole way through a standby of those chosen; launches that failed on the way are told."""
        cluster, through = chosen.cluster, _standby(chosen.having("marathon"))
        with launched(cluster, through, self.definition(cluster), chosen.note) as app:
            self.go(app)
            _leave_nothing_behind(app, cluster)


def able(cluster: Cluster, containerizer: str) -> list[Node]:
    """Return the agents that run tasks with this containerizer."""
    agents = cluster.having("mesos_agent")
    return [each for each in agents if containerizer in each.settings.mesos_agent_containerizers.split(",")]


def command(cluster: Cluster) -> dict[str, Any]:
    """Return the definition of an app whose tasks are processes."""
    return {"cmd": SERVER, **_only_on(able(cluster, "mesos"), cluster)}


def docker_container(cluster: Cluster) -> dict[str, Any]:
    """Return that of one whose tasks are containers, on the host's network and of an image agents hold."""
    agents = able(cluster, "docker")
    return {
        "cmd": SERVER,
        "container": {
            "type": "DOCKER",
            "docker": {"image": cluster.image(agents[0].settings.mesos_image)},
        },
        "networks": [{"mode": "host"}],
        "portDefinitions": [{"port": 0, "name": "http"}],
        **_only_on(agents, cluster),
    }


def _only_on(agents: list[Node], cluster: Cluster) -> dict[str, Any]:
    """Keep tasks on these agents, if there are others: Marathon does not know which could run them."""
    if len(agents) == len(cluster.having("mesos_agent")):
        return {}
    return {"constraints": [["hostname", "LIKE", "|".join(re.escape(each.address) for each in agents)]]}


def _standby(marathons: Sequence[Node]) -> Node:
    """Return one that answers, and follows if any does: what works through it works through all."""
    leading: list[Node] = []
    silent: list[BaseException] = []
    for node in marathons:
        try:
            chief = str(as_json(node, at_marathon(node, "/v2/info"))["leader"])
        except pytest.fail.Exception as error:  # the finding of a check of its own, if others answer
            silent.append(error)
            continue
        if not chief.startswith(f"{node.address}:"):
            return node
        leading.append(node)
    if not leading:
        raise silent[0]
    return leading[0]


def _scaled(app: App) -> None:
    """Reach it from outside, scale it to three and back."""
    _says_its_name(app, app.runs(1))
    app.scale(3)
    _says_its_name(app, app.runs(3))
    app.scale(1)
    _says_its_name(app, app.runs(1))


def _killed(app: App) -> None:
    """Kill its one task and see another one come."""
    (task,) = app.runs(1)
    app.kill(task)
    with stretch("another task runs"):
        others = app.runs(1)
    _says_its_name(app, others)


JOURNEYS: Mapping[str, Journey] = {
    "test_a_command_is_launched_reached_scaled_and_removed": Journey("mesos", command, _scaled),
    "test_a_command_that_is_killed_has_a_successor": Journey("mesos", command, _killed),
    "test_a_docker_container_is_launched_reached_scaled_and_removed": Journey(
        "docker", docker_container, _scaled
    ),
    "test_a_docker_container_that_is_killed_has_a_successor": Journey("docker", docker_container, _killed),
}
"""Every journey by the test that tells how it went."""


def _says_its_name(app: App, tasks: list[dict[str, Any]]) -> None:
    """Ask every task's port from here: each must answer with its own id."""
    for task in tasks:
        said, where = app.says(task), f"port {task['ports'][0]}"
        require(said == task["id"], task["host"], f"{where} answers {said[:80]!r}", task["id"], LOGS)


def _leave_nothing_behind(app: App, cluster: Cluster) -> None:
    """Remove it; nothing runs any more, and nothing listens where it listened."""
    tasks = app.tasks()
    app.remove()

    def no_task_left() -> bool:
        listed = master_says(leader(cluster), "/tasks?limit=1000")["tasks"]
        return not [t for t in listed if t["state"] == "TASK_RUNNING" and t["id"] in {o["id"] for o in tasks}]

    eventually(f"no running task of {app.id}", no_task_left, where=app.through.name)
    for task in tasks:
        seen = f"{task['id']} is gone, and its port {task['ports'][0]} is answered"
        require(not _listens(task), task["host"], seen, "nobody to listen there", LOGS)


def _listens(task: dict[str, Any]) -> bool:
    """Tell whether somebody answers where a task was."""
    try:
        request("GET", f"http://{task['host']}:{task['ports'][0]}/", timeout=5)
    except requests.ConnectionError:
        return False
    return True
