"""What the report's last look makes of members that answer, are silent, or lie."""

import json
from typing import NoReturn

import pytest
from fake_members import on_loopback

from tasks.inventory.cluster import Node
from verify.report import topology
from verify.report.document import Version
from verify.report.glance import Said, look

TRIO = (
    "[zookeeper]\n10.0.0.1 myid=1\n10.0.0.2 myid=2\n10.0.0.3 myid=3\n"
    "[mesos_master]\n10.0.0.1\n10.0.0.2\n10.0.0.3\n[mesos_agent]\n10.0.0.8\n10.0.0.9\n"
)
AGENT = {"pid": "slave(1)@127.0.0.8:5051", "id": "S1", "active": True, "version": "1.5.0"}
ANSWERS = {
    "/version": {"version": "1.5.0"},
    "/slaves": {
        "slaves": [{"pid": "slave(1)@127.0.0.8:5051", "id": "S1", "active": True, "version": "1.5.0"}]
    },
    "/tasks?limit=10000": {
        "tasks": [
            {"slave_id": "S1", "state": "TASK_RUNNING", "name": "web\x1b[2J"},
            {"slave_id": "S1", "state": "TASK_FAILED", "name": "gone"},
        ]
    },
}


def word(address: str, port: int, asked: str) -> str:
    """Two members serve, one is silent."""
    mode = {"127.0.0.1": "follower", "127.0.0.3": "leader"}.get(address, "")
    return f"Zookeeper version: 3.8.0-${{x}}, built on 2024\nMode: {mode}\n" if mode else ""


def master(address: str, port: int, path: str) -> str:
    """The first master leads, the second says what is no object, the third is silent."""
    if address == "127.0.0.3":
        return ""
    told = {**ANSWERS, "/metrics/snapshot": {"master/elected": 1} if address == "127.0.0.1" else [None]}
    return json.dumps(told[path])


def nobody(node: Node) -> NoReturn:
    """No host is reached over SSH."""
    raise AssertionError(node)


def test_members_are_what_they_say_and_whoever_is_silent_or_lies_is_nothing() -> None:
    with on_loopback(TRIO, word, master) as cluster:
        seen = look(cluster, [], nobody)
        assert seen.members["127.0.0.3", "zookeeper"] == Said("leader", "3.8.0")
        assert seen.members["127.0.0.1", "mesos_master"] == Said("leader", "1.5.0")
        silent = [("127.0.0.2", "zookeeper"), ("127.0.0.2", "mesos_master"), ("127.0.0.3", "mesos_master")]
        assert [seen.members[each] for each in silent] == [Said()] * 3
        assert seen.members["127.0.0.8", "mesos_agent"] == Said("active", "1.5.0", (r"web\x1b[2J",))
        assert seen.members["127.0.0.9", "mesos_agent"] == Said("not registered")
        (first, *_) = topology.machines(cluster, seen, (), ())
        assert [member.follows for member in first.members] == ["127.0.0.3", ""]
        assert topology.services(cluster, seen) == {
            "zookeeper": "2 of 3 serve, 127.0.0.3 leads",
            "mesos_master": "1 of 3 answer, 127.0.0.1 leads",
            "mesos_agent": "1 of 2 are active",
        }
        assert Version("ZooKeeper", "3.8.0") in [*topology.versions(cluster, seen)]


@pytest.mark.parametrize("role", ["zookeeper", "mesos_master"])
def test_nobody_leads_if_two_say_so(role: str) -> None:
    with on_loopback(TRIO, word, master) as cluster:
        seen = look(cluster, [], nobody)
    both = {**seen.members, ("127.0.0.2", role): Said("leader"), ("127.0.0.1", role): Said("leader")}
    assert topology.leader(cluster, role, type(seen)(both)) == ""
