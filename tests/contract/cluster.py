"""Stand-ins as processes on the loopback, over a real ZooKeeper."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from answers import Answer, ask, request

_IMAGES = Path(__file__).parents[2] / "lab/images"
LIBRARY = f"{_IMAGES}/mesos-stand-in:{_IMAGES}/stand-in"
T = TypeVar("T")


READY_TIMEOUT = 120
"""Seconds for whatever is waited for to come: a machine that also builds images takes its time."""

SESSION = "5secs"
"""How long ZooKeeper keeps what a dead process had there: no busy machine stops a live one as long."""

LONG_SESSION = "10secs"
"""The longest that this ZooKeeper grants, for tests that look at what a dead process has left there."""


def until(what: str, ready: Callable[[], T | None]) -> T:
    """Wait until something is there; fail with a sentence if it does not come."""
    deadline = time.monotonic() + READY_TIMEOUT
    while time.monotonic() < deadline:
        try:
            if found := ready():
                return found
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"no {what} within {READY_TIMEOUT} s")


@dataclass
class Member:
    """One process."""

    process: subprocess.Popen[bytes]
    address: str
    log: Path
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def ip(self) -> str:
        """Return the address without its port."""
        return self.address.partition(":")[0]

    def get(self, path: str) -> Any:
        """Return the JSON at a path."""
        return request(self.address, "GET", path, headers=self.headers).body

    def metric(self, name: str) -> float | None:
        """Return a metric, None where it is absent."""
        value = self.get("/metrics/snapshot").get(name)
        return None if value is None else float(value)

    def kill(self, number: int = signal.SIGKILL) -> int:
        """Send a signal, and return how it ended."""
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        return self.ended()

    def ended(self) -> int:
        """Wait for its end; return its exit status."""
        return self.process.wait(READY_TIMEOUT)


@dataclass
class Cluster:
    """Masters on 127.0.0.1 and up, agents on 127.0.0.5 and up, on a port of this cluster's own.

    With `process_1`, whoever is started is process 1 of its own world, as in a container without docker-init.
    Members are asked with `headers`.
    """

    zookeeper: str
    directory: Path
    path: str
    members: list[Member] = field(default_factory=list)
    port: int = field(default_factory=lambda: _free_port())
    process_1: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def zk(self) -> str:
        """Return what --zk and --master say."""
        return f"zk://{self.zookeeper}{self.path}"

    def master(self, number: int = 1, arguments: tuple[str, ...] = (), /, **more: str) -> Member:
        """Start a master."""
        given = {
            "ZK": self.zk,
            "QUORUM": "2",
            "WORK_DIR": str(self.directory / f"master-{number}"),
            "LOG_DIR": str(self.directory / f"log-{number}"),
            "ZK_SESSION_TIMEOUT": SESSION,
        }
        return self.start("master", f"127.0.0.{number}", self.port, arguments, {**given, **more})

    def lone_master(self, **more: str) -> Member:
        """Start a master that needs no ZooKeeper, always at the same address; wait until it leads."""
        unset = {"ZK": "-", "QUORUM": "-", "ZK_SESSION_TIMEOUT": "-"}
        return self.leader([self.master(1, REGISTRY="in_memory", **unset, **more)])

    def masters(self, **more: str) -> list[Member]:
        """Start three masters; wait until one of them leads and has its registry, and all use their log.

        The log begins only with all three: one that has not got so far could not go on without another.
        """
        members = [self.master(number, **more) for number in (1, 2, 3)]
        self.leader(members)
        if more.get("REGISTRY") != "in_memory":
            recovered = "registrar/log/recovered"
            until("log on every master", lambda: all(one.metric(recovered) == 1.0 for one in members))
        return members

    def agent(self, number: int = 5, arguments: tuple[str, ...] = (), /, **more: str) -> Member:
        """Start an agent."""
        given = {
            "MASTER": self.zk,
            "WORK_DIR": str(self.directory / f"agent-{number}"),
            "LOG_DIR": str(self.directory / f"log-{number}"),
            "CONTAINERIZERS": "docker,mesos",
            "SWITCH_USER": "false",
            "SYSTEMD_ENABLE_SUPPORT": "false",
            "ZK_SESSION_TIMEOUT": SESSION,
            # What is left behind by an agent that does not come back ends itself.
            "RECOVERY_TIMEOUT": "5secs",
        }
        return self.start("agent", f"127.0.0.{number}", self.port + 1, arguments, {**given, **more})

    def start(
        self, what: str, ip: str, port: int, arguments: tuple[str, ...], given: dict[str, str]
    ) -> Member:
        """Start a process; a variable set to "-" is not set."""
        variables = {"IP": ip, "HOSTNAME": ip, "PORT": str(port), **given}
        environment = {f"MESOS_{name}": value for name, value in variables.items() if value != "-"}
        base = {"PATH": os.environ["PATH"], "PYTHONPATH": LIBRARY, "PYTHONDONTWRITEBYTECODE": "1"}
        log = self.directory / f"{what}-{ip}.{len(self.members)}.log"
        alone = ["unshare", "--pid", "--fork", "--kill-child"] if self.process_1 else []
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*alone, sys.executable, "-m", f"mesos_standin.{what}", *arguments],
                env={**base, **environment},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        member = Member(process, f"{ip}:{port}", log, self.headers)
        self.members.append(member)
        return member

    def leader(self, members: list[Member]) -> Member:
        """Wait for the one that leads and has its registry."""

        def found() -> Member | None:
            alive = [member for member in members if member.process.poll() is None]
            return next((one for one in alive if _leads(one)), None)

        return until("leading master", found)

    def registered(self, leader: Member) -> dict[str, Any]:
        """Wait for an active agent at the leader; return its entry."""

        def found() -> dict[str, Any] | None:
            return next((one for one in leader.get("/slaves")["slaves"] if one["active"]), None)

        return until("active agent", found)

    def lose(self, agent: Member, leader: Member, number: int = signal.SIGKILL) -> None:
        """Kill an agent that knows its id, and wait until the leader has noticed.

        The leader knows of an agent before that has kept its id; killed then, it comes back as another one.
        """
        until("agent's id", lambda: agent.get("/state")["id"])
        agent.kill(number)
        until("inactive agent", lambda: not any(one["active"] for one in leader.get("/slaves")["slaves"]))

    def end(self) -> None:
        """End every process that was started."""
        for member in self.members:
            if member.process.poll() is None:
                member.kill()

    def close(self) -> None:
        """End it all, and remove the containers of tasks."""
        self.end()
        if mine := self.containers():
            docker("rm", "-f", *mine)

    def containers(self) -> list[str]:
        """Name the containers of this cluster's tasks and executors; other tests' come and go meanwhile."""
        shown = ("--no-trunc", "--format", "{{.Names}} {{.Mounts}}")
        lines = docker("ps", "-a", "--filter", "name=^/mesos-", *shown).splitlines()
        return [line.split()[0] for line in lines if f"{self.directory}/" in line]


def answers_of(leader: Member, follower: Member, agent: Member) -> Callable[[str, str], Answer]:
    """Return a way to ask running ones as `answers.recorded` does the files."""
    members = {"leader": leader, "follower": follower, "agent": agent}
    return lambda who, name: ask(members[who].address, who, name)


def docker(*words: str) -> str:
    """Run the docker CLI; return what it wrote."""
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout.strip()


def _leads(one: Member) -> bool:
    try:
        return bool(one.metric("master/elected") and one.metric("registrar/registry_size_bytes"))
    except OSError:
        return False


def _free_port() -> int:
    """Choose ports that nobody has, below those that the kernel gives away by itself."""
    for first in random.sample(range(20000, 30000, 10), 100):
        if all(_is_free(first + offset) for offset in (0, 1, 2, 9)):
            return first
    raise AssertionError("no free ports from 20000 to 30000")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
        return True
