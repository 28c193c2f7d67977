"""A real ZooKeeper in a container, and clusters of stand-ins over it."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cluster import Cluster, docker, until
from locked import Files

from lab import engine, images, machine


@pytest.fixture(scope="session")
def zookeeper() -> Iterator[str]:
    """Run ZooKeeper, with ticks so short that sessions of a few seconds are allowed."""
    with machine.lock():  # the lab's tests may be building beside us
        engine.ensure()
        images.build_missing((images.BASE, images.ZOOKEEPER))
    with zookeeper_container() as (_, address):
        yield address


@pytest.fixture
def own_zookeeper(zookeeper: str) -> Iterator[tuple[str, str]]:
    """A ZooKeeper that a test may harm: the container's name, and its address."""
    with zookeeper_container() as named:
        yield named


@pytest.fixture(scope="session")
def new_cluster(zookeeper: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Cluster]]:
    """Make clusters, each with a path of its own in ZooKeeper; end what still runs."""
    made: list[Cluster] = []

    def make() -> Cluster:
        directory: Path = tmp_path_factory.mktemp("cluster")
        made.append(Cluster(zookeeper, directory, f"/test-{uuid.uuid4().hex[:8]}/mesos"))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def cluster(new_cluster: Callable[[], Cluster]) -> Iterator[Cluster]:
    """A cluster for one test."""
    made = new_cluster()
    yield made
    made.close()


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster without ZooKeeper, and without tasks in Docker."""
    made = Cluster("", tmp_path, "")
    yield made
    made.end()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """The files with secrets of a test's cluster."""
    return Files(tmp_path)


@pytest.fixture(scope="session")
def task_image(zookeeper: str) -> str:
    """An image with a shell, for tasks."""
    return images.BASE.tag


@contextmanager
def zookeeper_container() -> Iterator[tuple[str, str]]:
    """Run a ZooKeeper while the block lasts; yield the container's name and its address."""
    name = f"mesofab-standin-zookeeper-{uuid.uuid4().hex[:8]}"
    options = ["-e", "ZOO_TICK_TIME=500", "-e", "ZOO_MAX_CLIENT_CNXNS=0", "-p", "127.0.0.1::2181"]
    docker("run", "-d", "--rm", "--name", name, *options, images.ZOOKEEPER.tag)
    try:
        until("ZooKeeper", lambda: _ask(name))
        yield name, docker("port", name, "2181/tcp").splitlines()[0]
    finally:
        docker("rm", "-f", "-v", name)


def _ask(name: str) -> bool:
    command = ["docker", "exec", name, "sh", "-c", "printf srvr | nc -w 2 127.0.0.1 2181"]
    return "Mode:" in subprocess.run(command, capture_output=True, text=True).stdout
