"""The stand-in for Marathon keeps to what is known of 1.5.8: apps, tasks, failover, deployments."""

from __future__ import annotations

import re
import signal

import pytest
from kazoo.exceptions import NoAuthError
from marathon_cluster import HUGE, SMOKE, Marathons, is_up, running, settled, tasks_of
from marathon_master import FakeMaster
from marathon_nodes import ZooKeeper, until

pytest_plugins = ["marathon_cluster"]

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


# --- apps and tasks ---------------------------------------------------------------------------------------


def test_an_app_from_its_start_to_its_end(marathons: Marathons, fake_master: FakeMaster) -> None:
    marathons.up(2)
    node = marathons.standby()
    body = node.ask("POST", "/v2/apps", json=SMOKE).json()
    assert (body["tasks"], body["tasksRunning"], body["tasksStaged"]) == ([], 0, 0)
    assert re.fullmatch(STAMP, body["version"])
    task = running(node, 1)[0]
    assert re.fullmatch(r"smoke\.[0-9a-f-]{36}", task["id"])
    assert task["appId"] == "/smoke"
    assert 31000 <= task["ports"][0] <= 32000
    assert task["ipAddresses"] == [{"ipAddress": "127.0.0.1", "protocol": "IPv4"}]
    app = node.get("/v2/apps/smoke")["app"]
    assert (app["tasksRunning"], app["tasksHealthy"], app["deployments"]) == (1, 0, [])
    scaled = node.ask("PUT", "/v2/apps/smoke", json={"instances": 3})
    assert scaled.status_code == 200
    assert set(scaled.json()) == {"version", "deploymentId"}
    assert task["id"] in {each["id"] for each in running(node, 3)}
    assert len(node.get("/v2/tasks?status=running")["tasks"]) == 3
    node.ask("PUT", "/v2/apps/smoke", json={"instances": 1})
    running(node, 1)
    gone = node.ask("DELETE", "/v2/apps/smoke")
    assert (gone.status_code, set(gone.json())) == (200, {"version", "deploymentId"})
    missing = node.ask("GET", "/v2/apps/smoke")
    assert (missing.status_code, missing.json()) == (404, {"message": "App '/smoke' does not exist"})
    until(lambda: settled(node) and not fake_master.running, "every task is gone")
    assert node.get("/v2/apps") == {"apps": []}


def test_what_the_master_is_told(marathons: Marathons, fake_master: FakeMaster) -> None:
    node = marathons.up(1).leader()
    node.ask("POST", "/v2/apps", json={**SMOKE, "env": {"A": "b"}})
    task = running(node, 1)[0]
    told = fake_master.said("SUBSCRIBE")[0]["subscribe"]["framework_info"]
    assert told == {
        "name": "marathon",
        "user": "root",
        "checkpoint": True,
        "failover_timeout": 604800.0,
        "hostname": node.host,
        "webui_url": node.url,
        "capabilities": [{"type": "PARTITION_AWARE"}],
    }
    info = fake_master.said("ACCEPT")[0]["accept"]["operations"][0]["launch"]["task_infos"][0]
    variables = {each["name"]: each["value"] for each in info["command"]["environment"]["variables"]}
    assert info["task_id"]["value"] == variables["MESOS_TASK_ID"] == task["id"]
    assert variables["PORT"] == variables["PORT0"] == variables["PORT_DEFAULT"] == str(task["ports"][0])
    assert (variables["MARATHON_APP_ID"], variables["HOST"], variables["A"]) == ("/smoke", "127.0.0.1", "b")
    assert {each["name"] for each in info["resources"]} == {"cpus", "mem", "ports"}
    until(lambda: len(fake_master.said("ACKNOWLEDGE")) == 2, "both updates are acknowledged")


