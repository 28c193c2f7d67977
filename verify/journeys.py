"""From end to end: an app is launched, runs, is reached, is scaled or loses its task, and is removed.

A journey mostly waits: Mesos offers what an app needs once a second, and what Marathon has declined
only after 5 s. So each needs offers but twice, and all of them are under way while the checks ask.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import requests

from tasks.inventory.cluster import Cluster, Node

from .apps import LOGS, SERVER, App, eventually
from .findings import require
from .mesos import as_json, at_marathon, leader, master_says


def _with_a_command(cluster: Cluster) -> App:
    """Give an app whose tasks are processes."""
    return App(_standby(cluster), {"cmd": SERVER})


def _with_a_docker_container(cluster: Cluster) -> App:
    """Give one whose tasks are containers, on the host's network and of an image that agents hold already."""
    image = cluster.image(cluster.having("mesos_agent")[0].settings.mesos_image)
    container = {
        "container": {"type": "DOCKER", "docker": {"image": image}},
        "networks": [{"mode": "host"}],
        "portDefinitions": [{"port": 0, "name": "http"}],
    }
    return App(_standby(cluster), {"cmd": SERVER, **container})


def _standby(cluster: Cluster) -> Node:
    """Give a Marathon that follows, if there are several: what works through it works through all."""
    marathons = cluster.having("marathon")
    chief = as_json(marathons[0], at_marathon(marathons[0], "/v2/info"))["leader"]
    return next((n for n in marathons if not chief.startswith(f"{n.address}:")), marathons[0])


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
    app.call("DELETE", f"/{app.id}/tasks/{task['id']}")
    another = f"another task of {app.id} in the place of the killed one"
    eventually(another, lambda: [t for t in app.tasks() if t["id"] != task["id"]], where=app.through.name)
    _says_its_name(app, app.runs(1))


def _travel(launched: Callable[[Cluster], App], go: Callable[[App], None], cluster: Cluster) -> None:
    """Go the whole way through a standby; the app is removed at the end, whatever happened."""
    app = launched(cluster)
    try:
        app.launch()
        go(app)
        _leave_nothing_behind(app, cluster)
    finally:
        app.remove()


JOURNEYS: Mapping[str, Callable[[Cluster], None]] = {
    "test_a_command_is_launched_reached_scaled_and_removed": partial(_travel, _with_a_command, _scaled),
    "test_a_command_that_is_killed_has_a_successor": partial(_travel, _with_a_command, _killed),
    "test_a_docker_container_is_launched_reached_scaled_and_removed": partial(
        _travel, _with_a_docker_container, _scaled
    ),
    "test_a_docker_container_that_is_killed_has_a_successor": partial(
        _travel, _with_a_docker_container, _killed
    ),
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
        requests.get(f"http://{task['host']}:{task['ports'][0]}/", timeout=5)
    except requests.ConnectionError:
        return False
    return True
