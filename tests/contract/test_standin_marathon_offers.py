"""The stand-in for Marathon, what is pure of it: offers, and what Mesos is told of a task."""

# ruff: noqa: E402

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

# An image is rebuilt when a file in its directory is new: no bytecode there.
sys.dont_write_bytecode = True
IMAGES = Path(__file__).resolve().parents[2] / "lab/images"
sys.path[:0] = [str(IMAGES / "marathon-stand-in"), str(IMAGES / "stand-in")]

from marathon import apps, options, taskinfo
from marathon.deployments import Task
from marathon.offers import Fit, Misfit, Pool
from standin import client

OPTIONS = options.parse(["--master=h:5050"])
SMALL = {"id": "/group/small", "cmd": "sleep 1", "cpus": 0.5, "mem": 32}


def offer(hostname: str = "h1", rack: str = "r1", role: str = "*", **more: Any) -> dict[str, Any]:
    scalars = {"cpus": 1.0, "mem": 100.0, "disk": 10.0}
    resources: list[dict[str, Any]] = [
        {"name": name, "type": "SCALAR", "scalar": {"value": value}, "role": role}
        for name, value in scalars.items()
    ]
    ranges = {"range": [{"begin": 31000, "end": 31001}, {"begin": 31005, "end": 31005}]}
    resources.append({"name": "ports", "type": "RANGES", "ranges": ranges, "role": role})
    labels = [{"name": "rack", "type": "TEXT", "text": {"value": rack}}]
    return {
        "hostname": hostname,
        "agent_id": {"value": "S0"},
        "resources": resources,
        "attributes": labels,
        **more,
    }


def app(**fields: Any) -> apps.Definition:
    return {**apps.create({**SMALL, **fields}, OPTIONS, ()), "version": "v1"}


def a_task(host: str = "h1", rack: str = "r1") -> Task:
    return Task("t", "i", "/group/small", "v", "v", "S0", host, [31000], "s", {"rack": rack})


def take(definition: apps.Definition, *tasks: Task, **more: Any) -> Fit:
    return Pool(offer(**more)).take(definition, tasks, OPTIONS)


def test_a_fit_takes_what_the_app_asks_for() -> None:
    fit = take(app())
    found = {each["name"]: each for each in fit.resources}
    assert (found["cpus"]["scalar"]["value"], found["mem"]["scalar"]["value"]) == (0.5, 32.0)
    assert fit.ports[0] in (31000, 31001, 31005)
    assert found["ports"]["ranges"]["range"] == [{"begin": fit.ports[0], "end": fit.ports[0]}]
    assert all(each["role"] == "*" for each in fit.resources)


