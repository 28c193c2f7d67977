"""A cluster that was started by hand with the published commands is taken over, and stays what it was."""

import re
from collections.abc import Iterator
from pathlib import Path

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
    lay_bare,
    running_task,
)

from lab import waiting
from tasks import inventory as inventories

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


def images() -> dict[str, str]:
    """The images of the lab as its hosts know them."""
    cluster = inventories.load(INVENTORY)
    s = cluster.nodes[0].settings
    names = {
        "ZOOKEEPER": s.zookeeper_image,
        "MASTER": s.mesos_master_image,
        "MARATHON": s.marathon_image,
        "SLAVE": s.mesos_agent_image,
    }
    return {name: cluster.image(image) for name, image in names.items()}


def by_hand(address: str, commands: str) -> None:
    number = str(TRIO.index(address) + 1 if address in TRIO else 0)
    given = {"HOST_IP": address, "URL": URL, "N": number, **images()}
    words = " ".join(f"{name}={value}" for name, value in given.items())
    inside(address, f"set -e; mkdir -p /root/mesos; cd /root/mesos; export {words}\n{commands}")


@pytest.fixture
def published(bare: None) -> Iterator[None]:
    """Have the cluster started as the runbook was published."""
    for commands in (ZOOKEEPER, MASTER, MARATHON_RUN):
        for address in TRIO:
            by_hand(address, commands)
    by_hand(AGENT, SLAVE)
    waiting.until("an agent and a Marathon", SOON, _not_up)
    yield
    lay_bare()


def _not_up() -> str | None:
    try:
        state = requests.get(f"http://{TRIO[0]}:5050/state", timeout=15).json()
    except (requests.RequestException, ValueError) as error:
        return str(error)
    there = state.get("slaves") and any(each.get("active") for each in state.get("frameworks", []))
    return None if there else "neither is registered"


def launch() -> str:
    """Launch one docker container through Marathon, wait until it runs, and give its task's id."""
    slave = inside(AGENT, "docker ps -a --format '{{.Image}}' | grep mesos-slave")
    app = {
        "id": "/survivor",
        "cmd": "exec sleep 3600",
        "cpus": 0.1,
        "mem": 32,
        "container": {"type": "DOCKER", "docker": {"image": slave.replace("mesos-slave", "mesos")}},
        "portDefinitions": [],
    }
    requests.post(f"{MARATHON}/v2/apps", json=app, timeout=15).raise_for_status()
    return str(running_task()["id"])


def test_a_cluster_made_with_the_published_commands_is_taken_over(
    published: None, fab: Run, suite: Run, inventory: Inventory
) -> None:
    task = launch()
    hosts_ini: Path = inventory()
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
    done = fab("deploy-cluster", "--drain", inventory=hosts_ini)
    assert done.code == 0 and "ends its 1 task (1 of /survivor)" in done.said, done.said
    assert running_task()["id"] != task
    assert {one: inside(one, "stat -c %i /opt/zookeeper/data") for one in TRIO} == data
    names = inside(TRIO[1], "docker ps -a --format '{{.Names}}' | sort").split()
    assert names == ["marathon-2", "mesos-master-02", "zookeeper"]

    again = fab("deploy-cluster", inventory=hosts_ini)
    assert again.code == 0 and re.search("Nothing to do on 4 hosts", again.said), again.said
    judged = suite("-m", "not journey", inventory=hosts_ini)
    assert judged.code == 0, judged.said
