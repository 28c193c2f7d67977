"""A docker task whose launch fails by a race inside Mesos, as the lab has it on demand; needs no docker."""

# ruff: noqa: E402

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# Nothing may be left in a directory whose files decide whether images are built again.
sys.dont_write_bytecode = True
IMAGES = Path(__file__).resolve().parents[2] / "lab/images"
sys.path[:0] = [str(IMAGES / "mesos-stand-in"), str(IMAGES / "stand-in")]

from mesos_standin import flags, resources
from mesos_standin.agent import __main__ as agent
from mesos_standin.agent import runs
from mesos_standin.agent.state import State
from mesos_standin.docker import Docker

NAME = r"(mesos-[-\w]{36})"
RECORDED = (
    rf"Failed to launch container: Failed to run 'docker -H unix:///var/run/docker\.sock inspect {NAME}'"
    rf": exited with status 1; stderr='Error: No such object: {NAME}\n'"
)
"""What Marathon 1.5.8 told of such a task of a real agent."""


class Engine(Docker):
    """An engine that has every image, and runs no container for long."""

    def __init__(self) -> None:
        super().__init__("nowhere")
        self.ran: list[str] = []

    async def provide(self, image: str, anyway: bool = False) -> None:
        """Have it."""

    async def run(self, name: str, body: dict[str, Any]) -> None:
        """Note what is run."""
        self.ran.append(name)

    async def wait(self, name: str) -> int:
        """Say that it has ended."""
        return 0

    async def call(self, *_: object, **__: object) -> None:
        """Remove it."""


Statuses = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def engine() -> Engine:
    """An engine that is made up."""
    return Engine()


@pytest.fixture
def statuses(tmp_path: Path, engine: Engine) -> Statuses:
    """Launch tasks in that engine on one agent, one after the other; give what becomes of each."""
    given = {
        "MESOS_MASTER": "zk://127.0.0.1:1/mesos",
        "MESOS_WORK_DIR": str(tmp_path / "work"),
        "MESOS_RUNTIME_DIR": str(tmp_path),
        "MESOS_CONTAINERIZERS": "docker,mesos",
        "MESOS_DOCKER_MESOS_IMAGE": "lab/mesos:1",
        "MESOS_RESOURCES": "cpus:1;mem:64",
    }
    state = agent._state(flags.load("mesos-slave", agent._TABLE, [], given), "127.0.0.1", 5051)
    state.info["id"], state.docker = {"value": "S0"}, engine

    def run(count: int) -> list[dict[str, Any]]:
        return [asyncio.run(last_status(state, f"task.{number}")) for number in range(count)]

    return run


async def last_status(state: State, name: str) -> dict[str, Any]:
    """Launch a docker task; give its last status."""
    info = {
        "task_id": {"value": name},
        "name": name,
        "agent_id": {"value": "S0"},
        "command": {"value": "true"},
        "container": {"type": "DOCKER", "docker": {"image": "lab/mesos:1"}},
        "resources": resources.dump({"cpus": 0.1, "mem": 32.0}),
    }
    task = {"info": info, "framework_id": "F0"}
    runs.start(state, {"task": task, "framework": {"name": "marathon", "user": "root"}})
    run = state.runs["F0", name]
    await until(lambda: run.task.statuses)
    return dict(run.task.statuses[-1])


async def until(true: Callable[[], object]) -> None:
    """Let the agent work until something is so."""
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0)


def test_as_many_launches_fail_as_the_lab_says_and_then_none(
    statuses: Statuses, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "failing-launches").write_text("2\n")
    one, two, three = statuses(3)
    assert [each["reason"] for each in (one, two)] == ["REASON_CONTAINER_LAUNCH_FAILED"] * 2
    assert "launch" not in three["message"]
    assert len(engine.ran) == 1
    assert (tmp_path / "failing-launches").read_text() == "0"


def test_it_fails_in_the_words_of_the_real_one(statuses: Statuses, tmp_path: Path) -> None:
    (tmp_path / "failing-launches").write_text("1")
    (status,) = statuses(1)
    assert (status["state"], status["source"]) == ("TASK_FAILED", "SOURCE_AGENT")
    said = re.fullmatch(RECORDED, status["message"])
    assert said is not None, status["message"]
    assert said[1] == said[2] == f"mesos-{status['container_status']['container_id']['value']}"


@pytest.mark.parametrize("told", [None, "0"])
def test_no_launch_fails_unless_that_is_asked_for(
    statuses: Statuses, engine: Engine, tmp_path: Path, told: str | None
) -> None:
    if told is not None:
        (tmp_path / "failing-launches").write_text(told)
    statuses(2)
    assert len(engine.ran) == 2