def test_an_offer_runs_out() -> None:
    pool = Pool(offer())
    first, second = (pool.take(app(), (), OPTIONS) for _ in range(2))
    assert first.ports != second.ports
    with pytest.raises(Misfit, match="InsufficientCpus"):
        pool.take(app(), (), OPTIONS)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"cpus": 2}, "InsufficientCpus"),
        ({"mem": 101}, "InsufficientMemory"),
        ({"disk": 11}, "InsufficientDisk"),
        ({"gpus": 1}, "InsufficientGpus"),
        ({"portDefinitions": [{}] * 4}, "InsufficientPorts"),
        ({"portDefinitions": [{"port": 80}], "requirePorts": True}, "InsufficientPorts"),
        ({"constraints": [["hostname", "LIKE", "x.*"]]}, "UnfulfilledConstraint"),
    ],
)
def test_why_an_offer_will_not_do(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(Misfit, match=reason):
        take(app(**fields))


def test_wanted_ports_are_the_ports_only_where_they_are_required() -> None:
    assert take(app(portDefinitions=[{"port": 31005}], requirePorts=True)).ports == [31005]
    assert take(app(portDefinitions=[{"port": 80}])).ports[0] != 80
    assert take(app(portDefinitions=[])).ports == []


@pytest.mark.parametrize(
    ("constraint", "host", "rack", "fits"),
    [
        (["hostname", "UNIQUE"], "h1", "r1", False),
        (["hostname", "UNIQUE"], "h2", "r1", True),
        (["hostname", "CLUSTER"], "h1", "r1", True),
        (["hostname", "CLUSTER"], "h2", "r1", False),
        (["hostname", "CLUSTER", "h2"], "h2", "r1", True),
        (["rack", "UNIQUE"], "h2", "r1", False),
        (["rack", "GROUP_BY", "2"], "h2", "r2", True),
        (["rack", "GROUP_BY", "2"], "h2", "r1", False),
        (["rack", "LIKE", "r[12]"], "h2", "r2", True),
        (["rack", "UNLIKE", "r2"], "h2", "r2", False),
        (["rack", "MAX_PER", "2"], "h2", "r1", True),
        (["rack", "MAX_PER", "1"], "h2", "r1", False),
        (["shelf", "LIKE", ".*"], "h2", "r1", False),
    ],
)
def test_constraints_beside_a_task_on_h1_in_r1(
    constraint: list[str], host: str, rack: str, fits: bool
) -> None:
    definition = app(constraints=[constraint])
    if fits:
        assert take(definition, a_task(), hostname=host, rack=rack)
    else:
        with pytest.raises(Misfit, match="UnfulfilledConstraint"):
            take(definition, a_task(), hostname=host, rack=rack)


def test_resources_of_other_roles_are_not_ours() -> None:
    with pytest.raises(Misfit):
        take(app(), role="kitchen")
    ours = options.parse(["--master=h:5050", "--mesos_role=kitchen"])
    fit = Pool(offer(role="kitchen")).take(app(), (), ours)
    assert {each["role"] for each in fit.resources} == {"kitchen"}


# --- what Mesos is told -----------------------------------------------------------------------------------


def told(definition: apps.Definition, *ports: int | None) -> dict[str, Any]:
    return taskinfo.build(definition, a_task(), offer(), Fit([], list(ports)), OPTIONS)


def variables(info: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in info["command"]["environment"]["variables"]}


def test_the_environment_of_a_task() -> None:
    definition = app(
        portDefinitions=[{"name": "web"}, {"port": 9000}], labels={"a-b": "c"}, env={"HOST": "mine"}
    )
    found = variables(told(definition, 31000, 31001))
    assert found["MARATHON_APP_ID"] == "/group/small"
    assert (found["PORT"], found["PORTS"], found["PORT1"]) == ("31000", "31000,31001", "31001")
    assert (found["PORT_WEB"], found["PORT_9000"]) == ("31000", "31001")
    assert (found["MARATHON_APP_LABELS"], found["MARATHON_APP_LABEL_A_B"]) == ("A_B", "c")
    assert (found["MARATHON_APP_RESOURCE_CPUS"], found["MESOS_TASK_ID"]) == ("0.5", "t")
    assert found["HOST"] == "mine"


def test_a_command_task() -> None:
    info = told(app(user="nobody", taskKillGracePeriodSeconds=3), 31000)
    assert (info["name"], info["command"]["value"], info["command"]["shell"]) == (
        "small.group",
        "sleep 1",
        True,
    )
    assert info["command"]["user"] == "nobody"
    assert info["kill_policy"]["grace_period"]["nanoseconds"] == 3_000_000_000
    assert "container" not in info
    arguments = told(app(cmd=None, args=["sleep", "1"]), 31000)["command"]
    assert (arguments["shell"], arguments["value"], arguments["arguments"]) == (
        False,
        "sleep",
        ["sleep", "1"],
    )


def test_docker_on_the_host_s_network() -> None:
    info = told(app(cmd=None, container={"type": "DOCKER", "docker": {"image": "i:1"}}), 31000)
    docker = info["container"]["docker"]
    assert (docker["image"], docker["network"], docker["privileged"]) == ("i:1", "HOST", False)
    assert "port_mappings" not in docker
    assert (info["command"]["shell"], info["command"]["arguments"]) == (False, [])
    assert variables(info)["MARATHON_APP_DOCKER_IMAGE"] == "i:1"


def test_docker_on_a_bridge() -> None:
    container = {
        "type": "DOCKER",
        "docker": {"image": "i:1"},
        "portMappings": [{"containerPort": 80, "name": "web"}, {"containerPort": 0, "protocol": "udp,tcp"}],
        "volumes": [{"containerPath": "/c", "hostPath": "/h", "mode": "RO"}],
    }
    info = told(app(networks=[{"mode": "container/bridge"}], container=container), 31000, 31001)
    assert info["container"]["docker"]["network"] == "BRIDGE"
    assert info["container"]["docker"]["port_mappings"] == [
        {"host_port": 31000, "container_port": 80, "protocol": "tcp"},
        {"host_port": 31001, "container_port": 31001, "protocol": "udp"},
        {"host_port": 31001, "container_port": 31001, "protocol": "tcp"},
    ]
    assert info["container"]["volumes"] == [{"container_path": "/c", "mode": "RO", "host_path": "/h"}]
    found = variables(info)
    assert (found["PORT0"], found["PORT_80"], found["PORT_WEB"]) == ("31000", "31000", "31000")


def test_health_checks_of_the_agent_are_passed_on_and_marathons_are_not() -> None:
    assert "health_check" not in told(app(healthChecks=[{"protocol": "HTTP"}]), 31000)
    http = told(app(healthChecks=[{"protocol": "MESOS_HTTP", "path": "/ok"}]), 31000)["health_check"]
    assert (http["type"], http["http"]) == ("HTTP", {"port": 31000, "path": "/ok", "scheme": "http"})
    assert (http["interval_seconds"], http["consecutive_failures"]) == (60.0, 3)
    check = {"protocol": "COMMAND", "command": {"value": "true"}}
    assert told(app(healthChecks=[check]), 31000)["health_check"]["command"]["value"] == "true"


def test_records_are_taken_apart() -> None:
    events = [{"type": "HEARTBEAT"}, {"type": "SUBSCRIBED", "name": "é"}]
    stream = b"".join(
        b"%d\n%s" % (len(data), data) for data in (json.dumps(each).encode() for each in events)
    )

    async def records(data: bytes) -> list[dict[str, Any]]:
        return [event async for event in client.records(in_pieces(data))]

    async def in_pieces(data: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(data), 7):
            yield data[start : start + 7]

    assert asyncio.run(records(stream)) == events
    with pytest.raises(ConnectionError):
        asyncio.run(records(stream[:-1]))
