"""ZooKeeper is away for longer than a session of the masters, and docker-init is not there to end them."""

import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

import killed
import pytest
import requests
from kazoo.exceptions import NoNodeError
from operators import INVENTORY, SOON, TRIO, Inventory, Run, inside, lay_bare, zookeeper

from lab import waiting
from verify.apps import eventually

EVERY = 4
"""How many steps a run goes on before it is killed; `nightly` kills it at each."""


def container(node: str) -> str:
    """Give the name of a node's master."""
    return f"mesos-master-0{TRIO.index(node) + 1}"


def leading_master() -> str | None:
    """Give the node whose master says of itself that it is the elected one."""
    for node in TRIO:
        try:
            seen = requests.get(f"http://{node}:5050/metrics/snapshot", timeout=3).json()
        except requests.RequestException:
            continue
        if seen["master/elected"] == 1:
            return node
    return None


@contextmanager
def without_zookeeper() -> Iterator[None]:
    """Have no ZooKeeper run."""
    try:
        for node in TRIO:
            inside(node, "docker stop -t 1 zookeeper")
        yield
    finally:
        for node in TRIO:
            inside(node, "docker start zookeeper")


def not_hung(nodes: Sequence[str]) -> str | None:
    """Say which masters have not told yet that they hang."""
    logs = {node: inside(node, f"docker logs {container(node)} 2>&1") for node in nodes}
    return ", ".join(node for node in nodes if "does not end process 1" not in logs[node]) or None


def of_itself(node: str) -> str:
    """Give what docker says of a master: whether it runs, and how often it was started again."""
    return inside(node, f"docker inspect -f '{{{{.State.Status}}}} {{{{.RestartCount}}}}' {container(node)}")


def candidates() -> set[str]:
    """Give the nodes whose masters are candidates, by what they have put into ZooKeeper."""
    found = ""
    with zookeeper() as client:
        for name in client.get_children("/mesos"):
            with suppress(NoNodeError):  # its session ends just now
                found += client.get(f"/mesos/{name}")[0].decode()
    return {node for node in TRIO if f'"{node}"' in found}


@pytest.fixture
def hanging(cluster: None, fab: Run, inventory: Inventory) -> Iterator[tuple[str, ...]]:
    """Have the masters without docker-init live through an outage; give those that followed."""
    done = fab("deploy-cluster", inventory=inventory("mesos_master_init=false"))
    assert done.code == 0, done.said
    chief = eventually("a leading master", leading_master, SOON)
    following = tuple(node for node in TRIO if node != chief)
    try:
        with without_zookeeper():
            waiting.until("the following masters to hang", SOON, lambda: not_hung(following))
        yield following
    finally:
        for node in TRIO:
            inside(node, f"docker restart -t 1 {container(node)}")
        eventually("a leading master", leading_master, SOON)
        again = fab("deploy-cluster")
        assert again.code == 0, again.said


def test_without_docker_init_an_outage_hangs_the_following_masters(
    hanging: tuple[str, ...], suite: Run
) -> None:
    """As real ones do: each runs, accepts, answers nothing, and is a candidate all the same."""
    assert {of_itself(node) for node in hanging} == {"running 0"}
    (chief,) = (node for node in TRIO if node not in hanging)
    with ExitStack() as stack:
        asked = [stack.enter_context(socket.create_connection((node, 5050), 15)) for node in hanging]
        for each in asked:
            each.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(
            "an answer of the one that led",
            lambda: requests.get(f"http://{chief}:5050/health", timeout=3).ok,
            SOON,
        )
        assert of_itself(chief).startswith("running ") and of_itself(chief) != "running 0"
        for each in asked:
            each.setblocking(False)
            with pytest.raises(BlockingIOError):
                each.recv(1)
    eventually("candidates that hang", lambda: set(hanging) <= candidates(), SOON)
    seen = suite("-k", "test_every_master_answers_on_its_address")
    assert seen.code == 1, seen.said
    assert all(f"{node}: " in seen.said for node in hanging), seen.said


def test_after_an_outage_of_all_with_a_disk_lost_killed_runs_of_recover_bring_every_write_back(
    cluster: None, fab: Run
) -> None:
    with zookeeper() as client:
        client.ensure_path("/outage/last")
    names = {node: f"zookeeper {container(node)} marathon-{TRIO.index(node) + 1}" for node in TRIO}
    for node in TRIO:
        inside(node, f"docker stop -t 1 {names[node]}")
    lost = "rm -rf /opt/zookeeper/data/version-2/* /var/lib/mesos/master/replicated_log"
    inside(TRIO[2], f"{lost}; docker start zookeeper")  # as docker does after a reboot: it votes
    seen = fab("recover", "--preview")
    assert seen.code == 0 and f"{TRIO[2]}  ZooKeeper: no data" in seen.said, seen.said
    assert len(re.findall("epoch [0-9]+, last transaction 0x", seen.said)) == 2, seen.said
    done, kills = killed.throughout(["recover"], INVENTORY, EVERY)
    assert done.code == 0 and kills and f"{TRIO[2]}  2.5 stop zookeeper" in done.said, done.said
    with zookeeper() as client:
        assert client.exists("/outage/last")
        client.delete("/outage", recursive=True)
    assert fab("deploy-cluster").code == 0 and fab("status").code == 0
    inside(TRIO[0], "docker stop -t 1 zookeeper; rm -rf /opt/zookeeper/data/version-2/*")
    inside(TRIO[1], "docker stop -t 1 zookeeper; rm -rf /opt/zookeeper/data/version-2/*")
    refused = fab("recover")
    assert refused.code == 6 and f"{TRIO[2]} has data, and 2 members must" in refused.said, refused.said
    lay_bare()
