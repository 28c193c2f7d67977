"""The contract: first over what a real Mesos 1.5.0 answered, then over the stand-ins."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from answers import AGENT_PATHS, CALLS, MASTER_PATHS, RECORDED, Answers, recorded, request
from cluster import Cluster, answers_of
from kazoo.client import KazooClient
from lacking import ENDPOINTS
from scheduler import Scheduler
from shape import differences

LOCAL = ("flags", "health", "metrics-snapshot", "registrar1-registry", "version")
REDIRECTED = sorted((MASTER_PATHS.keys() - {*LOCAL, "redirect"}) | {f"v1-{call}" for call in CALLS})
EVERYTHING = [
    *(("leader", name) for name in [*MASTER_PATHS, *(f"v1-{call}" for call in CALLS)]),
    *(("follower", name) for name in [*MASTER_PATHS, *(f"v1-{call}" for call in CALLS)]),
    *(("agent", name) for name in AGENT_PATHS),
]
Znode = dict[str, Any]


@dataclass
class World:
    """Whoever is held to the contract."""

    answers: Answers
    znodes: list[Znode]
    live: str = ""


@pytest.fixture(scope="module", params=["recorded", "stand-ins"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "recorded":
        yield World(recorded, json.loads((RECORDED / "zookeeper-tree.json").read_text()))
        return
    make: Callable[[], Cluster] = request.getfixturevalue("new_cluster")
    cluster = make()
    masters = cluster.masters(WEBUI_DIR="/somewhere")
    leader = cluster.leader(masters)
    agent = cluster.agent()
    cluster.registered(leader)
    capabilities = [
        {"type": name} for name in ("RESERVATION_REFINEMENT", "TASK_KILLING_STATE", "PARTITION_AWARE")
    ]
    scheduler = Scheduler(
        leader.address, name="mesos-execute instance", checkpoint=False, role="*", capabilities=capabilities
    )
    scheduler.running("sleeper", command={"shell": True, "value": "sleep 600"})
    # As at the recorded one: nothing offered.
    scheduler.call("SUPPRESS")
    follower = next(one for one in masters if one is not leader)
    yield World(answers_of(leader, follower, agent), _tree(cluster), leader.address)
    scheduler.close()
    cluster.close()


@pytest.mark.parametrize(("who", "name"), EVERYTHING)
def test_the_answer_is_as_recorded(world: World, who: str, name: str) -> None:
    """Status, headers, keys and types are the real one's."""
    expected, found = recorded(who, name), world.answers(who, name)
    assert found.status == expected.status
    assert found.headers.keys() == expected.headers.keys()
    assert found.kind == expected.kind
    assert list(differences(_comparable(name, expected.body), _comparable(name, found.body))) == []


def test_every_recorded_answer_is_asked_for() -> None:
    heads = {path.stem for path in RECORDED.glob("*.headers")}
    assert {f"{who}-{name}" for who, name in EVERYTHING} == heads - {"leader-v1-scheduler-subscribe"}


@pytest.mark.parametrize("name", REDIRECTED)
def test_followers_point_to_the_leader(world: World, name: str) -> None:
    """307, no body, a location without a scheme, below /master, at the leader's host name."""
    answer = world.answers("follower", name)
    path = "/api/v1" if name.startswith("v1-") else MASTER_PATHS[name]
    assert (answer.status, answer.body) == (307, None)
    assert answer.headers["Location"] == f"//{_leaders_place(world)}/master{path}"


@pytest.mark.parametrize("who", ["leader", "follower"])
def test_redirect_points_to_the_leader(world: World, who: str) -> None:
    answer = world.answers(who, "redirect")
    assert (answer.status, answer.headers["Location"]) == (307, f"//{_leaders_place(world)}")


@pytest.mark.parametrize("who", ["leader", "follower", "agent"])
def test_health_is_empty(world: World, who: str) -> None:
    answer = world.answers(who, "health")
    assert (answer.status, answer.body, answer.kind) == (200, None, None)


@pytest.mark.parametrize("who", ["leader", "follower", "agent"])
def test_flags_are_strings(world: World, who: str) -> None:
    flags = world.answers(who, "flags").body["flags"]
    assert {type(value) for value in flags.values()} == {str}
    assert flags["zk_session_timeout"].endswith("secs")


@pytest.mark.parametrize("who", ["leader", "follower", "agent"])
def test_metrics_are_floats(world: World, who: str) -> None:
    metrics = world.answers(who, "metrics-snapshot").body
    assert {type(value) for value in metrics.values()} == {float}


def test_one_is_elected(world: World) -> None:
    elected = [
        world.answers(who, "metrics-snapshot").body["master/elected"] for who in ("leader", "follower")
    ]
    assert elected == [1.0, 0.0]


def test_only_the_leader_has_a_registry(world: World) -> None:
    assert world.answers("follower", "registrar1-registry").body == {}
    assert "registrar/registry_size_bytes" not in world.answers("follower", "metrics-snapshot").body
    assert world.answers("leader", "metrics-snapshot").body["registrar/registry_size_bytes"] > 0