def test_a_failed_task_is_replaced_and_remembered(marathons: Marathons, fake_master: FakeMaster) -> None:
    node = marathons.up(1).leader()
    node.ask("POST", "/v2/apps", json={**SMOKE, "backoffSeconds": 0.2})
    task = running(node, 1)[0]
    fake_master.end(task["id"], "TASK_FAILED", "Command exited with status 1")
    until(lambda: [t for t in tasks_of(node) if t["id"] != task["id"]], "another task")
    failure = node.get("/v2/apps/smoke")["app"]["lastTaskFailure"]
    assert (failure["taskId"], failure["state"]) == (task["id"], "TASK_FAILED")
    assert failure["message"] == "Command exited with status 1"


def test_a_new_leader_goes_on_with_the_same_framework_and_tasks(
    marathons: Marathons, fake_master: FakeMaster
) -> None:
    marathons.up(3)
    leader, node = marathons.leader(), marathons.standby()
    node.ask("POST", "/v2/apps", json={**SMOKE, "instances": 2})
    before = {task["id"] for task in running(node, 2)}
    framework, launched = node.get("/v2/info")["frameworkId"], len(fake_master.said("ACCEPT"))
    leader.process.kill()
    leader.process.wait()
    new = marathons.leader()
    assert new is not leader
    until(lambda: new.get("/v2/info")["marathon_config"]["mesos_leader_ui_url"], "registration")
    until(lambda: fake_master.said("RECONCILE"), "reconciliation")
    assert new.get("/v2/info")["frameworkId"] == framework
    assert {task["id"] for task in running(new, 2)} == before
    assert len(fake_master.said("ACCEPT")) == launched
    assert set(fake_master.running) == before


def test_the_framework_id_stands_in_zookeeper_as_marathon_writes_it(
    marathons: Marathons, keeper: ZooKeeper
) -> None:
    node = marathons.up(1).leader()
    framework = until(lambda: node.get("/v2/info")["frameworkId"], "registration")
    client = keeper.client()
    data, _ = client.get(f"{marathons.path}/state/framework-id/b/id")
    client.stop()
    assert data == b"\x0a" + bytes([len(framework)]) + framework.encode()


def test_a_change_of_configuration_replaces_tasks_one_after_the_other(marathons: Marathons) -> None:
    node = marathons.up(1).leader()
    node.ask("POST", "/v2/apps", json={**SMOKE, "instances": 2})
    before = {task["id"] for task in running(node, 2)}
    node.ask("PUT", "/v2/apps/smoke", json={"cmd": "sleep 3601"})
    assert not before & {task["id"] for task in running(node, 2)}
    assert len(node.get("/v2/apps/smoke/versions")["versions"]) == 2
    oldest = node.get("/v2/apps/smoke/versions")["versions"][-1]
    assert node.get(f"/v2/apps/smoke/versions/{oldest}")["cmd"] == "sleep 3600"
    before = {task["id"] for task in running(node, 2)}
    assert node.ask("POST", "/v2/apps/smoke/restart").status_code == 200
    assert not before & {task["id"] for task in running(node, 2)}


def test_killing_tasks_by_hand(marathons: Marathons) -> None:
    node = marathons.up(1).leader()
    node.ask("POST", "/v2/apps", json={**SMOKE, "instances": 2})
    one, two = running(node, 2)
    killed = node.ask("DELETE", f"/v2/apps/smoke/tasks/{one['id']}")
    assert list(killed.json()["task"]["tasksMap"]) == [one["id"]]
    until(lambda: one["id"] not in {task["id"] for task in tasks_of(node)}, "it is gone")
    assert two["id"] in {task["id"] for task in running(node, 2)}
    both = node.ask("DELETE", f"/v2/apps/smoke/tasks/{two['id']}?scale=true&wipe=true")
    assert both.status_code == 400
    scaled = node.ask("POST", "/v2/tasks/delete?scale=true", json={"ids": [two["id"]]})
    assert set(scaled.json()) == {"version", "deploymentId"}
    assert two["id"] not in {task["id"] for task in running(node, 1)}
    assert node.get("/v2/apps/smoke")["app"]["instances"] == 1


