"""A cluster that was started by hand with the published commands is taken over, and stays what it was."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import killed
import pytest
import requests
from operators import (
    AGENT,
    INVENTORY,
    MARATHON,
    OTHER,
    SOON,
    TRIO,
    Inventory,
    Run,
    inside,
    lay_bare,
)

from lab import waiting
from tasks import inventory as inventories
from verify.apps import eventually

URL = ",".join(f"{address}:2181" for address in TRIO)

ZOOKEEPER = """
mkdir -p /opt/zookeeper/conf /opt/zookeeper/data
cat > /opt/zookeeper/conf/zoo.cfg <<END
dataDir=/data
clientPort=2181
initLimit=5
syncLimit=2
maxClientCnxns=100
server.1=10.70.0.10:2888:3888
server.2=10.70.0.11:2888:3888
server.3=10.70.0.12:2888:3888
END
echo $N > /opt/zookeeper/data/myid
docker run --name zookeeper -d --net host -v /opt/zookeeper/logs:/opt/zookeeper/logs \
  -v /opt/zookeeper/conf/zoo.cfg:/conf/zoo.cfg -v /opt/zookeeper/data:/data --restart=always $ZOOKEEPER
"""
MASTER = """
docker run --name mesos-master-0$N -d --net=host --restart=always -e MESOS_PORT=5050 \
  -e MESOS_HOSTNAME=$HOST_IP -e MESOS_IP=$HOST_IP -e MESOS_ZK=zk://$URL/mesos -e MESOS_QUORUM=2 \
  -e MESOS_REGISTRY=in_memory -e MESOS_LOG_DIR=/var/log/mesos -e MESOS_WORK_DIR=/var/tmp/mesos \
  -v "$(pwd)/log/mesos:/var/log/mesos" -v "$(pwd)/tmp/mesos:/var/tmp/mesos" $MASTER
"""
MARATHON_RUN = """
docker run --name scheduler-$N -d --net=host --restart=always -e MARATHON_HTTP_ADDRESS=$HOST_IP \
  -e MARATHON_HOSTNAME=$HOST_IP $MARATHON --master zk://$URL/mesos --zk zk://$URL/marathon
"""
SLAVE = """
docker run --name mesos-slave -d --net=host --privileged --restart=always -e MESOS_IP=$HOST_IP \
  -e MESOS_HOSTNAME=$HOST_IP -e MESOS_PORT=5051 -e MESOS_MASTER=zk://$URL/mesos -e MESOS_SWITCH_USER=0 \
  -e MESOS_CONTAINERIZERS=docker,mesos -e MESOS_LOG_DIR=/var/log/mesos -e MESOS_WORK_DIR=/var/tmp/mesos \
  -v "$(pwd)/log/mesos:/var/log/mesos" -v "$(pwd)/tmp/mesos:/var/tmp/mesos" \
  -v /var/run/docker.sock:/var/run/docker.sock -v /cgroup:/cgroup -v /sys:/sys \
  -e MESOS_SYSTEMD_ENABLE_SUPPORT=false $SLAVE
"""
"""The published commands, their mistakes repaired as people do; Marathons have names of their own."""

REPAIRED_SLAVE = """
docker run --name slave -d --net=host --pid=host --privileged --restart=always -e MESOS_IP=$HOST_IP \
  -e MESOS_HOSTNAME=$HOST_IP -e MESOS_PORT=5051 -e MESOS_MASTER=zk://$URL/mesos -e MESOS_SWITCH_USER=0 \
  -e MESOS_CONTAINERIZERS=docker,mesos -e MESOS_LOG_DIR=/var/log/mesos -e MESOS_WORK_DIR="$(pwd)/agent" \
  -v "$(pwd)/agent-log:/var/log/mesos" -v "$(pwd)/agent:$(pwd)/agent" -e MESOS_DOCKER_MESOS_IMAGE=$TASKS \
  -e "MESOS_RESOURCES=$RESOURCES" \
  -v /var/run/docker.sock:/var/run/docker.sock -v /sys:/sys \
  -e MESOS_SYSTEMD_ENABLE_SUPPORT=false $SLAVE
