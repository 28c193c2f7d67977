"""What a restart of the agent's container does to tasks: the three cases that were seen with the real one."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from answers import request
from cluster import Cluster, Member, docker, until
from scheduler import Scheduler, container_of

from lab import images, machine

Json = dict[str, Any]


@dataclass
class Agent:
    """An agent in a container, run as the runbook runs it."""

    name: str
    cluster: Cluster

    def run(self, *more: str) -> None:
        """Start it."""
        work_dir = str(self.cluster.directory / "agent")
        variables = {
            "IP": "127.0.0.7",
            "HOSTNAME": "127.0.0.7",
            "PORT": str(self.cluster.port + 1),
            "MASTER": self.cluster.zk,
            "SWITCH_USER": "0",
            "CONTAINERIZERS": "docker,mesos",
            "SYSTEMD_ENABLE_SUPPORT": "false",
            "WORK_DIR": work_dir,
            "RECOVERY_TIMEOUT": "5mins",
            "EXECUTOR_REREGISTRATION_TIMEOUT": "6secs",
        }
        options = [f"-eMESOS_{name}={value}" for name, value in variables.items()]
        mounts = [f"{work_dir}:{work_dir}", "/var/run/docker.sock:/var/run/docker.sock", "/sys:/sys"]
        options += [f"-v{mount}" for mount in mounts]
        where = ["--net=host", "--privileged", *more]
        docker("run", "-d", "--name", self.name, *where, *options, images.MESOS_AGENT.tag)


@pytest.fixture(scope="module", autouse=True)
def built(zookeeper: str) -> None:
    """Have the images of the stand-ins."""
    with machine.lock():  # the lab's tests may be building beside us
        images.build_missing((images.BASE, images.STAND_IN, images.MESOS, images.MESOS_AGENT))


@pytest.fixture
def leader(cluster: Cluster) -> Member:
    """A master that leads alone."""
    return cluster.leader([cluster.master(QUORUM="1")])


@pytest.fixture
def agent(cluster: Cluster) -> Iterator[Agent]:
    """The agent's container, not yet run; everything of it is removed."""
    made = Agent(f"mesofab-standin-agent-{uuid.uuid4().hex[:8]}", cluster)
    yield made
    docker("rm", "-f", made.name)


def test_without_an_executor_image_every_task_fails(
    cluster: Cluster, leader: Member, agent: Agent, task_image: str
) -> None:
    """Command and docker alike; the docker task's container is left running."""
    agent.run("--pid=host")
    scheduler, command, (container, _) = _both_tasks(leader, task_image)
    docker("restart", "-t", "1", agent.name)
    failed = [scheduler.update("TASK_FAILED") for _ in range(2)]
    assert {one["reason"] for one in failed} == {"REASON_EXECUTOR_TERMINATED"}
    assert {one["task_id"]["value"] for one in failed} == {"command", "docker"}
    assert _running(container)
    assert leader.metric("master/tasks_failed") == 2.0
    scheduler.call("TEARDOWN")


def test_with_an_image_without_entrypoint_docker_tasks_survive(
    cluster: Cluster, leader: Member, agent: Agent, task_image: str
) -> None:
    """Same container, same pid, no update; commands die with the agent's container all the same."""
    agent.run("--pid=host", f"-eMESOS_DOCKER_MESOS_IMAGE={images.MESOS.tag}")
    scheduler, command, (container, info) = _both_tasks(leader, task_image)
    executor = f"{container}.executor"
    assert _running(executor)
    before = _pid(container), _pid(executor)
    docker("restart", "-t", "1", agent.name)
    assert scheduler.update("TASK_FAILED")["task_id"]["value"] == "command"
    slave = cluster.registered(leader)
    assert slave["used_resources"]["mem"] == 32.0
    assert (_pid(container), _pid(executor)) == before
    scheduler.kill(info)
    # The next new status is that of the kill: there was none before it.
    assert scheduler.update("TASK_KILLED")["message"] == "Container exited with status 137"
    until("end of the executor", lambda: not _running(executor))
    scheduler.call("TEARDOWN")


