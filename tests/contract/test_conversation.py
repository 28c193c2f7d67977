"""The two recorded conversations of a v1 scheduler, held again with the stand-ins, and more of the API."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from answers import RECORDED, request
from cluster import Cluster, Member, docker, until
from scheduler import PATH, Scheduler, container_of
from shape import differences

Json = dict[str, Any]
_HEADERS = {"Date", "Transfer-Encoding", "Mesos-Stream-Id", "Content-Type"}
# Of a status: what must be the very same.
_SAME = ("state", "source", "reason", "message", "healthy")


@pytest.fixture(scope="module")
def leader(new_cluster: Callable[[], Cluster]) -> Iterator[Member]:
    """A leading master with one agent."""
    cluster = new_cluster()
    leader = cluster.leader(cluster.masters())
    cluster.agent()
    cluster.registered(leader)
    yield leader
    cluster.close()


@pytest.fixture
def scheduler(leader: Member) -> Iterator[Scheduler]:
    """A framework of its own for each test."""
    made = Scheduler(leader.address)
    yield made
    made.call("TEARDOWN")
    made.close()


def test_subscribing(scheduler: Scheduler) -> None:
    recorded = _recorded("command")
    assert scheduler.response.status == 200
    assert {name for name, _ in scheduler.response.getheaders()} == _HEADERS
    assert scheduler.response.getheader("Content-Type") == "application/json"
    assert scheduler.wait("HEARTBEAT") == {"type": "HEARTBEAT"}
    assert list(differences(_event(recorded, "OFFERS"), scheduler.wait("OFFERS"))) == []


def test_subscribed_says_what_was_recorded(leader: Member, scheduler: Scheduler) -> None:
    expected = _event(_recorded("command"), "SUBSCRIBED")
    assert list(differences(expected, scheduler.heard)) == []
    assert scheduler.heard["subscribed"]["heartbeat_interval_seconds"] == 15.0
    assert scheduler.id["value"].startswith(leader.get("/state")["id"] + "-")


@pytest.mark.parametrize("kind", ["command", "docker"])
def test_the_recorded_conversation(scheduler: Scheduler, kind: str, task_image: str) -> None:
    """The same calls bring the same answers and the same events, in the same order."""
    recorded = _recorded(kind)
    scheduler.acknowledges = False
    info = _launch_recorded(scheduler, recorded, task_image)
    status: Json = {}
    known: set[str] = set()
    for step in recorded[recorded.index(_call(recorded, "ACCEPT")) + 1 :]:
        if "call" in step:
            if step["call"]["type"] == "KILL" and kind == "docker":
                _until_docker_has_begun(status)
            _repeat(scheduler, step, info, status)
        elif step["event"]["type"] == "UPDATE":
            status = _same_update(scheduler, step["event"]["update"]["status"], known)


def test_a_docker_task_carries_what_docker_says(scheduler: Scheduler, task_image: str) -> None:
    info, status = scheduler.running(command={"value": "sleep 60"}, container=_docker(task_image))
    said = json.loads(base64.b64decode(status["data"]))[0]
    name = container_of(status)
    assert said["Name"] == f"/{name}"
    assert said["HostConfig"]["Memory"] == 32 * 2**20 and said["HostConfig"]["CpuShares"] == 102
    assert said["HostConfig"]["NetworkMode"] == "host"
    assert said["HostConfig"]["Binds"][0].endswith(":/mnt/mesos/sandbox")
    assert f"MESOS_CONTAINER_NAME={name}" in said["Config"]["Env"]
    scheduler.kill(info)
    scheduler.update("TASK_KILLED")


def test_a_task_ends_well_or_badly(scheduler: Scheduler) -> None:
    scheduler.running(command={"value": "true"})
    assert scheduler.update("TASK_FINISHED")["message"] == "Command exited with status 0"
    scheduler.call("REVIVE")
    scheduler.running(command={"value": "exit 3"})
    assert scheduler.update("TASK_FAILED")["message"] == "Command exited with status 3"


def grace(seconds: int) -> Json:
    return {"grace_period": {"nanoseconds": seconds * 10**9}}


def test_a_task_that_ignores_sigterm_is_killed_after_its_grace(scheduler: Scheduler) -> None:
    stubborn = {"value": "trap '' TERM; while :; do sleep 0.1; done"}
    info, _ = scheduler.running(command=stubborn, kill_policy=grace(3600))  # a kill may bring its own
    started = time.monotonic()
    scheduler.call("KILL", task_id=info["task_id"], agent_id=info["agent_id"], kill_policy=grace(1))
    assert scheduler.update("TASK_KILLED")["message"] == "Command terminated with signal Killed"
    assert time.monotonic() - started >= 1


def test_killing_is_told_to_who_can_hear_it(leader: Member) -> None:
    scheduler = Scheduler(leader.address, capabilities=[{"type": "TASK_KILLING_STATE"}])
    info, _ = scheduler.running(command={"value": "sleep 60"})
    scheduler.kill(info)
    scheduler.update("TASK_KILLING")
    scheduler.update("TASK_KILLED")
    scheduler.call("TEARDOWN")


def test_health_checks(scheduler: Scheduler, tmp_path: Path) -> None:
    sick = tmp_path / "sick"
    check = {"type": "COMMAND", "command": {"value": f"test ! -e {sick}"}, "delay_seconds": 0.0}
    often = {"interval_seconds": 0.2, "grace_period_seconds": 0.0, "consecutive_failures": 2}
    scheduler.running(command={"value": "sleep 600"}, health_check={**check, **often})
    assert scheduler.update("TASK_RUNNING")["healthy"] is True
    sick.touch()
    assert scheduler.update("TASK_RUNNING")["healthy"] is False
    assert scheduler.update("TASK_RUNNING")["healthy"] is False
    assert scheduler.update("TASK_KILLED")["healthy"] is False


def test_updates_come_again_until_acknowledged(scheduler: Scheduler) -> None:
    scheduler.acknowledges = False
    scheduler.launch(command={"value": "sleep 60"})
    first, again = scheduler.update("TASK_STARTING"), scheduler.update("TASK_STARTING")
    assert first["uuid"] == again["uuid"]


def test_too_much_is_an_error(scheduler: Scheduler) -> None:
    scheduler.launch(command={"value": "true"}, cpus=1000.0)
    assert scheduler.update("TASK_ERROR")["reason"] == "REASON_TASK_INVALID"


def test_an_offer_is_good_once(scheduler: Scheduler) -> None:
    offer = scheduler.wait("OFFERS")["offers"]["offers"][0]
    scheduler.call("DECLINE", offer_ids=[offer["id"]], filters={"refuse_seconds": 60})
    task = {"name": "x", "task_id": {"value": "x"}, "agent_id": offer["agent_id"], "resources": []}
    operation = {"type": "LAUNCH", "launch": {"task_infos": [{**task, "command": {"value": "true"}}]}}
    assert scheduler.call("ACCEPT", offer_ids=[offer["id"]], operations=[operation]).status == 202
    assert scheduler.update("TASK_LOST")["reason"] == "REASON_INVALID_OFFERS"


def test_a_declined_offer_stays_away_until_revived(leader: Member, scheduler: Scheduler) -> None:
    """An agent is offered to one framework at a time: what another one is offered, this one is not."""
    offer = scheduler.wait("OFFERS")["offers"]["offers"][0]
    scheduler.call("DECLINE", offer_ids=[offer["id"]], filters={"refuse_seconds": 3600})
    other = Scheduler(leader.address)
    other.wait("OFFERS")
    other.call("TEARDOWN")
    assert scheduler.call("REVIVE").status == 202
    scheduler.wait("OFFERS")


def test_unknown_tasks_are_reconciled(scheduler: Scheduler) -> None:
    scheduler.call("RECONCILE", tasks=[{"task_id": {"value": "nobody"}}])
    status = scheduler.update("TASK_LOST")
    assert (status["reason"], status["source"]) == ("REASON_RECONCILIATION", "SOURCE_MASTER")


def test_a_scheduler_fails_over(leader: Member) -> None:
    """The new connection gets the framework with its tasks; the old one is told, and ended."""
    first = Scheduler(leader.address, failover_timeout=3600.0)
    info, _ = first.running(command={"value": "sleep 60"})
    second = Scheduler(leader.address, id=first.id, failover_timeout=3600.0)
    assert first.wait("ERROR")["error"]["message"] == "Framework failed over"
    assert first.call("REVIVE").status == 400
    second.call("RECONCILE", tasks=[])
    assert second.update("TASK_RUNNING")["task_id"] == info["task_id"]
    second.close()
    here = second.id["value"]
    until("end of the connection", lambda: not _frameworks(leader)[here]["connected"])
    framework = _frameworks(leader)[here]
    assert [task["state"] for task in framework["tasks"]] == ["TASK_RUNNING"]
    third = Scheduler(leader.address, id=first.id)
    third.call("TEARDOWN")
    gone = {one["id"] for one in leader.get("/frameworks")["completed_frameworks"]}
    assert first.id["value"] in gone


def test_a_framework_that_does_not_wait_is_removed(leader: Member) -> None:
    scheduler = Scheduler(leader.address)
    scheduler.close()
    until("removal", lambda: scheduler.id["value"] not in _frameworks(leader))


def test_malformed_calls_are_refused(leader: Member, scheduler: Scheduler) -> None:
    address, stream = leader.address, {"Mesos-Stream-Id": "other"}
    assert request(address, "GET", PATH).status == 405
    assert request(address, "POST", PATH, {}, {"Content-Type": "text/plain"}).status == 415
    assert request(address, "POST", PATH, {"type": ""}).status == 400
    revive = {"type": "REVIVE", "framework_id": scheduler.id}
    assert request(address, "POST", PATH, revive).status == 400
    assert request(address, "POST", PATH, revive, stream).status == 400
    unknown = request(address, "POST", PATH, {**revive, "framework_id": {"value": "x"}}, stream)
    assert (unknown.status, unknown.text) == (400, "Framework cannot be found")


def test_teardown_by_operators(leader: Member) -> None:
    scheduler = Scheduler(leader.address, failover_timeout=3600.0)
    assert request(leader.address, "GET", "/teardown").status == 405
    assert request(leader.address, "POST", "/master/teardown", "x").status == 400
    assert _teardown(leader, "nobody") == 400
    assert _teardown(leader, scheduler.id["value"]) == 200


def _recorded(kind: str) -> list[Json]:
    found: list[Json] = json.loads((RECORDED / f"v1-scheduler-{kind}-task.json").read_text())
    return found


def _event(recorded: list[Json], kind: str) -> Json:
    found: Json = next(step["event"] for step in recorded if step.get("event", {}).get("type") == kind)
    return found


def _call(recorded: list[Json], kind: str) -> Json:
    return next(step for step in recorded if step.get("call", {}).get("type") == kind)


def _docker(image: str) -> Json:
    return {"type": "DOCKER", "docker": {"image": image, "network": "HOST"}}


def _launch_recorded(scheduler: Scheduler, recorded: list[Json], image: str) -> Json:
    operation = _call(recorded, "ACCEPT")["call"]["accept"]["operations"][0]
    task: Json = operation["launch"]["task_infos"][0]
    more: Json = {"container": _docker(image)} if "container" in task else {}
    return scheduler.launch(resources=task["resources"], command=task["command"], **more)


def _repeat(scheduler: Scheduler, step: Json, info: Json, status: Json) -> None:
    """Make a recorded call for the task and the update of now."""
    kind = step["call"]["type"]
    known = {"agent_id": info["agent_id"], "task_id": info["task_id"]}
    if kind == "DECLINE":
        return
    fields: Json = {
        "ACKNOWLEDGE": {**known, "uuid": status.get("uuid")},
        "RECONCILE": {"tasks": [known]},
        "KILL": known,
        "TEARDOWN": {},
    }[kind]
    answer = scheduler.call(kind, **fields)
    assert (answer.status, answer.text) == (step["status"], step["body"])


def _until_docker_has_begun(status: Json) -> None:
    """Wait until the container's first process is the task's command, and runc's no longer.

    Docker calls a container started shortly before; a SIGTERM in that moment ends runc with status 2.
    """
    name = container_of(status)
    until("command in the container", lambda: "runc" not in docker("top", name, "-o", "pid,comm"))


def _same_update(scheduler: Scheduler, expected: Json, known: set[str]) -> Json:
    """Take the next update; one that comes again before its acknowledgement has arrived is passed over."""
    found: Json = scheduler.wait("UPDATE")["update"]["status"]
    if found.get("uuid") in known:
        return _same_update(scheduler, expected, known)
    known |= {found["uuid"]} if "uuid" in found else set()
    assert list(differences(expected, found)) == []
    assert {name: found.get(name) for name in _SAME} == {name: expected.get(name) for name in _SAME}
    return found


def _frameworks(leader: Member) -> dict[str, Json]:
    return {one["id"]: one for one in leader.get("/frameworks")["frameworks"]}


def _teardown(leader: Member, framework_id: str) -> int:
    connection = HTTPConnection(leader.address, timeout=10)
    connection.request("POST", "/master/teardown", f"frameworkId={framework_id}")
    return connection.getresponse().status
