"""Marathons as processes on loopback, a real ZooKeeper in a container, and waiting with a deadline."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import requests

ROOT = Path(__file__).resolve().parents[2]
ENTRY_POINT = ROOT / "lab/images/marathon-stand-in/bin/marathon"
IMAGE = "lab/zookeeper:3.8.0"
READY_TIMEOUT = 120.0
T = TypeVar("T")

ANY_PORT = cast(tuple[str, int], ("127.0.0.1", None))
"""For docker, whichever port of the loopback is free; its types know only of numbers."""


def until(ask: Callable[[], T | Literal[False] | None], what: str) -> T:
    """Ask until the answer is a true one; errors of a connection count as no."""
    deadline = time.monotonic() + READY_TIMEOUT
    answer: Any = None
    while time.monotonic() < deadline:
        try:
            answer = given = ask()
            # A response is an answer whatever its status, though it calls itself false from 400 on.
            if given or isinstance(given, requests.Response):
                return given
        except (requests.RequestException, LookupError, ValueError) as error:
            answer = error
        time.sleep(0.05)
    raise AssertionError(f"not within {READY_TIMEOUT:g} s: {what}; last answer: {answer!r}")


class ZooKeeper:
    """A ZooKeeper of its own, in a container that is published on loopback."""

    def __init__(self) -> None:
        import docker

        self.container = docker.from_env().containers.run(
            IMAGE,
            detach=True,
            remove=True,
            environment={"ZOO_TICK_TIME": "1000"},
            ports={"2181/tcp": ANY_PORT},
            tmpfs={"/data": "", "/datalog": ""},
        )

    def address(self) -> str:
        """Return host:port; a restarted container may have got another one."""
        self.container.reload()
        published = self.container.ports["2181/tcp"]
        assert published, "docker publishes no port of it"
        return f"127.0.0.1:{published[0]['HostPort']}"

    def client(self) -> Any:
        """Connect to it, as soon as it answers."""
        from kazoo.client import KazooClient

        client = KazooClient(hosts=self.address())
        client.start(timeout=READY_TIMEOUT)
        return client


class Marathon:
    """One Marathon: a process with an address of its own."""

    def __init__(
        self,
        directory: Path,
        host: str,
        port: int,
        zk: str,
        *arguments: str,
        entry: Path = ENTRY_POINT,
        **more: str,
    ) -> None:
        self.host, self.port, self.url = host, port, f"http://{host}:{port}"
        self.log = directory / f"{host}-{time.monotonic_ns()}.log"
        own = [f"--hostname={host}", f"--http_address={host}", f"--http_port={port}", f"--zk={zk}"]
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(entry), *own, *arguments],
                stdout=log,
                stderr=log,
                env=environment | more,
            )

    @property
    def address(self) -> str:
        """Return host:port, as it calls itself."""
        return f"{self.host}:{self.port}"

    def ask(self, method: str, path: str, **how: Any) -> requests.Response:
        """Ask this very node."""
        return requests.request(method, self.url + path, timeout=60, allow_redirects=False, **how)

    def get(self, path: str) -> Any:
        """Return the JSON at a path, which has to be there."""
        response = self.ask("GET", path)
        response.raise_for_status()
        return response.json()

    def leads(self) -> bool:
        """Tell whether it answers by itself."""
        response = self.ask("GET", "/ping")
        return response.status_code == 200 and "X-Marathon-Via" not in response.headers

    def exit_code(self) -> int:
        """Wait for the end."""
        return self.process.wait(timeout=READY_TIMEOUT)

    def stop(self) -> None:
        """End it, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def entry_point(directory: Path, version: str) -> Path:
    """Make a stand-in of another version, as its image would be made."""
    made = directory / f"marathon-{version}"
    ours = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ENTRY_POINT.parents[1], made, ignore=ours)
    shutil.copytree(
        ENTRY_POINT.parents[2] / "stand-in", directory / "stand-in", ignore=ours, dirs_exist_ok=True
    )
    (made / "marathon" / "version").write_text(f"{version}\n")
    return made / "bin" / "marathon"


def leader_of(nodes: list[Marathon]) -> Marathon | None:
    """Return the node that leads, if there is one."""
    for node in nodes:
        try:
            if node.process.poll() is None and node.leads():
                return node
        except requests.RequestException:
            continue
    return None