def test_a_task_out_of_reach_is_replaced_and_not_wanted_back(
    marathons: Marathons, fake_master: FakeMaster
) -> None:
    node = marathons.up(1).leader()
    node.ask("POST", "/v2/apps", json=SMOKE)
    lost = running(node, 1)[0]["id"]
    # Else this master might name the lost one while it is asked for all that it knows.
    until(
        lambda: [call for call in fake_master.said("RECONCILE") if not call["reconcile"]["tasks"]],
        "reconciliation",
    )
    fake_master.update(lost, "TASK_UNREACHABLE", unreachable_time={"nanoseconds": 1795365629194870000})
    until(lambda: tasks_of(node) and lost not in {task["id"] for task in tasks_of(node)}, "another task")
    fake_master.update(lost, "TASK_RUNNING")
    until(lambda: lost not in fake_master.running, "it is killed when it comes back")


def test_a_task_that_nobody_knows_is_killed(marathons: Marathons, fake_master: FakeMaster) -> None:
    with fake_master.lock:
        fake_master.running["stray.1"] = {"task_id": {"value": "stray.1"}}
    marathons.up(1)
    until(lambda: "stray.1" not in fake_master.running, "reconciliation finds it")


def test_a_framework_that_was_removed_becomes_another(marathons: Marathons, fake_master: FakeMaster) -> None:
    marathons.up(2)
    leader, standby = marathons.leader(), marathons.standby()
    old = until(lambda: leader.get("/v2/info")["frameworkId"], "registration")
    fake_master.error("Framework has been removed")
    assert leader.exit_code() == 137
    assert "Committing suicide!" in leader.log.read_text()
    until(standby.leads, "the standby leads")
    assert until(lambda: standby.get("/v2/info")["frameworkId"], "registration") != old


def test_a_new_leader_carries_a_deployment_on(marathons: Marathons, fake_master: FakeMaster) -> None:
    marathons.up(2)
    leader, standby = marathons.leader(), marathons.standby()
    deployment = leader.ask("POST", "/v2/apps", json=HUGE).headers["Marathon-Deployment-Id"]
    leader.ask("DELETE", "/v2/leader")
    leader.exit_code()
    until(standby.leads, "the standby leads")
    assert [each["id"] for each in standby.get("/v2/deployments")] == [deployment]
    assert standby.get("/v2/apps/huge")["app"]["cpus"] == 99


def test_a_health_check_that_fails_ends_the_task(marathons: Marathons) -> None:
    node = marathons.up(1).leader()
    # The tasks of this master only seem to run: nothing listens on their ports.
    check = {"protocol": "HTTP", "path": "/", "gracePeriodSeconds": 0, "intervalSeconds": 1}
    app = {**SMOKE, "healthChecks": [{**check, "maxConsecutiveFailures": 1}]}
    node.ask("POST", "/v2/apps", json=app)
    first = until(lambda: tasks_of(node), "a task")[0]["id"]
    until(lambda: tasks_of(node) and tasks_of(node)[0]["id"] != first, "another one")
    assert not settled(node)
    sick = until(lambda: tasks_of(node)[0].get("healthCheckResults"), "a result")[0]
    assert (sick["alive"], sick["lastSuccess"]) == (False, None)
    assert "ConnectionRefusedError" in sick["lastFailureCause"]


def test_without_ha_it_leads_at_once(marathons: Marathons, keeper: ZooKeeper) -> None:
    node = marathons.add("--disable_ha")
    until(node.leads, "it leads")
    client = keeper.client()
    assert not client.exists(f"{marathons.path}/leader-curator")
    client.stop()


