"""How a test types commands and looks into lab hosts."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from kazoo.client import KazooClient
from kazoo.retry import KazooRetry

from lab import hosts

ROOT = Path(__file__).resolve().parents[2]
INVENTORY = ROOT / "lab/hosts.ini"
AGENT = "10.70.0.20"
TRIO = ("10.70.0.10", "10.70.0.11", "10.70.0.12")
OTHER = TRIO[2]
"""The second agent of those tests that need two, on a host that has other services, too."""
MARATHON = f"http://{TRIO[0]}:8080"


COMMAND_TIMEOUT = 600
"""Seconds for a command to end: several times what the longest take on a machine that does much beside."""

SOON = 180
"""Seconds for a condition to come true: the same, for what takes seconds."""

SESSION = 40
"""Seconds of the longest session that a ZooKeeper with ticks of 2 s grants; no machine pauses as long."""


def lay_bare() -> None:
    """Have four hosts as freshly installed; if to wipe them is not enough, they are made again."""
    if len(hosts.present()) != 4 or not hosts.wipe():
        hosts.reset()


@dataclass(frozen=True)
class Command:
    """How a command ended and what it printed, both streams together."""

    code: int
    said: str


Run = Callable[..., Command]
Inventory = Callable[..., Path]


def environment(inventory: Path) -> dict[str, str]:
    """Give the environment of a command that works on `inventory`."""
    return {**os.environ, "INVENTORY": str(inventory), "COLUMNS": "200"}


def start(words: list[str], inventory: Path, **streams: Any) -> subprocess.Popen[str]:
    """Start fab and let it run. It heeds SIGINT even if the tests run in the background, which does not."""
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "fabric", *words],
        cwd=ROOT,
        env=environment(inventory),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        text=True,
        **streams,
    )


def execute(command: list[str], inventory: Path) -> Command:
    """Run a command in the checkout and keep what it said."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(inventory),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=COMMAND_TIMEOUT,
        check=False,
    )
    return Command(done.returncode, done.stdout)


def inside(node: str, script: str) -> str:
    """Run a shell line inside a lab host, not over SSH; it must succeed."""
    code, output = hosts.exec(node, ["sh", "-c", script])
    assert code == 0, f"{node}: {script}: {output}"
    return output.strip()


def zookeeper_client(nodes: Sequence[str] = TRIO) -> KazooClient:
    """Return a client that tries again at once: in kazoo's own pauses, which grow, its session may end."""
    impatient = KazooRetry(max_tries=-1, delay=0.1, backoff=1, max_jitter=0.0)
    return KazooClient(
        ",".join(f"{node}:2181" for node in nodes), timeout=SESSION, connection_retry=impatient
    )


@contextmanager
def zookeeper(nodes: Sequence[str] = TRIO) -> Iterator[KazooClient]:
    """Have a session with the ensemble."""
    client = zookeeper_client(nodes)
    client.start(SOON)
    try:
        yield client
    finally:
        client.stop()
        client.close()


def edit(node: str, file: str, sed: str) -> None:
    """Edit a file of a host by hand. Its inode stays, so a container that mounts it goes on seeing it."""
    inside(node, f"set -e; sed -E '{sed}' {file} > /tmp/edited; cat /tmp/edited > {file}")


def slaves() -> list[dict[str, Any]]:
    """Give the agents that the leading master has."""
    found: list[dict[str, Any]] = requests.get(f"http://{TRIO[0]}:5050/slaves", timeout=15).json()["slaves"]
    return found


def running_task(auth: tuple[str, str] | None = None) -> dict[str, Any]:
    """Wait until the app of `docker_app` runs; give its task as Marathon tells it to whoever asks."""
    from verify.apps import eventually

    def ask() -> dict[str, Any] | None:
        answer = requests.get(f"{MARATHON}/v2/apps//survivor/tasks", timeout=15, auth=auth)
        tasks = answer.json().get("tasks", []) if answer.ok else []
        return next((task for task in tasks if task["state"] == "TASK_RUNNING"), None)

    return eventually("a running task of /survivor", ask, SOON)


def pid_of_the_app() -> str:
    """Give the process of the app of `docker_app`, by its agent's docker."""
    ask = "docker ps -q --no-trunc | xargs docker inspect -f '{{.State.Pid}} {{.Path}} {{.Args}}' | grep 3600"
    return inside(AGENT, ask).split()[0]


def leaving(text: str, *nodes: str) -> str:
    """Give a hosts.ini in which these hosts leave."""
    return text.replace("[all:vars]", "[removed]\n" + "\n".join(nodes) + "\n\n[all:vars]")


def instead(text: str, old: str, new: str) -> str:
    """Give a hosts.ini in which a new host has the roles and the myid of an old one, which leaves."""
    lines = [
        f"{line}{line.replace(old, new)}" if line.startswith(old) else line for line in text.splitlines(True)
    ]
    return leaving("".join(lines), old)


def without(text: str, *nodes: str) -> str:
    """Give a hosts.ini that does not name these hosts."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(nodes))