def test_an_agent_that_is_told_to_leave_takes_every_task_along(
    cluster: Cluster, leader: Member, agent: Agent, task_image: str
) -> None:
    """SIGUSR1: tasks end, executors too, the agent exits with 0, and who it was is forgotten."""
    agent.run("--pid=host", f"-eMESOS_DOCKER_MESOS_IMAGE={images.MESOS.tag}")
    scheduler, _, (container, _) = _both_tasks(leader, task_image)
    docker("kill", "--signal=USR1", agent.name)
    assert docker("wait", agent.name) == "0"
    until("end of the task", lambda: not _running(container) and not _running(f"{container}.executor"))
    assert leader.get("/slaves")["slaves"] == []
    assert not (cluster.directory / "agent/meta/slaves/latest").is_symlink()
    scheduler.call("TEARDOWN")


def test_with_an_image_with_entrypoint_docker_tasks_cannot_start(
    cluster: Cluster, leader: Member, agent: Agent, task_image: str
) -> None:
    agent.run("--pid=host", f"-eMESOS_DOCKER_MESOS_IMAGE={images.MESOS_AGENT.tag}")
    scheduler = Scheduler(leader.address)
    scheduler.launch(command={"value": "sleep 60"}, container=_docker(task_image))
    status = scheduler.update("TASK_FAILED")
    assert status["message"] == "Container exited with status 1"
    (name,) = [one for one in cluster.containers() if one.endswith(".executor")]
    assert "Usage: mesos-slave" in _said(name)
    scheduler.call("TEARDOWN")


def test_a_bridged_task_is_reached_at_its_port(
    cluster: Cluster, leader: Member, agent: Agent, task_image: str
) -> None:
    """Port mappings, environment, command line and sandbox of a task in docker's own network."""
    agent.run("--pid=host", f"-eMESOS_DOCKER_MESOS_IMAGE={images.MESOS.tag}")
    scheduler = Scheduler(leader.address)
    offer_port = cluster.port + 9
    mapping = {"host_port": offer_port, "container_port": 8000, "protocol": "tcp"}
    shown = {"image": images.MESOS.tag, "network": "BRIDGE", "port_mappings": [mapping]}
    given = {"environment": {"variables": [{"name": "GREETING", "value": "hello"}]}}
    serve = "cd $MESOS_SANDBOX && echo $GREETING > index.html && exec python3 -m http.server 8000"
    container = {"type": "DOCKER", "docker": shown}
    check: Json = {"type": "HTTP", "http": {"port": 8000, "path": "/"}}
    check.update(delay_seconds=0.0, interval_seconds=0.5)
    command = {"value": serve, **given}
    info, status = scheduler.running(command=command, container=container, health_check=check)
    while not scheduler.update("TASK_RUNNING")["healthy"]:
        pass  # it is asked before it listens, where the machine is slow
    ip = status["container_status"]["network_infos"][0]["ip_addresses"][0]["ip_address"]
    assert ip != "127.0.0.7"
    page = until("page", lambda: _page(f"127.0.0.1:{offer_port}"))
    assert page == "hello\n"
    scheduler.kill(info)
    scheduler.update("TASK_KILLED")
    scheduler.call("TEARDOWN")


def _both_tasks(leader: Member, image: str) -> tuple[Scheduler, Json, tuple[str, Json]]:
    """Run a command and a container; return the scheduler, the first, and the second with its name."""
    scheduler = Scheduler(leader.address, failover_timeout=3600.0)
    command, _ = scheduler.running("command", command={"value": "sleep 600"})
    scheduler.call("REVIVE")
    info, status = scheduler.running("docker", command={"value": "sleep 600"}, container=_docker(image))
    return scheduler, command, (container_of(status), info)


def _docker(image: str) -> Json:
    return {"type": "DOCKER", "docker": {"image": image, "network": "HOST"}}


def _running(container: str) -> bool:
    return docker("inspect", "-f", "{{.State.Running}}", container) == "true"


def _pid(container: str) -> str:
    return docker("inspect", "-f", "{{.State.Pid}}", container)


def _page(address: str) -> str:
    return request(address, "GET", "/").text


def _said(container: str) -> str:
    return subprocess.run(["docker", "logs", container], check=True, capture_output=True, text=True).stderr
