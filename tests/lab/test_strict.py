"""A running cluster comes to demand credentials and gives that up again, and nobody notices but strangers."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import requests
from operators import AGENT, INVENTORY, TRIO, Inventory, Run, inside, pid_of_the_app, running_task
from test_credentials_rolled import HOME, SHOWN, assert_unseen, secrets

from tasks.inventory.credentials import Credentials

MASTER_FLAGS = ("authenticate_agents", "authenticate_http_readonly", "authenticate_http_readwrite")
DOORS = (
    *((each, 5050, path) for each in TRIO for path in ("/state", "/flags")),
    *((each, 8080, "/v2/info") for each in TRIO),
    (AGENT, 5051, "/state"),
)


def flags(address: str, port: int, auth: tuple[str, str]) -> dict[str, Any]:
    answer = requests.get(f"http://{address}:{port}/flags", timeout=15, auth=auth)
    found: dict[str, Any] = answer.json()["flags"]
    return found


def statuses(auth: tuple[str, str] | None) -> set[int]:
    """Try doors of masters and of the agent."""
    tried = (
        requests.get(f"http://{host}:{port}{path}", timeout=15, auth=auth, allow_redirects=False)
        for host, port, path in DOORS
    )
    return {answer.status_code for answer in tried}


@pytest.fixture
def opened(docker_app: dict[str, Any], fab: Run, inventory: Inventory) -> Iterator[None]:
    """Leave a cluster that demands nothing, whatever happens, before the app is removed from it."""
    yield
    left = fab("deploy-cluster", inventory=inventory("security=open\nsecrets_file=s.yml"))
    assert left.code == 0, left.said


@dataclass
class World:
    """A cluster with a task, and the file of secrets by which it is locked."""

    fab: Run
    inventory: Inventory
    place: Path
    task: str
    pid: str
    said: list[str] = field(default_factory=list)

    @cached_property
    def known(self) -> Credentials:
        return secrets(self.place / "s.yml")

    @property
    def operator(self) -> tuple[str, str]:
        return "operator", self.known.of["operator"].secret.text

    def typed(
        self, *words: str, security: str = "strict", codes: Collection[int] = (0,), gate: int = 60
    ) -> str:
        """Type a command; whatever it ends with, the task runs on."""
        assert self.known
        extra = f"security={security}\nsecrets_file=s.yml\ngate_timeout={gate}\nlost_tasks_budget=0"
        done = self.fab(*words, inventory=self.inventory(extra))
        self.said.append(done.said)
        assert done.code in codes, done.said
        assert running_task(self.operator)["id"] == self.task and pid_of_the_app() == self.pid
        return done.said

    def demanded(self) -> list[bool]:
        """Tell of each master whether it demands credentials of agents."""
        asked = (flags(each, 5050, self.operator)["authenticate_agents"] for each in TRIO)
        return [each in (True, "true") for each in asked]


@pytest.fixture
def world(opened: None, docker_app: dict[str, Any], fab: Run, inventory: Inventory, tmp_path: Path) -> World:
    return World(fab, inventory, tmp_path, docker_app["id"], pid_of_the_app())


def test_an_agent_that_has_not_authenticated_stops_masters_before_any_of_them_demands_that(
    world: World,
) -> None:
    world.typed("deploy-cluster", security="permissive")
    wrong = f"sed -i 's/secret\": \"..../&wrong/' {HOME}/mesos_agent/credential.json"
    inside(AGENT, f"{wrong} && docker restart mesos-slave")
    # Now and then the agent runs, and says its flags. Masters give it up after 75 s, and its tasks with it.
    stopped = world.typed("deploy-mesos-master", codes=(5, 6), gate=10)
    assert ", and an agent without a credential loses all its tasks" in stopped
    assert "credential.json  prepared" in world.typed("deploy-mesos-agent", security="permissive")
    assert not any(world.demanded())
    world.typed("deploy-cluster")
    assert all(world.demanded())


def test_masters_demand_credentials_when_every_agent_has_shown_its_own_and_stop_demanding_first(
    world: World, suite: Run
) -> None:
    early = world.typed("deploy-mesos-master", codes=[6])
    assert "The agents on 10.70.0.20 do not say that they run with a credential (/flags)" in early
    saved = world.place / "plan.json"
    planned = world.typed("plan", "--out", str(saved))
    assert "Masters first know credentials and demand none" in planned
    assert "Tasks: 1 of 1 run on, 0 lost." in world.typed("deploy-cluster")
    assert all(world.demanded())
    assert flags(AGENT, 5051, world.operator)["http_credentials"] == f"{HOME}/mesos_agent/visitors.json"
    assert statuses(None) == statuses(("operator", "wrong")) == {401}
    assert statuses(world.operator) <= {200, 307}
    assert "Nothing to do" in world.typed("deploy-cluster")
    for words in (["status"], ["preflight"], ["status", "--json"], ["plan", "--json"]):
        world.typed(*words)
    passed = suite(inventory=world.inventory("security=strict\nsecrets_file=s.yml"))
    assert passed.code == 0, passed.said
    texts = [*world.said, passed.said, saved.read_text()]
    texts += [inside(each, SHOWN) for each in (*TRIO, AGENT)]
    texts += [json.dumps(flags(each, 5050, world.operator)) for each in TRIO]
    texts += [file.read_text() for file in (world.place / "runs").glob("*")]
    for text in texts:
        assert_unseen(text, world.known)

    late = world.typed("deploy-mesos-agent", security="open", codes=[6])
    assert "The masters on 10.70.0.10, .11, .12 do not say that they demand no credentials" in late
    world.typed("deploy-cluster", security="open")
    assert statuses(None) <= {200, 307}
    assert not any(flags(each, 5050, world.operator).get("credentials") for each in TRIO)
    assert "Nothing to do" in world.fab("deploy-cluster", inventory=INVENTORY).said
