"""Agents and frameworks that authenticate, or do not, and what was seen to become of them.

A master that is started again at its address is another leader: here no ZooKeeper is needed for that.
"""

from __future__ import annotations

import json
import signal
import uuid
from pathlib import Path

import pytest
from answers import request
from cluster import Cluster, Member, until
from locked import LOCKED, Files, shows
from scheduler import PATH, Json, Scheduler

LINES = (LOCKED / "master-log-lines.txt").read_text()
DRIVER = "Stand-In-Driver"
ONLY_AGENT = {
    "register_agents": [
        {"principals": {"values": ["agent"]}, "agents": {"type": "ANY"}},
        {"principals": {"type": "ANY"}, "agents": {"type": "NONE"}},
    ]
}
RECORDED_COUNTERS = {
    name
    for name in json.loads((LOCKED / "leader_GET_metrics.snapshot__op.txt").read_text().partition("\n\n")[2])
    if name.startswith("frameworks/")
}
AUTHENTICATED_AS_NOBODY = (
    "Authenticated principal 'marathon' does not match principal '' set in `FrameworkInfo`"
)


# --- agents -----------------------------------------------------------------------------------------------


def test_an_agent_that_authenticates_where_nobody_must(lone: Cluster, files: Files) -> None:
    """Both say so; it keeps its id over a restart, and over the first credential of its life."""
    master = lone.lone_master(**files.master())
    first = _agent(lone, master, CONTAINERIZERS="mesos")
    before = lone.registered(master)["id"]
    lone.lose(first, master)
    agent = _agent(lone, master, **files.agent())
    assert lone.registered(master)["id"] == before
    assert f"Successfully authenticated with master master@{master.address}" in agent.log.read_text()
    assert (
        f"Successfully authenticated principal 'agent' at slave(1)@{agent.address}" in master.log.read_text()
    )
    assert (master.metric("master/messages_authenticate") or 0) >= 1
    assert "No credentials provided. Attempting to register without authentication" in first.log.read_text()


def test_who_must_authenticate_is_logged_in_the_words_of_the_real_one(lone: Cluster, files: Files) -> None:
    strict = lone.lone_master(**files.master("agents", "frameworks"), ACLS='{"permissive": true}')
    said = "only allowing authenticated"
    for line in (*(f"Master {said} {who} to register" for who in _WHO), "Authorization enabled"):
        assert line in strict.log.read_text() and line in LINES
    strict.kill()
    open_one = lone.lone_master()
    for line in (
        "Master allowing unauthenticated agents to register",
        "Master allowing unauthenticated frameworks to register",
        "Master allowing HTTP frameworks to register without authentication",
        "No credentials provided, authentication requests will be refused",
    ):
        assert line in open_one.log.read_text() and line in LINES


_WHO = ("agents", "frameworks", "HTTP frameworks")


@pytest.mark.parametrize("known", [False, True], ids=["a master without secrets", "another secret"])
def test_an_agent_whose_secret_is_refused_exits_with_1(lone: Cluster, files: Files, known: bool) -> None:
    master = lone.lone_master(**(files.master() if known else {}))
    credential = files.credential(secret="another") if known else files.credential()
    agent = _agent(lone, master, CONTAINERIZERS="mesos", CREDENTIAL=credential)
    assert agent.ended() == 1
    assert (
        f"EXIT with status 1: Master master@{master.address} refused authentication" in agent.log.read_text()
    )
    assert (
        f"Failed to authenticate slave(1)@{agent.address}: Refused authentication" in master.log.read_text()
    )
    assert "Refused authentication" in LINES


def test_an_agent_that_does_not_authenticate_where_it_must_loses_its_tasks(
    lone: Cluster, files: Files
) -> None:
    """Nobody tells the framework. With a credential the agent is back by its old id, with nothing."""
    master = lone.lone_master(**files.master())
    agent = _agent(lone, master, CONTAINERIZERS="mesos")
    scheduler = Scheduler(master.address, headers=shows("marathon"), failover_timeout=3600.0)
    pid = _running(lone, scheduler)
    before = lone.registered(master)["id"]
    master.kill()
    master = lone.lone_master(**files.master("agents", "frameworks"))
    assert agent.ended() == 0
    _assert_shut_down(agent, master, "Agent is not authenticated")
    assert (
        "because it is not authenticated" in master.log.read_text()
        and "because it is not authenticated" in LINES
    )
    until("end of the task", lambda: not Path(f"/proc/{pid}").exists())
    again = Scheduler(master.address, headers=shows("marathon"), id=scheduler.id)
    lone.agent(MASTER=master.address, **files.agent())
    assert lone.registered(master)["id"] == before
    assert again.call("RECONCILE", tasks=[{"task_id": {"value": "sleeper"}}]).status == 202
    assert again.update("TASK_LOST")["reason"] == "REASON_RECONCILIATION"


