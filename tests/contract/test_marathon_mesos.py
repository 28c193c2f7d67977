"""Three Marathons, three masters and an agent, as processes: apps that run, and what survives whose death."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster import Cluster
from marathon_nodes import Marathon, leader_of, until

QUICK = (
    "--reconciliation_initial_delay=1000",
    "--min_revive_offers_interval=500",
    "--zk_session_timeout=5000",
)
PYTHON = sys.executable


class Whole:
    """A Mesos cluster with Marathons over it."""

    def __init__(self, mesos: Cluster) -> None:
        self.mesos = mesos
        self.masters = mesos.masters()
        self.agent = mesos.agent(DOCKER_KILL_ORPHANS="false", DOCKER_REMOVE_DELAY="100ms")
        mesos.registered(mesos.leader(self.masters))
        self.nodes = [self._marathon(number) for number in (1, 2, 3)]

    def _marathon(self, number: int) -> Marathon:
        directory = self.mesos.directory / f"marathon-{number}"
        directory.mkdir(exist_ok=True)
        zk = self.mesos.zk.replace("/mesos", "/marathon")
        return Marathon(
            directory, f"127.0.0.{30 + number}", self.mesos.port + 2, zk, f"--master={self.mesos.zk}", *QUICK
        )

    def leader(self) -> Marathon:
        """Return the leading Marathon, once it is registered."""

        def registered() -> Marathon | None:
            node = leader_of(self.nodes)
            known = node and node.get("/v2/info")["marathon_config"]["mesos_leader_ui_url"]
            return node if known else None

        return until(registered, "a leading Marathon that is registered")

    def standby(self) -> Marathon:
        """Return one that does not lead, but answers."""
        leader = self.leader()
        others = [node for node in self.nodes if node is not leader and node.process.poll() is None]
        until(lambda: others[0].ask("GET", "/ping").status_code == 200, f"{others[0].address} answers")
        return others[0]

    def revive(self) -> None:
        """Start what has ended, as Docker's restart policy does."""
        for number, node in enumerate(self.nodes):
            if node.process.poll() is not None:
                self.nodes[number] = self._marathon(number + 1)

    def frameworks(self) -> list[dict[str, Any]]:
        """Return what the leading master says of frameworks."""
        frameworks: list[dict[str, Any]] = self.mesos.leader(self.masters).get("/frameworks")["frameworks"]
        return frameworks

    def running(self, app: str, count: int) -> set[str]:
        """Wait until so many tasks run and all is settled; return their ids."""

        def found() -> set[str] | None:
            node = self.leader()
            tasks = node.get(f"/v2/apps/{app}/tasks")["tasks"]
            ids = {task["id"] for task in tasks if task["state"] == "TASK_RUNNING"}
            return ids if len(ids) == len(tasks) == count and node.get("/v2/deployments") == [] else None

        return until(found, f"{count} tasks of {app}")


@pytest.fixture(scope="module")
def whole(new_cluster: Callable[[], Cluster]) -> Iterator[Whole]:
    made = Whole(new_cluster())
    yield made
    for node in made.nodes:
        node.stop()


@pytest.fixture
def app(whole: Whole, request: pytest.FixtureRequest) -> Iterator[Callable[..., str]]:
    """Make apps through a standby, and remove them in the end."""
    made: list[str] = []

    def make(**fields: Any) -> str:
        test: str = request.node.name
        name = f"a{len(made)}-" + test.replace("_", "-").lower().split("[")[0][:30].strip("-")
        whole_app = {"id": f"/{name}", "cmd": "exec sleep 3600", "cpus": 0.1, "mem": 32, **fields}
        created = whole.standby().ask("POST", "/v2/apps", json=whole_app)
        assert created.status_code == 201, created.text
        made.append(name)
        return name

    yield make
    whole.revive()
    for name in made:
        assert whole.leader().ask("DELETE", f"/v2/apps/{name}").status_code == 200
    until(lambda: whole.leader().get("/v2/deployments") == [], "everything is removed")


def test_the_framework_is_as_marathon_registers_it(whole: Whole) -> None:
    node = whole.leader()
    framework = until(lambda: [each for each in whole.frameworks() if each["active"]], "a framework")[0]
    assert framework["name"] == "marathon"
    assert framework["id"] == node.get("/v2/info")["frameworkId"]
    assert (framework["webui_url"], framework["hostname"]) == (node.url, node.host)
    assert (framework["checkpoint"], framework["failover_timeout"]) == (True, 604800.0)
    assert framework["capabilities"] == ["PARTITION_AWARE"]


def test_an_app_is_started_scaled_changed_and_removed(whole: Whole, app: Callable[..., str]) -> None:
    name = app()
    first = whole.running(name, 1)
    standby = whole.standby()
    assert standby.ask("PUT", f"/v2/apps/{name}", json={"instances": 3}).status_code == 200
    assert first < whole.running(name, 3)
    assert standby.ask("PUT", f"/v2/apps/{name}", json={"instances": 1}).status_code == 200
    whole.running(name, 1)
    assert standby.ask("PUT", f"/v2/apps/{name}", json={"env": {"NEW": "1"}}).status_code == 200
    assert not first & whole.running(name, 1)


