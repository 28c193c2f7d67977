"""From end to end: an app is launched, runs, is reached, scaled, loses a task, and is removed."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tasks.plan.cluster import Cluster, Node

from .apps import LOGS, SERVER, App, eventually
from .findings import require
from .mesos import as_json, at_marathon, leader, master_says

pytestmark = [pytest.mark.role("marathon"), pytest.mark.journey]

Launch = Callable[..., App]


@pytest.fixture
def standby(cluster: Cluster) -> Node:
    """A Marathon that follows, if there are several: what works through it works through all."""
    marathons = cluster.having("marathon")
    chief = as_json(marathons[0], at_marathon(marathons[0], "/v2/info"))["leader"]
    return next((n for n in marathons if not chief.startswith(f"{n.address}:")), marathons[0])


@pytest.fixture
def launch(standby: Node) -> Iterator[Launch]:
    """Launch an app through a standby; it is removed at the end, whatever happened."""
    launched: list[App] = []

    def start(**definition: Any) -> App:
        app = App(standby, definition)
        launched.append(app)
        app.launch()
        return app

    yield start
    for app in launched:
        app.remove()


def docker(cluster: Cluster) -> dict[str, Any]:
    """A container on the host's network, of an image that agents hold already."""
    agent = cluster.having("mesos_agent")[0]
    image = cluster.image(agent.settings.mesos_image)
    return {
        "container": {"type": "DOCKER", "docker": {"image": image}},
        "networks": [{"mode": "host"}],
        "portDefinitions": [{"port": 0, "name": "http"}],
    }


def goes_its_way(app: App) -> None:
    """Reach it from outside, scale it to three and back, kill one task and see another one come."""
    says_its_name(app, app.runs(1))
    app.scale(3)
    says_its_name(app, app.runs(3))
    app.scale(1)
    (task,) = app.runs(1)
    app.call("DELETE", f"/{app.id}/tasks/{task['id']}")
    another = f"another task of {app.id} in the place of the killed one"
    eventually(another, lambda: [t for t in app.tasks() if t["id"] != task["id"]], where=app.through.name)
    says_its_name(app, app.runs(1))


def says_its_name(app: App, tasks: list[dict[str, Any]]) -> None:
    """Ask every task's port from here: each must answer with its own id."""
    for task in tasks:
        said, where = app.says(task), f"port {task['ports'][0]}"
        require(said == task["id"], task["host"], f"{where} answers {said[:80]!r}", task["id"], LOGS)


def test_a_command_goes_its_way_from_launch_to_removal(launch: Launch, cluster: Cluster) -> None:
    app = launch(cmd=SERVER)
    goes_its_way(app)
    leaves_nothing_behind(app, cluster)


def test_a_docker_container_goes_its_way_from_launch_to_removal(launch: Launch, cluster: Cluster) -> None:
    app = launch(cmd=SERVER, **docker(cluster))
    goes_its_way(app)
    leaves_nothing_behind(app, cluster)


def leaves_nothing_behind(app: App, cluster: Cluster) -> None:
    """Remove it; nothing runs any more, and nothing listens where it listened."""
    tasks = app.tasks()
    app.remove()

    def no_task_left() -> bool:
        listed = master_says(leader(cluster), "/tasks?limit=1000")["tasks"]
        return not [t for t in listed if t["state"] == "TASK_RUNNING" and t["id"] in {o["id"] for o in tasks}]

    eventually(f"no running task of {app.id}", no_task_left, where=app.through.name)
    for task in tasks:
        seen = f"{task['id']} is gone, and its port {task['ports'][0]} is answered"
        require(not listens(task), task["host"], seen, "nobody to listen there", LOGS)


def listens(task: dict[str, Any]) -> bool:
    """Tell whether somebody answers where a task was."""
    try:
        requests.get(f"http://{task['host']}:{task['ports'][0]}/", timeout=5)
    except requests.ConnectionError:
        return False
    return True
