"""Agents: who they are across restarts, how they leave, and how they are missed."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from answers import request
from cluster import Cluster, Member, until
from scheduler import Scheduler


@pytest.fixture
def leader(cluster: Cluster) -> Member:
    """A master that leads alone, and misses agents after five seconds."""
    master = cluster.master(QUORUM="1", AGENT_PING_TIMEOUT="1secs", MAX_AGENT_PING_TIMEOUTS="5")
    return cluster.leader([master])


def test_an_agent_keeps_its_id(cluster: Cluster, leader: Member) -> None:
    agent = cluster.agent()
    before = cluster.registered(leader)
    meta = cluster.directory / "agent-5" / "meta"
    link = meta / "slaves" / "latest"
    latest = Path(until("checkpoint", lambda: os.readlink(link)))
    assert latest == meta / "slaves" / before["id"] and (latest / "slave.info").exists()
    assert (meta / "boot_id").read_text() == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    cluster.lose(agent, leader, signal.SIGTERM)
    cluster.agent()
    after = cluster.registered(leader)
    assert (after["id"], "reregistered_time" in before) == (before["id"], False)
    assert "reregistered_time" in after


def test_registered_means_only_that_a_leader_is_known(cluster: Cluster) -> None:
    """A leader without a log admits nobody, and yet the metric is 1."""
    cluster.master(1)
    agent = cluster.agent()
    until("known leader", lambda: agent.metric("slave/registered") == 1.0)
    assert agent.get("/state")["id"] == ""
    nobody = cluster.agent(6, MASTER="zk://127.0.0.1:1/mesos")
    until("health", lambda: request(nobody.address, "GET", "/slave(1)/health").status == 200)
    until("recovery", lambda: "master_hostname" not in (nobody.get("/state") or {"master_hostname": ""}))
    assert nobody.metric("slave/registered") == 0.0


@pytest.mark.parametrize(
    "changed", [{"ATTRIBUTES": "rack:b"}, {"RESOURCES": "cpus:1"}, {"HOSTNAME": "other"}, {"PORT": "1"}]
)
def test_an_agent_that_has_changed_is_refused(
    cluster: Cluster, leader: Member, changed: dict[str, str]
) -> None:
    given = {"ATTRIBUTES": "rack:a", "RESOURCES": "cpus:2"}
    agent = cluster.agent(**given)
    before = cluster.registered(leader)
    cluster.lose(agent, leader)
    port = {"PORT": str(cluster.port + 2)} if "PORT" in changed else {}
    refused = cluster.agent(**{**given, **changed, **port})
    assert refused.ended() == 1
    said = refused.log.read_text()
    assert "EXIT with status 1: Failed to perform recovery: Incompatible agent info detected" in said
    latest = cluster.directory / "agent-5/meta/slaves/latest"
    assert f"rm -f {latest}" in said
    latest.unlink()
    cluster.agent(**{**given, **changed, **port})
    assert cluster.registered(leader)["id"] != before["id"]


def test_additive_changes(cluster: Cluster, leader: Member) -> None:
    agent = cluster.agent(RESOURCES="cpus:2")
    before = cluster.registered(leader)
    cluster.lose(agent, leader)
    more = {"RECONFIGURATION_POLICY": "additive", "RESOURCES": "cpus:3", "ATTRIBUTES": "rack:a"}
    again = cluster.agent(**more)
    after = cluster.registered(leader)
    assert (after["id"], after["resources"]["cpus"]) == (before["id"], 3.0)
    assert after["attributes"] == {"rack": "a"}
    cluster.lose(again, leader)
    assert cluster.agent(**{**more, "RESOURCES": "cpus:1"}).ended() == 1


def test_another_boot_makes_another_agent(cluster: Cluster, leader: Member) -> None:
    agent = cluster.agent(RESOURCES="cpus:2")
    before = cluster.registered(leader)
    cluster.lose(agent, leader)
    (cluster.directory / "agent-5/meta/boot_id").write_text("of another boot")
    cluster.agent(RESOURCES="cpus:1")
    assert cluster.registered(leader)["id"] != before["id"]


def test_a_dead_agent_is_inactive_before_it_is_gone(cluster: Cluster, leader: Member) -> None:
    agent = cluster.agent()
    agent_id = cluster.registered(leader)["id"]
    agent.kill()
    listed = until("inactive agent", lambda: [one for one in _slaves(leader) if not one["active"]])
    assert listed[0]["id"] == agent_id
    assert leader.get("/state")["deactivated_slaves"] == 1.0
    until("removal", lambda: not _slaves(leader))
    assert leader.get("/state")["unreachable_slaves"] == 1.0
    assert leader.metric("master/slave_removals/reason_unhealthy") == 1.0
    cluster.agent()
    assert cluster.registered(leader)["id"] == agent_id
    assert leader.get("/state")["unreachable_slaves"] == 0.0


def test_a_silent_agent_is_active_until_it_is_gone(cluster: Cluster, leader: Member) -> None:
    """As after a power cut: nobody says that the connection is gone."""
    agent = cluster.agent()
    agent_id = cluster.registered(leader)["id"]
    os.kill(agent.process.pid, signal.SIGSTOP)
    seen: list[bool] = []

    def gone() -> bool:
        listed = [one["active"] for one in _slaves(leader)]
        seen.extend(listed)
        return not listed

    until("removal", gone)
    assert all(seen)
    os.kill(agent.process.pid, signal.SIGCONT)
    assert cluster.registered(leader)["id"] == agent_id


def test_sigusr1_unregisters(cluster: Cluster, leader: Member) -> None:
    agent = cluster.agent()
    cluster.registered(leader)
    assert agent.kill(signal.SIGUSR1) == 0
    assert _slaves(leader) == []
    assert leader.get("/registrar(1)/registry")["slaves"]["slaves"] == []


def test_an_agent_that_leaves_does_not_register_again_while_its_tasks_end(
    cluster: Cluster, leader: Member
) -> None:
    agent = cluster.agent(REGISTRATION_BACKOFF_FACTOR="1ms")
    scheduler = Scheduler(leader.address)
    scheduler.running(command={"value": "sleep 60"})
    assert agent.kill(signal.SIGUSR1) == 0
    assert _slaves(leader) == []
    scheduler.call("TEARDOWN")


def test_an_agent_that_unregistered_forgets_who_it_was_and_may_change(
    cluster: Cluster, leader: Member
) -> None:
    agent = cluster.agent(ATTRIBUTES="rack:a")
    before = cluster.registered(leader)["id"]
    agent.kill(signal.SIGUSR1)
    assert not (cluster.directory / "agent-5/meta/slaves/latest").is_symlink()
    cluster.agent(ATTRIBUTES="rack:b")
    assert cluster.registered(leader)["id"] != before


def test_the_order_of_attributes_and_resources_is_no_change(cluster: Cluster, leader: Member) -> None:
    agent = cluster.agent(ATTRIBUTES="rack:a;zone:1", RESOURCES="cpus:2;mem:64")
    before = cluster.registered(leader)["id"]
    cluster.lose(agent, leader)
    cluster.agent(ATTRIBUTES="zone:1.0;rack:a", RESOURCES="mem:64.0;cpus:2")
    assert cluster.registered(leader)["id"] == before


def test_an_agent_marked_gone_never_comes_back(cluster: Cluster, leader: Member) -> None:
    agent = cluster.agent()
    agent_id = {"value": cluster.registered(leader)["id"]}
    call = {"type": "MARK_AGENT_GONE", "mark_agent_gone": {"agent_id": agent_id}}
    assert request(leader.address, "POST", "/api/v1", call).status == 200
    assert agent.ended() == 0
    assert cluster.agent().ended() == 0
    assert request(leader.address, "POST", "/api/v1", call).status == 200
    call["mark_agent_gone"] = {"agent_id": {"value": "nobody"}}
    assert request(leader.address, "POST", "/api/v1", call).status == 404


def test_an_agent_that_lost_its_work_dir_replaces_its_former_self(cluster: Cluster, leader: Member) -> None:
    agent = cluster.agent()
    before = cluster.registered(leader)["id"]
    agent.kill()
    cluster.agent(WORK_DIR=str(cluster.directory / "empty"))
    after = until("other agent", lambda: [one for one in _slaves(leader) if one["id"] != before])
    assert len(_slaves(leader)) == 1 and after[0]["active"]
    assert leader.metric("master/slave_removals/reason_registered") == 1.0


def test_a_task_outlives_failover(cluster: Cluster) -> None:
    """Its framework subscribes to the new leader with its id, and finds the task running."""
    masters = cluster.masters()
    leader = cluster.leader(masters)
    agent = cluster.agent()
    first = Scheduler(leader.address, failover_timeout=3600.0)
    info, status = first.running(command={"value": "sleep 60"})
    leader.kill()
    successor = cluster.leader(masters)
    cluster.registered(successor)
    known = successor.get("/frameworks")["frameworks"][0]
    assert (known["id"], known["recovered"], known["active"]) == (first.id["value"], True, False)
    second = Scheduler(successor.address, id=first.id, failover_timeout=3600.0)
    second.call("RECONCILE", tasks=[])
    again = second.update("TASK_RUNNING")
    assert (again["task_id"], again["container_status"]) == (info["task_id"], status["container_status"])
    assert successor.get("/frameworks")["frameworks"][0]["recovered"] is False
    assert agent.metric("slave/tasks_running") == 1.0
    second.kill(info)
    second.update("TASK_KILLED")
    second.call("TEARDOWN")


def test_an_agent_process_that_restarts_alone_finds_its_task_again(cluster: Cluster) -> None:
    """The executor outlives the agent here, where no container takes it along."""
    patient = {"AGENT_PING_TIMEOUT": "15secs", "WORK_DIR": str(cluster.directory / "patient")}
    leader = cluster.leader([cluster.master(2, QUORUM="1", ZK=cluster.zk + "-patient", **patient)])
    lasting = {"RECOVERY_TIMEOUT": "5mins", "EXECUTOR_REREGISTRATION_TIMEOUT": "6secs"}
    agent = cluster.agent(MASTER=cluster.zk + "-patient", **lasting)
    scheduler = Scheduler(leader.address)
    info, _ = scheduler.running(command={"value": "sleep 60"})
    agent.kill()
    back = cluster.agent(MASTER=cluster.zk + "-patient", **lasting)
    cluster.registered(leader)
    until("running task", lambda: back.metric("slave/tasks_running") == 1.0)
    scheduler.kill(info)
    scheduler.update("TASK_KILLED")
    scheduler.call("TEARDOWN")


def test_a_lost_agent_loses_its_tasks(cluster: Cluster, leader: Member) -> None:
    agent = cluster.agent()
    scheduler = Scheduler(leader.address, capabilities=[{"type": "PARTITION_AWARE"}])
    scheduler.running(command={"value": "sleep 60"})
    agent.kill()
    status = scheduler.update("TASK_UNREACHABLE")
    assert (status["reason"], status["source"]) == ("REASON_AGENT_REMOVED", "SOURCE_MASTER")
    assert "agent_id" in scheduler.wait("FAILURE")["failure"]
    scheduler.call("TEARDOWN")


def test_offers_of_a_dead_agent_are_taken_back(cluster: Cluster, leader: Member) -> None:
    agent = cluster.agent()
    scheduler = Scheduler(leader.address)
    offer = scheduler.wait("OFFERS")["offers"]["offers"][0]
    agent.kill()
    assert scheduler.wait("RESCIND")["rescind"]["offer_id"] == offer["id"]
    scheduler.call("TEARDOWN")


def test_attributes_are_offered(cluster: Cluster, leader: Member) -> None:
    cluster.agent(ATTRIBUTES="rack:2;zone:a", RESOURCES="cpus:1;mem:512;ports:[1000-1001,2000-2000]")
    scheduler = Scheduler(leader.address)
    offer = scheduler.wait("OFFERS")["offers"]["offers"][0]
    assert [one["type"] for one in offer["attributes"]] == ["SCALAR", "TEXT"]
    assert cluster.registered(leader)["resources"]["ports"] == "[1000-1001, 2000-2000]"
    scheduler.call("TEARDOWN")


@pytest.mark.parametrize(
    ("more", "task", "message"),
    [
        ({"CONTAINERIZERS": "docker"}, {}, "None of the enabled containerizers (docker)"),
        (
            {"SWITCH_USER": "true"},
            {"user": "nobody-here"},
            "Failed to get user information for",
        ),
        ({}, {"uris": [{"value": "http://127.0.0.1:1/x"}]}, "no fetcher"),
    ],
)
def test_what_cannot_be_launched_fails(
    cluster: Cluster, leader: Member, more: dict[str, str], task: dict[str, Any], message: str
) -> None:
    cluster.agent(**more)
    scheduler = Scheduler(leader.address)
    scheduler.launch(command={"value": "true", **task})
    status = scheduler.update("TASK_FAILED")
    assert message in status["message"]
    assert status["reason"] == "REASON_CONTAINER_LAUNCH_FAILED"
    scheduler.call("TEARDOWN")


def _slaves(leader: Member) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = leader.get("/slaves")["slaves"]
    return found