def test_an_agent_that_may_not_register_is_shut_down(lone: Cluster, files: Files) -> None:
    master = lone.lone_master(**files.master("agents"), ACLS=json.dumps(ONLY_AGENT))
    agent = _agent(lone, master, CONTAINERIZERS="mesos", CREDENTIAL=files.credential())
    until("its id", lambda: agent.get("/state")["id"])
    agent.kill()
    other = _agent(lone, master, CONTAINERIZERS="mesos", CREDENTIAL=files.credential("other"))
    assert other.ended() == 0
    why = "Not authorized to re-register as agent with principal with principal 'other'"
    _assert_shut_down(other, master, why)
    assert why in master.log.read_text() and why in LINES


# --- frameworks over HTTP ---------------------------------------------------------------------------------


def test_a_framework_gets_the_principal_it_has_authenticated_with(lone: Cluster, files: Files) -> None:
    master = lone.lone_master(**files.master("frameworks"))
    scheduler = Scheduler(master.address, headers=shows("marathon"))
    assert _principal(master, scheduler) == "marathon"
    line = "Setting 'principal' in FrameworkInfo to 'marathon' because the framework authenticated"
    assert line in master.log.read_text() and line in LINES
    assert scheduler.call("REVIVE").status == 202


def test_a_framework_with_another_principal_is_refused(lone: Cluster, files: Files) -> None:
    master = lone.lone_master(**files.master("frameworks"))
    answer = _subscribe(master, shows("marathon"), principal="other")
    why = "Authenticated principal 'marathon' does not match principal 'other' set in `FrameworkInfo`"
    assert answer == (400, why)


def test_what_a_framework_shows_where_nobody_asks_is_passed_over(lone: Cluster) -> None:
    master = lone.lone_master()
    scheduler = Scheduler(master.address, headers=shows("marathon", "whatever"))
    assert _principal(master, scheduler) is None
    assert scheduler.call("REVIVE").status == 202


def test_a_principal_that_comes_after_the_requirement_is_refused_until_the_next_leader(
    lone: Cluster, files: Files
) -> None:
    """MESOS-703: it is subscribed and can do nothing. Agents are told, and tell the next leader."""
    master = lone.lone_master(**files.master())
    _agent(lone, master, **files.agent())
    first = Scheduler(master.address, failover_timeout=3600.0)
    _running(lone, first)
    master.kill()
    master = lone.lone_master(**files.master("agents", "frameworks"))
    until("framework", lambda: first.id["value"] in _frameworks(master))
    late = Scheduler(master.address, headers=shows("marathon"), id=first.id, failover_timeout=3600.0)
    line = f"Cannot update FrameworkInfo.principal to 'marathon' for framework {first.id['value']}"
    assert line in master.log.read_text() and line[:60] in LINES
    refused = late.call("REVIVE")
    assert (refused.status, refused.text) == (400, AUTHENTICATED_AS_NOBODY)
    _until_agents_know(lone)
    master.kill()
    master = lone.lone_master(**files.master("agents", "frameworks"))
    until("framework", lambda: first.id["value"] in _frameworks(master))
    again = Scheduler(master.address, headers=shows("marathon"), id=first.id)
    assert _principal(master, again) == "marathon"
    assert again.call("REVIVE").status == 202


# --- frameworks with a driver -----------------------------------------------------------------------------


def test_a_driver_is_refused_as_an_error(lone: Cluster, files: Files) -> None:
    master = lone.lone_master()
    assert _error(master, **shows("marathon")) == "Master refused authentication"
    master.kill()
    master = lone.lone_master(**files.master("frameworks"))
    assert _error(master, **shows("marathon", "wrong")) == "Master refused authentication"
    pid = _driver()[DRIVER]
    assert _error(master, **{DRIVER: pid}) == f"Framework at {pid} is not authenticated"
    assert f"Refusing subscription of framework 'recorder' at {pid}" in master.log.read_text()