def test_a_process_that_dies_is_replaced(whole: Whole, app: Callable[..., str], tmp_path: Path) -> None:
    told = tmp_path / "told"
    name = app(cmd=f"echo $$ $PORT0 $MARATHON_APP_ID > {told}; exec sleep 3600")
    before = whole.running(name, 1)
    pid, port, app_id = until(lambda: told.read_text().split(), "the task's own words")
    task = whole.leader().get(f"/v2/apps/{name}/tasks")["tasks"][0]
    assert (int(port), app_id) == (task["ports"][0], f"/{name}")
    os.kill(int(pid), signal.SIGKILL)
    until(lambda: not before & whole.running(name, 1), "another task")
    assert whole.leader().get(f"/v2/apps/{name}")["app"]["lastTaskFailure"]["state"] == "TASK_FAILED"


@pytest.mark.parametrize("protocol", ["HTTP", "MESOS_HTTP", "COMMAND"])
def test_health_checks(whole: Whole, app: Callable[..., str], protocol: str, tmp_path: Path) -> None:
    check: dict[str, Any] = {"protocol": protocol, "intervalSeconds": 1, "delaySeconds": 0}
    check |= {"command": {"value": "true"}} if protocol == "COMMAND" else {"path": "/"}
    name = app(cmd=f"cd {tmp_path}; exec {PYTHON} -m http.server $PORT0", healthChecks=[check])
    whole.running(name, 1)
    found = whole.leader().get(f"/v2/apps/{name}")["app"]
    assert (found["tasksRunning"], found["tasksHealthy"], found["tasksUnhealthy"]) == (1, 1, 0)
    assert found["tasks"][0]["healthCheckResults"][0]["alive"] is True


def test_a_constraint_that_cannot_be_kept_shows_in_the_queue(whole: Whole, app: Callable[..., str]) -> None:
    name = app(instances=2, constraints=[["hostname", "UNIQUE"]])
    reason = {"reason": "UnfulfilledConstraint", "declined": 1, "processed": 1}

    def waiting() -> bool:
        queue = whole.leader().get("/v2/queue")["queue"]
        summaries = [each["processedOffersSummary"] for each in queue if each["app"]["id"] == f"/{name}"]
        return any(reason in each["rejectSummaryLastOffers"] for each in summaries)

    until(waiting, "the reason in the queue")
    until(lambda: whole.leader().get(f"/v2/apps/{name}")["app"]["tasksRunning"] == 1, "the one that can be")


def test_docker_on_host_and_bridge(whole: Whole, app: Callable[..., str], task_image: str) -> None:
    docker = {"type": "DOCKER", "docker": {"image": task_image}}
    on_host = app(container=docker)
    whole.running(on_host, 1)
    mappings = [{"containerPort": 80, "hostPort": 0}]
    bridged = app(container={**docker, "portMappings": mappings}, networks=[{"mode": "container/bridge"}])
    whole.running(bridged, 1)
    assert 31000 <= whole.leader().get(f"/v2/apps/{bridged}/tasks")["tasks"][0]["ports"][0] <= 32000


def test_killing_the_leading_marathon_leaves_tasks_alone(whole: Whole, app: Callable[..., str]) -> None:
    name = app(instances=2)
    before, leader = whole.running(name, 2), whole.leader()
    framework = leader.get("/v2/info")["frameworkId"]
    leader.process.kill()
    leader.process.wait()
    assert whole.leader() is not leader
    assert whole.running(name, 2) == before
    assert whole.leader().get("/v2/info")["frameworkId"] == framework
    until(lambda: "Re-registered as" in whole.leader().log.read_text(), "it registers again")
    assert [each["id"] for each in whole.frameworks()] == [framework]


def test_killing_the_leading_master_moves_leadership_and_no_task(
    whole: Whole, app: Callable[..., str]
) -> None:
    whole.revive()
    name = app(instances=2)
    before, leader = whole.running(name, 2), whole.leader()
    framework = leader.get("/v2/info")["frameworkId"]
    whole.mesos.leader(whole.masters).kill()
    assert leader.exit_code() == 137
    assert whole.leader() is not leader
    whole.mesos.registered(whole.mesos.leader(whole.masters))
    assert whole.running(name, 2) == before
    assert whole.leader().get("/v2/info")["frameworkId"] == framework
    until(
        lambda: [each["id"] for each in whole.frameworks() if each["active"]] == [framework], "one framework"
    )
    standby = whole.standby()
    assert standby.ask("PUT", f"/v2/apps/{name}", json={"instances": 3}).status_code == 200
    assert before < whole.running(name, 3)
