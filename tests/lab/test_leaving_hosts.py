"""Hosts leave a cluster that goes on, or are replaced, dead or alive, under a writer: servers and agents."""

from collections.abc import Iterator

import killed
import pytest
import requests
from operators import (
    AGENT,
    INVENTORY,
    MARATHON,
    SOON,
    TRIO,
    Inventory,
    Run,
    inside,
    instead,
    lay_bare,
    leaving,
    without,
)
from writer import writing

from lab import faults, hosts
from tasks.engine.removing import OUT
from verify.apps import eventually

GONE = ("10.70.0.21", "10.70.0.22")
"""Those that leave; the second one has an agent, too."""

APP = "/members/web"

EVERY = 20
"""How many steps a run goes on before it is killed; `nightly` kills it at each."""

STAY = ([AGENT], [GONE[1]], sorted([AGENT, GONE[1]]))
"""Where tasks may be when two servers were replaced."""


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


def launch(text: str) -> None:
    """Have an app with as many tasks as one agent alone has room for, wherever they are."""
    image = next(line.partition("=")[2] for line in text.splitlines() if line.startswith("mesos_image"))
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


def test_five_become_three_under_a_writer_and_an_app_and_nothing_is_lost(
    five: str, fab: Run, inventory: Inventory
) -> None:
    launch(five)
    fewer = inventory(text=leaving(five, *GONE))
    with writing() as written:
        done = fab("deploy-cluster", inventory=fewer)
    assert done.code == 0 and " lost: " not in done.said, done.said  # those that were moved ended as wished
    written.must_be_there()
    assert tasks() == [AGENT] * 3
    slaves = requests.get(f"http://{TRIO[0]}:5050/slaves", timeout=15).json()["slaves"]
    assert [slave["hostname"] for slave in slaves] == [AGENT]
    for node in GONE:
        nothing_left(node)
    again = fab("plan", "--check", inventory=fewer)
    assert again.code == 0 and f"{GONE[0]}  {OUT}" in again.said, again.said
    seen = fab("status", inventory=inventory(text=without(five, *GONE)))
    assert seen.code == 0 and not any(node in seen.said for node in GONE), seen.said


def nothing_left(node: str) -> None:
    """See that nothing of a cluster is on a host."""
    left = "docker ps -aq; ls -d /opt/zookeeper /var/lib/mesos* /run/mesofab* 2>/dev/null; true"
    assert inside(node, left) == ""


@pytest.fixture
def three(bare: None, fab: Run, inventory: Inventory) -> Iterator[str]:
    """A cluster of three servers, one with an agent, and two hosts more without anything; its hosts.ini."""
    hosts.up(agents=3)
    text = INVENTORY.read_text().replace("\n\n[all:vars]", f"\n{TRIO[2]}\n[all:vars]")
    text = "".join(line for line in text.splitlines(keepends=True) if line.strip() not in GONE)
    assert fab("deploy-cluster", inventory=inventory(text=text)).code == 0
    launch(text)
    yield text
    faults.start(TRIO[2])
    lay_bare()  # what has come back belongs to no cluster any more
    hosts.up(agents=1)


STATE = (
    "docker ps -a --format '{{.Names}} {{.Image}} {{.State}}' | grep -v ^mesos-.*-.*- | sort;"
    "find /opt/zookeeper -maxdepth 2 | sort; cat /opt/zookeeper/conf/zoo.cfg /opt/zookeeper/data/myid;"
    "ls -d /run/mesofab* /var/lib/mesofab/* /var/lib/mesos/*; grep HOST_IP /etc/profile"
)
"""What a deploy makes on a host that stays."""


def state(member: str) -> dict[str, str]:
    """What is on the servers, of which the third is this host, which is called as any would be."""
    nodes = (*TRIO[:2], member)
    return {node: inside(node, STATE).replace(member, "the third") for node in nodes}


def test_a_server_is_replaced_dead_or_alive_by_killed_runs_and_no_write_is_lost(
    three: str, fab: Run, inventory: Inventory
) -> None:
    before = {node.replace(TRIO[2], GONE[0]): said for node, said in state(TRIO[2]).items()}
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
        words = ["deploy-cluster", "--gone", TRIO[2]]
        done, kills = killed.throughout(words, inventory(text=dead), EVERY)
        told = f"{TRIO[2]}: it is gone for good and was not emptied"
        assert done.code == 0 and kills and told in done.said, done.said
        assert state(GONE[0]) == before
        three = without(dead, TRIO[2], "[removed]")
        alive = instead(three, GONE[0], GONE[1])
        done, kills = killed.throughout(["deploy-cluster"], inventory(text=alive), EVERY)
    assert done.code == 0 and kills and f"{GONE[0]}: {OUT}" in done.said, done.said
    written.must_be_there(GONE[1])
    assert {node.replace(GONE[1], GONE[0]): said for node, said in state(GONE[1]).items()} == before
    nothing_left(GONE[0])
    eventually("all tasks on hosts that stay", lambda: sorted(set(tasks())) in STAY, SOON)
    last = inventory(text=without(alive, GONE[0], "[removed]"))
    assert fab("status", inventory=last).code == 0 and fab("plan", "--check", inventory=last).code == 0