"""
"""The same, by one whose docker tasks ended with every restart of the agent, and who says what it has."""

EVERY = 15
"""How many steps a run goes on before it is killed; `nightly` kills it at each."""


def images() -> dict[str, str]:
    """The images of the lab as its hosts know them."""
    cluster = inventories.load(INVENTORY)
    s = cluster.nodes[0].settings
    names = {
        "TASKS": s.mesos_image,
        "ZOOKEEPER": s.zookeeper_image,
        "MASTER": s.mesos_master_image,
        "MARATHON": s.marathon_image,
        "SLAVE": s.mesos_agent_image,
    }
    return {name: cluster.image(image) for name, image in names.items()}


def by_hand(address: str, commands: str) -> None:
    number = str(TRIO.index(address) + 1 if address in TRIO else 0)
    resources = inventories.load(INVENTORY).nodes[0].settings.mesos_agent_resources or ""
    given = {"HOST_IP": address, "URL": URL, "N": number, "RESOURCES": resources, **images()}
    words = " ".join(f"{name}={shlex.quote(value)}" for name, value in given.items())
    inside(address, f"set -e; mkdir -p /root/mesos; cd /root/mesos; export {words}\n{commands}")


@pytest.fixture
def published(bare: None) -> Iterator[None]:
    """Have the cluster started as the runbook was published."""
    for commands in (ZOOKEEPER, MASTER, MARATHON_RUN):
        for address in TRIO:
            by_hand(address, commands)
    by_hand(AGENT, SLAVE)
    by_hand(OTHER, REPAIRED_SLAVE)
    waiting.until("two agents and a Marathon", SOON, _not_up)
    yield
    lay_bare()


def _not_up() -> str | None:
    try:
        state = requests.get(f"http://{TRIO[0]}:5050/state", timeout=15).json()
    except (requests.RequestException, ValueError) as error:
        return str(error)
    there = len(state.get("slaves", [])) == 2 and any(
        each.get("active") for each in state.get("frameworks", [])
    )
    return None if there else "not all are registered"


def launch() -> None:
    """Launch a docker container on each agent through Marathon."""
    app = {
        "id": "/survivor",
        "cmd": "exec sleep 3600",
        "cpus": 0.1,
        "mem": 32,
        "instances": 2,
        "constraints": [["hostname", "UNIQUE"]],
        "container": {"type": "DOCKER", "docker": {"image": images()["TASKS"]}},
        "portDefinitions": [],
    }
    requests.post(f"{MARATHON}/v2/apps", json=app, timeout=15).raise_for_status()


def tasks() -> dict[str, str]:
    """Give the ids of the app's tasks by their agents, once there are two."""

    def two() -> dict[str, str] | None:
        said = requests.get(f"{MARATHON}/v2/apps//survivor/tasks", timeout=15)
        found = said.json().get("tasks", []) if said.ok else []
        running = {task["host"]: task["id"] for task in found if task["state"] == "TASK_RUNNING"}
        return running if len(running) == 2 else None

    return eventually("two tasks of /survivor", two, SOON)


def test_a_cluster_made_with_the_published_commands_is_taken_over_by_killed_runs(
    published: None, fab: Run, suite: Run, inventory: Inventory
) -> None:
    launch()
    before_tasks = tasks()
    text = INVENTORY.read_text().replace("[mesos_agent]\n", f"[mesos_agent]\n{OTHER}\n")
    hosts_ini: Path = inventory(text=text)
    before = hosts_ini.read_text()

    refused = fab("deploy-cluster", inventory=hosts_ini)
    assert refused.code == 6 and "`fab adopt` says" in refused.said, refused.said

    wrote = fab("adopt", "--write", inventory=hosts_ini)
    assert wrote.code == 0, wrote.said
    for told in ("scheduler-2 runs by hand", "REGISTRY in_memory -> replicated_log", "Only with --drain"):
        assert told in wrote.said, wrote.said
    assert hosts_ini.with_name("hosts.ini.before-adopt").read_text() == before
    after = hosts_ini.read_text()
    assert [line for line in before.splitlines() if line.startswith("#") and line not in after] == []
    assert "mesos_agent_work_dir=/root/mesos/tmp/mesos" in after and "zookeeper_max_client_cnxns=100" in after

    data = {one: inside(one, "stat -c %i /opt/zookeeper/data") for one in TRIO}
    plan = fab("plan", "--drain", inventory=hosts_ini)
    assert plan.code == 0 and "ends its 1 task (1 of /survivor)" in plan.said, plan.said
    assert re.findall(r"^(\S+)  5\.2 drain mesos-slave", plan.said, re.M) == [AGENT], plan.said
    done, kills = killed.throughout(["deploy-cluster", "--drain"], hosts_ini, EVERY)
    assert done.code == 0 and kills, done.said
    after_tasks = tasks()
    assert after_tasks[OTHER] == before_tasks[OTHER] and after_tasks[AGENT] != before_tasks[AGENT]
    assert {one: inside(one, "stat -c %i /opt/zookeeper/data") for one in TRIO} == data
    names = inside(TRIO[1], "docker ps -a --format '{{.Names}}' | sort").split()
    assert names == ["marathon-2", "mesos-master-02", "zookeeper"]
    assert "mesos-slave" in inside(OTHER, "docker ps --format '{{.Names}}'").split()

    again = fab("deploy-cluster", inventory=hosts_ini)
    assert again.code == 0 and re.search("Nothing to do on 4 hosts", again.said), again.said
    judged = suite("-m", "not journey", inventory=hosts_ini)
    assert judged.code == 0, judged.said
