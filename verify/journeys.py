"""From end to end: an app is launched, runs, is reached, scaled, loses a task, and is removed.

A journey mostly waits: Mesos offers what an app needs once a second, and what Marathon has declined
only after 5 s. So all of them are under way while the checks ask.
"""

from collections.abc import Callable, Mapping
from typing import Any

import requests

from tasks.plan.cluster import Cluster, Node

from .apps import LOGS, SERVER, App, eventually
from .findings import require
from .mesos import as_json, at_marathon, leader, master_says


def with_a_command(cluster: Cluster) -> None:
    """Have a process go the whole way."""
    _travel(cluster, {"cmd": SERVER})


def with_a_docker_container(cluster: Cluster) -> None:
    """Have a container go it, on the host's network and of an image that agents hold already."""
    image = cluster.image(cluster.having("mesos_agent")[0].settings.mesos_image)
    container = {
        "container": {"type": "DOCKER", "docker": {"image": image}},
        "networks": [{"mode": "host"}],
        "portDefinitions": [{"port": 0, "name": "http"}],
    }
    _travel(cluster, {"cmd": SERVER, **container})


JOURNEYS: Mapping[str, Callable[[Cluster], None]] = {
    "test_a_command_goes_its_way_from_launch_to_removal": with_a_command,
    "test_a_docker_container_goes_its_way_from_launch_to_removal": with_a_docker_container,
}
"""Every journey by the test that tells how it went."""


def _travel(cluster: Cluster, definition: dict[str, Any]) -> None:
    """Go the whole way through a standby; the app is removed at the end, whatever happened."""
    app = App(_standby(cluster), definition)
    try:
        app.launch()
        _go(app)
        _leave_nothing_behind(app, cluster)
    finally:
        app.remove()


def _standby(cluster: Cluster) -> Node:
    """Give a Marathon that follows, if there are several: what works through it works through all."""
    marathons = cluster.having("marathon")
    chief = as_json(marathons[0], at_marathon(marathons[0], "/v2/info"))["leader"]
    return next((n for n in marathons if not chief.startswith(f"{n.address}:")), marathons[0])


def _go(app: App) -> None:
    """Reach it from outside, scale it to three and back, kill one task and see another one come."""
    _says_its_name(app, app.runs(1))
    app.scale(3)
    _says_its_name(app, app.runs(3))
    app.scale(1)
    (task,) = app.runs(1)
    app.call("DELETE", f"/{app.id}/tasks/{task['id']}")
    another = f"another task of {app.id} in the place of the killed one"
    eventually(another, lambda: [t for t in app.tasks() if t["id"] != task["id"]], where=app.through.name)
    _says_its_name(app, app.runs(1))


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
