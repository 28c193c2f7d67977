"""A host of another cluster is noticed: by the name on its containers, by the ZooKeeper they work with."""

import pytest

from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.compare import belonging
from tasks.plan.look.docker import SeenContainer
from tasks.plan.look.observed import Observed
from tasks.plan.runbook import CHAPTERS

TEXT = """[zookeeper]
10.0.0.1 myid=1
10.0.0.2 myid=2
10.0.0.3 myid=3
[mesos_master]
10.0.0.1
10.0.0.2
10.0.0.3
[marathon]
10.0.0.1
[all:vars]
cluster_name=blue
"""


def objections(
    clusters: dict[str, str] | None = None, containers: dict[str, SeenContainer] | None = None
) -> list[str]:
    """What is said of 10.0.0.1 with containers of these clusters, and with containers run like that."""
    cluster = parse(TEXT)
    items = runbook.wanted(CHAPTERS, cluster, cluster.nodes[0])
    seen = Observed(clusters=clusters or {}, containers=containers or {})
    return [str(blocker) for blocker in belonging.objections(cluster, items, seen)]


def test_containers_of_another_cluster_are_in_the_way_of_every_step() -> None:
    (told,) = objections({"zookeeper": "red", "mesos-slave": "red", "marathon-1": "blue"})
    assert told == (
        "cluster_name: mesos-slave, zookeeper here belong to the cluster 'red', hosts.ini is that of 'blue'. "
        "Use the hosts.ini of 'red'; to take the host away from that cluster, remove them there "
        "(docker rm -f mesos-slave zookeeper)."
    )
    assert not objections({"zookeeper": "blue"})


@pytest.mark.parametrize(
    ("hosts", "foreign"),
    [
        ("10.0.0.1:2181,10.0.0.2:2181,10.0.0.3:2181", False),
        ("10.0.0.1:2181,10.0.0.2:2181,10.0.0.3:2181,10.0.0.4:2181,10.0.0.5:2181", False),
        ("10.0.0.1:2181,10.0.0.2:2181,10.0.0.9:2181", False),
        ("10.0.0.1:2181,10.0.0.8:2181,10.0.0.9:2181", True),
        ("10.9.9.9:2181", True),
    ],
)
def test_whoever_works_with_another_zookeeper_is_refused(hosts: str, foreign: bool) -> None:
    url = f"zk://{hosts}/mesos"
    told = objections(containers={"mesos-master-01": SeenContainer(environment={"MESOS_ZK": url})})
    assert bool(told) == foreign
    arguments = ("--master", url, "--zk", url)
    told = objections(containers={"marathon-1": SeenContainer(arguments=arguments)})
    assert bool(told) == foreign


def test_a_password_in_an_address_is_not_told() -> None:
    environment = {"MESOS_ZK": "zk://me:secret@10.9.9.9:2181/mesos"}
    (told,) = objections(containers={"mesos-master-01": SeenContainer(environment=environment)})
    assert "secret" not in told
    assert "it works with the ZooKeeper of 10.9.9.9, hosts.ini has 10.0.0.1,10.0.0.2,10.0.0.3" in told
