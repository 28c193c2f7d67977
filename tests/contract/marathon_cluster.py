"""Fixtures for Marathon's contract: Marathons over a ZooKeeper of their own and a fake master.

PYTEST_DONT_REWRITE: tests import it by name too, and it asserts nothing.
"""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from marathon_master import FakeMaster
from marathon_nodes import ENTRY_POINT, IMAGE, Marathon, ZooKeeper, entry_point, leader_of, until

SMOKE = {"id": "/smoke", "cmd": "sleep 3600", "cpus": 0.1, "mem": 32, "instances": 1}
HUGE = {**SMOKE, "id": "/huge", "cpus": 99}
QUICK = (
    "--reconciliation_initial_delay=300",
    "--min_revive_offers_interval=100",
)
SESSION = 4000
"""Milliseconds for which ZooKeeper keeps what a dead Marathon had there."""

LONG_SESSION = 15_000
"""The same, for tests that look at what becomes of it meanwhile; ZooKeeper would grant 20 s."""


def _no_zookeeper() -> str:
    try:
        import docker

        docker.from_env().images.get(IMAGE)
    except Exception as error:
        return f"no docker engine with the image {IMAGE} answers: {error}"
    return ""


def free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def keeper() -> Iterator[ZooKeeper]:
    if reason := _no_zookeeper():
        pytest.skip(reason)
    server = ZooKeeper()
    try:
        server.client().stop()
        yield server
    finally:
        server.container.kill()


@pytest.fixture
def fake_master() -> Iterator[FakeMaster]:
    fake = FakeMaster()
    yield fake
    fake.close()


class Marathons:
    """Marathons that share a ZooKeeper path."""

    def __init__(self, directory: Path, keeper: ZooKeeper, master: str) -> None:
        self.path = f"/m{uuid.uuid4().hex}"
        self.zk = f"zk://{keeper.address()}{self.path}"
        self._directory, self._master = directory, master
        self.nodes: list[Marathon] = []

    def add(self, *arguments: str, version: str = "", session: int = SESSION, **environment: str) -> Marathon:
        host = f"127.0.0.{2 + len(self.nodes)}"
        more = (f"--master={self._master}", *QUICK, f"--zk_session_timeout={session}", *arguments)
        entry = entry_point(self._directory, version) if version else ENTRY_POINT
        port = free_port(host)
        node = Marathon(self._directory, host, port, self.zk, *more, entry=entry, **environment)
        self.nodes.append(node)
        return node

    def leader(self) -> Marathon:
        return until(lambda: leader_of(self.nodes), "a leader")

    def standby(self) -> Marathon:
        leader = self.leader()
        return next(node for node in self.nodes if node is not leader and node.process.poll() is None)

    def up(self, count: int, *arguments: str, session: int = SESSION) -> Marathons:
        for node in [self.add(*arguments, session=session) for _ in range(count)]:
            until(partial(is_up, node), f"{node.address} answers")
        return self


@pytest.fixture
def marathons(tmp_path: Path, keeper: ZooKeeper, fake_master: FakeMaster) -> Iterator[Marathons]:
    made = Marathons(tmp_path, keeper, fake_master.address)
    yield made
    for node in made.nodes:
        node.stop()


def is_up(node: Marathon) -> bool:
    return node.ask("GET", "/ping").status_code == 200


def settled(node: Marathon) -> bool:
    return bool(node.get("/v2/deployments") == [])


def tasks_of(node: Marathon, app: str = "/smoke") -> list[dict[str, Any]]:
    return [task for task in node.get(f"/v2/apps{app}/tasks")["tasks"] if task["state"] == "TASK_RUNNING"]


def running(node: Marathon, count: int, app: str = "/smoke") -> list[dict[str, Any]]:
    return until(
        lambda: len(tasks_of(node, app)) == count and settled(node) and (tasks_of(node, app) or [{}]),
        f"{count} tasks of {app}",
    )
