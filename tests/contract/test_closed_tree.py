"""Masters over a tree in ZooKeeper that is closed: who has the password goes on, others end, agents read."""

from __future__ import annotations

import signal

import pytest
from cluster import Cluster
from kazoo.client import KazooClient
from kazoo.security import make_acl, make_digest_acl

OWNER = "user:secret"


@pytest.mark.parametrize(
    ("registry", "password"),
    [("replicated_log", ""), ("in_memory", "user:wrong@")],
    ids=["without a password", "with a wrong one"],
)
def test_a_master_that_may_not_join_ends(cluster: Cluster, registry: str, password: str) -> None:
    """By its candidacy, or by its part of the log, whichever comes first; the one that leads goes on."""
    opened, given = cluster.zookeeper, {"REGISTRY": registry, "QUORUM": "1"}
    leader = cluster.leader([cluster.master(1, ZK=cluster.zk.replace("//", f"//{OWNER}@"), **given)])
    _close(opened, cluster.path)
    lost = cluster.master(2, ZK=cluster.zk.replace("//", f"//{password}"), **given)
    code, said = lost.ended(), lost.log.read_text()
    node = f"Failed to create ephemeral node at '{cluster.path}"
    denied = {
        1: f"EXIT with status 1: Failed to contend: {node}/json.info_'",
        -signal.SIGABRT: f"Failed to participate in ZooKeeper group: {node}/log_replicas/'",
    }
    assert f"{denied[code]} in ZooKeeper: not authenticated" in said
    assert registry == "replicated_log" or code == 1
    cluster.agent(CONTAINERIZERS="mesos")
    cluster.registered(leader)


def _close(zookeeper: str, path: str) -> None:
    """Leave the tree to its owner, as an operator does; others may still read."""
    acls = [make_digest_acl(*OWNER.split(":"), all=True), make_acl("world", "anyone", read=True)]
    client = KazooClient(zookeeper, auth_data=[("digest", OWNER)])
    client.start()
    for each in (path, f"{path}/log_replicas"):
        if client.exists(each):
            client.set_acls(each, acls)
    client.stop()
    client.close()
