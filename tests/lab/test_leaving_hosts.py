"""Hosts leave a cluster that goes on, or are replaced, dead or alive, under a writer: servers and agents."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

import pytest
import requests
from operators import AGENT, INVENTORY, MARATHON, SOON, TRIO, Inventory, Run, inside, lay_bare, zookeeper

from lab import faults, hosts
from tasks.engine.removing import OUT
from verify.apps import eventually

GONE = ("10.70.0.21", "10.70.0.22")
"""Those that leave; the second one has an agent, too."""

APP = "/members/web"


@dataclass
class Written:
    """What a writer was told that ZooKeeper has, and its longest wait for that, in seconds."""

    names: list[str] = field(default_factory=list)
    longest: float = 0.0


@contextmanager
def writing() -> Iterator[Written]:
    """Write into ZooKeeper all the time; a write counts once it was acknowledged."""
    written, over = Written(), Event()

    def write(client: Any) -> None:
        last = time.monotonic()
        while not over.wait(0.02):
            name = f"/members/{len(written.names):06}"
            client.retry(client.ensure_path, name)
            written.names.append(name)
            written.longest = max(written.longest, time.monotonic() - last)
            last = time.monotonic()

    with zookeeper() as client:
        client.ensure_path("/members")
        thread = Thread(target=write, args=[client])
        thread.start()
        try:
            yield written
        finally:
            over.set()
            thread.join()


@pytest.fixture
def five(bare: None, fab: Run, inventory: Inventory) -> Iterator[str]:
    """A cluster of five ZooKeepers and masters on six hosts, two of them with agents; its hosts.ini."""
    hosts.up(agents=3)
    text = INVENTORY.read_text()
    more = f"{TRIO[2]} myid=3\n{GONE[0]} myid=4\n{GONE[1]} myid=5\n"
    text = text.replace(f"{TRIO[2]} myid=3\n", more, 1)
    text = text.replace("[mesos_master]\n", f"[mesos_master]\n{GONE[0]}\n{GONE[1]}\n")
    text = text.replace(f"{GONE[0]}\n{GONE[1]}\n\n[all:vars]", f"{GONE[1]}\n\n[all:vars]")
    assert fab("deploy-cluster", inventory=inventory(text=text)).code == 0
    yield text
    hosts.up(agents=1)


def tasks() -> list[str]:
    """The hosts of the app's running tasks."""
    found = requests.get(f"{MARATHON}/v2/apps/{APP}/tasks", timeout=15).json()["tasks"]
    return [task["host"] for task in found if task["state"] == "TASK_RUNNING"]


@pytest.fixture
def app(five: str) -> str:
    """An app with as many tasks as one agent alone has room for, wherever they are."""
    image = next(line.partition("=")[2] for line in five.splitlines() if line.startswith("mesos_image"))
    body = {
        "id": APP,
        "cmd": "exec sleep 3600",
        "cpus": 0.1,
        "mem": 32,
        "instances": 3,
        "portDefinitions": [],
        "container": {"type": "DOCKER", "docker": {"image": f"10.70.0.2:5000/{image}"}},
    }
    requests.post(f"{MARATHON}/v2/apps", json=body, timeout=15).raise_for_status()
    eventually("all tasks", lambda: len(tasks()) == 3, SOON)
    return five


def test_five_become_three_under_a_writer_and_an_app_and_nothing_is_lost(
    app: str, fab: Run, inventory: Inventory
) -> None:
    leaving = inventory(text=app.replace("[all:vars]", "[removed]\n" + "\n".join(GONE) + "\n\n[all:vars]"))
    with writing() as written:
        done = fab("deploy-cluster", inventory=leaving)
    assert done.code == 0 and " lost: " not in done.said, done.said  # those that were moved ended as wished
    with zookeeper() as client:
        there = {f"/members/{name}" for name in client.get_children("/members")}
    assert written.names and there.issuperset(written.names), f"lost; longest wait {written.longest:.1f} s"
    assert tasks() == [AGENT] * 3
    slaves = requests.get(f"http://{TRIO[0]}:5050/slaves", timeout=15).json()["slaves"]
    assert [slave["hostname"] for slave in slaves] == [AGENT]
    for node in GONE:
        left = inside(
            node, "docker ps -aq; ls -d /opt/zookeeper /var/lib/mesos* /run/mesofab* 2>/dev/null; true"
        )
        assert left == ""
    again = fab("plan", "--check", inventory=leaving)
    assert again.code == 0 and f"{GONE[0]}  {OUT}" in again.said, again.said
    seen = fab("status", inventory=inventory(text=without(app)))
    assert seen.code == 0 and not any(node in seen.said for node in GONE), seen.said


def without(text: str, *gone: str) -> str:
    """The hosts.ini that no longer names those that have left."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(gone or GONE))


@pytest.fixture
def three(bare: None, fab: Run, inventory: Inventory) -> Iterator[str]:
    """A cluster of three servers, with two hosts more that have nothing yet; its hosts.ini."""
    hosts.up(agents=3)
    text = INVENTORY.read_text().replace("\n\n[all:vars]", "\n[all:vars]")
    text = "".join(line for line in text.splitlines(keepends=True) if line.strip() not in GONE)
    assert fab("deploy-cluster", inventory=inventory(text=text)).code == 0
    yield text
    faults.start(TRIO[2])
    lay_bare()  # what has come back belongs to no cluster any more
    hosts.up(agents=1)


def instead(text: str, old: str, new: str) -> str:
    """A hosts.ini in which a new host has the roles and the myid of an old one, which leaves."""
    lines = [
        f"{line}{line.replace(old, new)}" if line.startswith(old) else line for line in text.splitlines(True)
    ]
    return "".join(lines).replace("[all:vars]", f"[removed]\n{old}\n\n[all:vars]")


def test_a_server_is_replaced_dead_or_alive_and_no_write_is_lost(
    three: str, fab: Run, inventory: Inventory
) -> None:
    dead = instead(three, TRIO[2], GONE[0])
    early = fab("deploy-cluster", "--gone", TRIO[2], inventory=inventory(text=dead))
    assert early.code == 6 and "it can be reached, so it is not gone" in early.said, early.said
    faults.stop(TRIO[2])
    refused = fab("deploy-cluster", inventory=inventory(text=dead))
    assert refused.code == 3 and f"If it is gone for good: --gone {TRIO[2]}" in refused.said, refused.said
    with writing() as written:
        eventually(
            "forgotten",
            lambda: fab("plan", "--gone", TRIO[2], inventory=inventory(text=dead)).code == 0,
            SOON,
        )
        done = fab("deploy-cluster", "--gone", TRIO[2], inventory=inventory(text=dead))
        assert done.code == 0 and f"{TRIO[2]}: it is gone for good and was not emptied" in done.said, (
            done.said
        )
        three = without(dead, TRIO[2], "[removed]")
        alive = instead(three, GONE[0], GONE[1])
        done = fab("deploy-cluster", inventory=inventory(text=alive))
    assert done.code == 0 and f"{GONE[0]}: {OUT}" in done.said, done.said
    with zookeeper([TRIO[0], TRIO[1], GONE[1]]) as client:
        there = {f"/members/{name}" for name in client.get_children("/members")}
    assert written.names and there.issuperset(written.names), f"lost; longest wait {written.longest:.1f} s"
    last = inventory(text=without(alive, GONE[0], "[removed]"))
    assert fab("status", inventory=last).code == 0 and fab("plan", "--check", inventory=last).code == 0