def test_with_credentials_the_latch_is_readable_and_the_state_is_not(
    marathons: Marathons, keeper: ZooKeeper
) -> None:
    marathons.zk = marathons.zk.replace("zk://", "zk://ann:secret@")
    node = marathons.add()
    assert until(lambda: node.get("/v2/info"), "it leads")["zookeeper_config"]["zk"].count("@") == 0
    node.ask("POST", "/v2/apps", json=SMOKE)
    client = keeper.client()
    latch = client.get_children(f"{marathons.path}/leader-curator")[0]
    assert client.get(f"{marathons.path}/leader-curator/{latch}")[0].decode() == node.address
    with pytest.raises(NoAuthError):
        client.get_children(f"{marathons.path}/state")
    client.stop()


def test_one_without_the_password_cannot_lead_after_one_with_it(marathons: Marathons) -> None:
    """What was there before is open as it was; what the one with the password has made is closed."""
    before = marathons.add()
    until(before.leads, "it leads")
    opened, marathons.zk = marathons.zk, marathons.zk.replace("zk://", "zk://ann:secret@")
    locked = marathons.add()
    until(lambda: is_up(locked), "it answers")
    marathons.zk = opened
    last = marathons.add()
    until(lambda: is_up(last), "it answers")
    before.process.send_signal(signal.SIGTERM)
    until(locked.leads, "it leads")
    assert locked.ask("POST", "/v2/apps", json=SMOKE).status_code == 201
    locked.process.send_signal(signal.SIGTERM)
    assert last.exit_code() == 137
    assert "NoAuthError" in last.log.read_text()


# --- a deployment that can't go on ------------------------------------------------------------------------


def test_what_waits_is_in_the_queue_and_locks_its_app(marathons: Marathons) -> None:
    node = marathons.up(1).leader()
    deployment = node.ask("POST", "/v2/apps", json=HUGE).headers["Marathon-Deployment-Id"]
    queued = until(
        lambda: [
            q for q in node.get("/v2/queue")["queue"] if q["processedOffersSummary"]["unusedOffersCount"]
        ],
        "an offer that is refused",
    )[0]
    last = queued["processedOffersSummary"]["rejectSummaryLastOffers"]
    assert {"reason": "InsufficientCpus", "declined": 1, "processed": 1} in last
    assert (queued["count"], queued["app"]["id"]) == (1, "/huge")
    shown = node.get("/v2/deployments")[0]
    assert (shown["id"], shown["affectedApps"], shown["currentStep"], shown["totalSteps"]) == (
        deployment,
        ["/huge"],
        2,
        2,
    )
    assert [step["actions"][0]["action"] for step in shown["steps"]] == [
        "StartApplication",
        "ScaleApplication",
    ]
    locked = node.ask("PUT", "/v2/apps/huge", json={"instances": 2})
    assert locked.status_code == 409
    assert locked.json()["message"].startswith("App is locked by one or more deployments.")
    assert locked.json()["deployments"] == [{"id": deployment}]
    assert node.ask("PUT", "/v2/apps/huge?force=true", json={"cpus": 0.1}).status_code == 200
    running(node, 1, "/huge")


def test_a_deployment_is_rolled_back_or_stopped(marathons: Marathons) -> None:
    node = marathons.up(1).leader()
    assert node.ask("DELETE", "/v2/deployments/none").status_code == 404
    deployment = node.ask("POST", "/v2/apps", json=HUGE).headers["Marathon-Deployment-Id"]
    back = node.ask("DELETE", f"/v2/deployments/{deployment}")
    assert (back.status_code, set(back.json())) == (200, {"version", "deploymentId"})
    until(lambda: settled(node), "rolled back")
    assert node.ask("GET", "/v2/apps/huge").status_code == 404
    deployment = node.ask("POST", "/v2/apps", json=HUGE).headers["Marathon-Deployment-Id"]
    stopped = node.ask("DELETE", f"/v2/deployments/{deployment}?force=true")
    assert (stopped.status_code, stopped.text) == (202, "")
    assert node.ask("GET", "/v2/apps/huge").status_code == 200
