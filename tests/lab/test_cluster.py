"""The whole runbook on real hosts: deployed, checked, used, changed, healed."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

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
    pid_of_the_app,
    running_task,
    start,
    zookeeper,
    zookeeper_client,
)

from lab import hosts

EVERYBODY = (*TRIO, AGENT)


def containers() -> dict[str, str]:
    """Give every container's id and start on every host."""
    ask = "docker ps -aq | xargs -r docker inspect -f '{{.Name}} {{.Id}} {{.State.StartedAt}}' | sort"
    return {node: inside(node, ask) for node in EVERYBODY}


def test_a_cluster_comes_from_nothing_and_a_second_deploy_changes_nothing(
    bare: None, fab: Run, suite: Run
) -> None:
    first = fab("deploy-cluster")
    assert first.code == 0, first.said
    for said in ("3 of 3 ZooKeepers serve", "3 of 3 masters answer", "3 of 3 Marathons", "1 of 1 agents"):
        assert said in first.said
    before = containers()
    second = fab("deploy-cluster")
    assert second.code == 0, second.said
    assert "Nothing to do on 4 hosts" in second.said
    assert containers() == before
    passed = suite(f"--hosts={','.join(f'ssh://root@{node}' for node in EVERYBODY)}")
    assert passed.code == 0, passed.said
    assert "lab/mesos-master-stand-in" in suite("--collect-only", "-v").said


def test_the_chapters_can_be_deployed_one_by_one_and_all_hosts_named_with_h_are_one_run(
    bare: None, fab: Run
) -> None:
    first = fab("-H", ",".join(TRIO), "deploy-zookeeper")
    assert first.code == 0, first.said
    assert first.said.count("steps carried out on 3 hosts") == 1
    assert "3 of 3 ZooKeepers serve" in first.said
    for task in ("deploy-mesos-master", "deploy-marathon", "deploy-mesos-slave"):
        done = fab(task)
        assert done.code == 0, done.said
    assert fab("status").code == 0


def test_every_leader_is_killed_and_no_task_is_lost(cluster: None, suite: Run) -> None:
    healed = suite(
        "--destructive",
        "verify/test_failover.py",
        f"--stop-host={INVENTORY.parents[1]}/.venv/bin/fab lab.stop --node {{host}}",
        f"--start-host={INVENTORY.parents[1]}/.venv/bin/fab lab.start --node {{host}}",
    )
    assert healed.code == 0, healed.said
    assert "a new leading master" in healed.said


def test_a_launch_that_fails_is_told_and_only_too_many_are_a_failure(
    cluster: None, fab: Run, suite: Run, inventory: Inventory
) -> None:
    planted = fab("lab.fail-launch", "--node", AGENT)
    assert planted.code == 0, planted.said
    passed = suite("-m", "journey")
    assert passed.code == 0, passed.said
    told = (
        rf"(?m)^mesofab-verify-\w+: 1 launch failed on {AGENT} before it ran .*: Failed to launch container: "
    )
    assert len(re.findall(told, passed.said)) == 1, passed.said
    fab("lab.fail-launch", "--node", AGENT, "--times", "1")
    red = suite("-m", "journey", inventory=inventory("verify_failed_launches=0"))
    assert red.code == 1, red.said
    assert f"{AGENT}: 1 launch of /mesofab-verify-" in red.said
    assert "expected at most 0 (verify_failed_launches);" in red.said
    assert "mesofab-verify" not in requests.get(f"{MARATHON}/v2/apps", timeout=15).text


def test_a_deploy_that_restarts_the_agent_does_not_touch_a_running_docker_app(
    docker_app: dict[str, Any], fab: Run, suite: Run, inventory: Inventory
) -> None:
    pid, before = pid_of_the_app(), containers()
    changed = inventory('mesos_agent_environment="MESOS_GC_DELAY=2days"')
    plan = fab("plan", inventory=changed)
    assert "replace mesos-slave: MESOS_GC_DELAY=2days added" in plan.said
    assert "restarts mesos-slave, active; loses no task; 1 docker task runs on" in plan.said
    done = fab("deploy-cluster", inventory=changed)
    assert done.code == 0, done.said
    assert pid_of_the_app() == pid
    assert running_task()["id"] == docker_app["id"]
    after = containers()
    assert [node for node in EVERYBODY if after[node] != before[node]] == [AGENT]
    assert fab("deploy-cluster").code == 0