def test_a_principal_that_comes_under_a_living_leader_ends_that_leader(lone: Cluster, files: Files) -> None:
    """Twice: the next leader does not know it either. The one after that does, from what agents were told."""
    master = lone.lone_master(**files.master())
    _agent(lone, master, **files.agent())
    first = _with_driver(master)
    _running(lone, first)
    master.kill()
    master = _next_leader(lone, files, first)
    # The new leader knows the framework from the agent, without a principal; that one comes is harmless yet.
    second = _with_driver(master, first, "marathon")
    assert second.call("REVIVE").status == 202
    assert _principal(master, second) is None and not _counters(master)
    # Who fails over to it under that leader ends it, by the first thing it says.
    third = _with_driver(master, first, "marathon")
    _until_agents_know(lone)
    with pytest.raises(OSError):
        third.call("REVIVE")
    assert master.ended() == 128 + signal.SIGSEGV
    assert "Check failed: metrics->frameworks.contains(principal.get())" in master.log.read_text()
    master = _next_leader(lone, files, first)
    for _ in range(2):
        one = _with_driver(master, first, "marathon")
        assert one.call("REVIVE").status == 202
    assert _principal(master, one) == "marathon"
    assert _counters(master) == RECORDED_COUNTERS


def test_a_driver_that_no_longer_authenticates_harms_nobody(lone: Cluster, files: Files) -> None:
    master = lone.lone_master(**files.master())
    first = _with_driver(master, principal="marathon")
    second = _with_driver(master, first)
    assert second.call("REVIVE").status == 202
    assert _principal(master, second) == "marathon"


def _agent(lone: Cluster, master: Member, **more: str) -> Member:
    return lone.agent(MASTER=master.address, **more)


def _assert_shut_down(agent: Member, master: Member, why: str) -> None:
    assert f"Agent asked to shut down by master@{master.address} because '{why}'" in agent.log.read_text()


def _running(lone: Cluster, scheduler: Scheduler) -> int:
    """Run a task; return the process that it is."""
    told = lone.directory / "pid"
    command = {"shell": True, "value": f"echo $$ > {told}; exec sleep 600"}
    scheduler.running("sleeper", command=command)
    return int(until("pid", lambda: told.exists() and told.read_text().strip() or None))


def _frameworks(master: Member) -> dict[str, Json]:
    return {one["id"]: one for one in master.get("/frameworks")["frameworks"]}


def _principal(master: Member, scheduler: Scheduler) -> str | None:
    return _frameworks(master)[scheduler.id["value"]].get("principal")


def _counters(master: Member) -> set[str]:
    return {name for name in master.get("/metrics/snapshot") if name.startswith("frameworks/")}


def _until_agents_know(lone: Cluster) -> None:
    """Wait until the agent has kept the framework's principal with its task."""
    runs = "agent-5/meta/slaves/*/frameworks/*/executors/*/runs/*/run.json"
    until(
        "principal at the agent",
        lambda: any('"marathon"' in one.read_text() for one in lone.directory.glob(runs)),
    )


def _next_leader(lone: Cluster, files: Files, scheduler: Scheduler) -> Member:
    """Start a master, and wait until an agent has told it of the framework."""
    master = lone.lone_master(**files.master())
    until("framework", lambda: scheduler.id["value"] in _frameworks(master))
    return master


def _driver() -> dict[str, str]:
    return {DRIVER: f"scheduler-{uuid.uuid4()}@127.0.0.1"}


def _with_driver(master: Member, known: Scheduler | None = None, principal: str = "") -> Scheduler:
    """Subscribe as Marathon does: with a driver, and a principal in its FrameworkInfo if it authenticates."""
    more: Json = {"id": known.id} if known else {}
    more |= {"principal": principal} if principal else {}
    headers = {**_driver(), **(shows(principal) if principal else {})}
    return Scheduler(master.address, headers=headers, failover_timeout=3600.0, **more)


def _error(master: Member, **headers: str) -> str:
    """Return the error that a driver gets."""
    refused = Scheduler(master.address, "ERROR", {**_driver(), **headers})
    return str(refused.heard["error"]["message"])


def _subscribe(master: Member, headers: dict[str, str], **info: str) -> tuple[int, str]:
    subscribe = {"framework_info": {"user": "root", "name": "x", **info}}
    answer = request(master.address, "POST", PATH, {"type": "SUBSCRIBE", "subscribe": subscribe}, headers)
    return answer.status, answer.text