@pytest.mark.parametrize("who", ["leader", "follower"])
def test_the_log_is_recovered(world: World, who: str) -> None:
    metrics = world.answers(who, "metrics-snapshot").body
    assert metrics["registrar/log/recovered"] == 1.0
    assert metrics["registrar/log/ensemble_size"] == 3.0


def test_the_agent_is_registered(world: World) -> None:
    agent, slave = world.answers("agent", "state").body, world.answers("leader", "slaves").body["slaves"][0]
    assert (slave["id"], slave["pid"], slave["active"]) == (agent["id"], agent["pid"], True)
    assert world.answers("agent", "metrics-snapshot").body["slave/registered"] == 1.0
    assert agent["id"] == f"{_leader(world)['id']}-S0"


def test_the_task_is_counted_everywhere(world: World) -> None:
    summary = world.answers("leader", "state-summary").body
    assert [one["TASK_RUNNING"] for one in (*summary["slaves"], *summary["frameworks"])] == [1, 1]
    assert world.answers("leader", "metrics-snapshot").body["master/tasks_running"] == 1.0
    task = world.answers("leader", "tasks").body["tasks"][0]
    assert (task["id"], task["state"], task["executor_id"]) == ("sleeper", "TASK_RUNNING", "")
    assert [status["state"] for status in task["statuses"]] == ["TASK_STARTING", "TASK_RUNNING"]


def test_used_resources_are_the_tasks(world: World) -> None:
    slave = world.answers("leader", "slaves").body["slaves"][0]
    assert slave["used_resources"] == {"disk": 0.0, "mem": 32.0, "gpus": 0.0, "cpus": 0.1}
    # The agent counts the executor too.
    used = world.answers("agent", "state").body["unreserved_resources_allocated"]
    assert used == {"disk": 0.0, "mem": 64.0, "gpus": 0.0, "cpus": 0.2}


def test_versions(world: World) -> None:
    assert {world.answers(who, "version").body["version"] for who in ("leader", "agent")} == {"1.5.0"}


def test_znodes(world: World) -> None:
    """Candidates with all of MasterInfo, replicas with their address; all of these are ephemeral."""
    candidates = [node for node in world.znodes if "/json.info_" in node["path"]]
    replicas = [node for node in world.znodes if "/log_replicas/" in node["path"]]
    assert len(candidates) == len(replicas) == 3
    assert all(node["ephemeral"] for node in (*candidates, *replicas))
    assert not any(node["ephemeral"] for node in world.znodes if node not in (*candidates, *replicas))
    assert all(node["data"].startswith("log-replica(1)@") for node in replicas)
    assert all(len(node["path"].rpartition("/")[2]) == 10 for node in replicas)


def test_master_info(world: World) -> None:
    """The smallest number leads; ip is the address as a little-endian number."""
    candidates = sorted(
        (node for node in world.znodes if "/json.info_" in node["path"]), key=lambda n: str(n["path"])
    )
    for node in candidates:
        info = json.loads(node["data"])
        assert list(info) == sorted(info)
        assert info["ip"] == int.from_bytes(socket.inet_aton(info["address"]["ip"]), "little")
        assert info["pid"] == f"master@{info['address']['ip']}:{info['port']}"
    assert json.loads(candidates[0]["data"]) == _leader(world)
    assert json.loads(candidates[0]["data"]).keys() == json.loads(_recorded_znodes()[1]["data"]).keys()


@pytest.mark.parametrize("path", ENDPOINTS)
def test_what_is_lacking_says_so(world: World, path: str) -> None:
    if not world.live:
        pytest.skip("the real one has it, unrecorded")
    assert request(world.live, "GET", path).status == 404


def _comparable(name: str, body: Any) -> Any:
    """Even out what differs by nothing but circumstances."""
    if name == "metrics-snapshot" and body:
        return {
            key: value for key, value in body.items() if not key.startswith("allocator/mesos/allocation_run")
        }
    if name == "roles" and body:
        return json.loads(json.dumps(body).replace(": 0,", ": 0.0,"))
    return body


def _leader(world: World) -> Any:
    return world.answers("leader", "v1-GET_MASTER").body["get_master"]["master_info"]


def _leaders_place(world: World) -> str:
    leader = _leader(world)
    return f"{leader['hostname']}:{leader['port']}"


def _recorded_znodes() -> list[Znode]:
    found: list[Znode] = json.loads((RECORDED / "zookeeper-tree.json").read_text())
    return found


def _tree(cluster: Cluster) -> list[Znode]:
    client = KazooClient(cluster.zookeeper)
    client.start()
    found, todo = [], [cluster.path]
    while todo:
        path = todo.pop(0)
        data, stat = client.get(path)
        todo += [f"{path}/{child}" for child in sorted(client.get_children(path))]
        found.append({"path": path, "data": data.decode(), "ephemeral": bool(stat.ephemeralOwner)})
    client.stop()
    client.close()
    return found