def test_another_hosts_ini_for_these_hosts_is_refused(cluster: None, fab: Run, inventory: Inventory) -> None:
    before, variables = containers(), INVENTORY.read_text().partition("[all:vars]")[2]
    moved = "[zookeeper]\n10.70.0.10 myid=1\n10.70.0.11 myid=2\n10.70.0.20 myid=3\n"
    elsewhere = "[zookeeper]\n10.70.0.20 myid=1\n[mesos_agent]\n10.70.0.20\n"
    renamed = INVENTORY.read_text() + "\ncluster_name=other\n"
    for text, task, said in (
        (renamed, "deploy-cluster", "belong to the cluster 'mesos', hosts.ini is that of 'other'"),
        (
            f"{moved}[all:vars]{variables}",
            "deploy-zookeeper",
            "has id 3 on 10.70.0.12, hosts.ini on 10.70.0.20",
        ),
        (
            f"{elsewhere}[all:vars]{variables}",
            "deploy-mesos-agent",
            "it works with the ZooKeeper of 10.70.0.10,10.70.0.11,10.70.0.12, hosts.ini has 10.70.0.20",
        ),
    ):
        refused = fab(task, inventory=inventory(text=text))
        assert refused.code == 6, refused.said
        assert said in refused.said
    assert containers() == before


@pytest.fixture
def eight_hosts(lab: None) -> Iterator[None]:
    """Have the lab with five agent hosts, and with one again at the end."""
    hosts.up(agents=5)
    hosts.reset()
    yield
    hosts.up(agents=1)
    hosts.reset()


FIVE = (*TRIO, AGENT, "10.70.0.21")


def layout(members: Sequence[str], masters: Sequence[str]) -> str:
    """Give an inventory of these ZooKeepers and masters, one Marathon and three agents elsewhere."""
    variables = INVENTORY.read_text().partition("[all:vars]")[2]
    ids = "\n".join(f"{address} myid={10 * (FIVE.index(address) + 1)}" for address in members)
    numbers = "\n".join(f"{address} number={FIVE.index(address) + 1}" for address in masters)
    return (
        f"[zookeeper]\n{ids}\n[mesos_master]\n{numbers}\n[marathon]\n10.70.0.12\n"
        f"[mesos_agent]\n10.70.0.22\n10.70.0.23\n10.70.0.24\n[all:vars]{variables}"
    )


@contextmanager
def writing() -> Iterator[dict[str, Any]]:
    """Write to ZooKeeper all the time, in one session; give what came of it."""
    client = zookeeper_client()
    client.start(SOON)
    client.create("/kept", b"before")
    states, over = [], Event()
    client.add_listener(lambda state: states.append(state))
    done = {"session": client.client_id[0], "states": states, "writes": 0, "client": client}

    def write() -> None:
        while not over.is_set():
            client.retry(client.set, "/kept", str(done["writes"]).encode())
            done["writes"] += 1

    writer = Thread(target=write)
    writer.start()
    try:
        yield done
    finally:
        over.set()
        writer.join(SOON)
        client.stop()
        client.close()


def test_three_zookeepers_and_masters_grow_to_five_beside_one_marathon_and_three_agents(
    eight_hosts: None, fab: Run, suite: Run, inventory: Inventory
) -> None:
    three = (*TRIO[1:], AGENT)
    done = fab("deploy-cluster", inventory=inventory(text=layout(TRIO, three)))
    assert done.code == 0, done.said
    assert "3 of 3 agents are active" in done.said
    large: Path = inventory(text=layout(FIVE, (*three, FIVE[0], FIVE[4])))
    plan = fab("plan", inventory=large)
    for line in (
        "ZooKeeper grows to 4: 10.70.0.20 (id 40) starts, then the others restart",
        "ZooKeeper grows to 5: 10.70.0.21 (id 50) starts, then the others restart",
        "Masters that run get quorum 3, then 10.70.0.10, .21 may start",
    ):
        assert line in plan.said
    with writing() as written:
        kill_at("ZooKeeper grows to 5:", large)
        grown = fab("deploy-cluster", inventory=large)
        assert grown.code == 0, grown.said
        assert written["client"].client_id[0] == written["session"], written
        assert written["writes"] > 0
    for said in ("5 of 5 ZooKeepers serve", "5 of 5 masters answer", "3 of 3 agents are active"):
        assert said in grown.said
    assert "ZooKeeper grows to 4:" not in grown.said
    assert "Nothing to do" in fab("deploy-cluster", inventory=large).said
    for node in FIVE:
        assert kept(node) == str(written["writes"] - 1).encode()
    passed = suite(inventory=large)
    assert passed.code == 0, passed.said
    back = fab("plan", inventory=inventory(text=layout(TRIO, three)))
    assert back.code == 6
    assert "its ensemble has the ids 10, 20, 30, 40, 50, hosts.ini 10, 20, 30" in back.said
    assert "the leader sees 5 replicas of the log, hosts.ini knows of 3" in back.said


def kill_at(line: str, inventory: Path, task: str = "deploy-cluster") -> None:
    """Start a deploy and kill it with SIGKILL when it begins a line like this one."""
    deploy = start([task], inventory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert deploy.stdout is not None
    said = []
    for each in deploy.stdout:
        said.append(each)
        if each.startswith(line):
            break
    else:
        raise AssertionError("".join(said))
    deploy.kill()
    deploy.wait()
    deploy.stdout.close()


def kept(node: str) -> bytes:
    """Read through one member what was written last."""
    with zookeeper([node]) as client:
        client.sync("/kept")
        return bytes(client.get("/kept")[0])
