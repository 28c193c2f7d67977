"""The stand-in for Marathon, what is pure of it: arguments and app definitions."""

# ruff: noqa: E402

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

# An image is rebuilt when a file in its directory is new: no bytecode there.
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lab/images/marathon-stand-in"))

from marathon import apps, launcher, left_out, options
from marathon.apps_rules import Invalid
from marathon.options import BadOptions
from marathon.store import bucket

ROOT = Path(__file__).resolve().parents[2]
ROOM = ROOT / "lab/images/marathon-stand-in"
OPTIONS = options.parse(["--master=h:5050"])
SMOKE = {"id": "/smoke", "cmd": "sleep 3600"}

# --- environment and arguments ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"MARATHON_HTTP_ADDRESS": "10.0.0.1"}, ["--http_address", "10.0.0.1"]),
        ({"MARATHON_DISABLE_HA": ""}, ["--disable_ha"]),
        ({"MARATHON_APP_ID": "/x", "MARATHON_APPS": "y"}, []),
        ({"MARATHON_REPORTER": "udp://h?a=b"}, ["--reporter", "udp://h?a", "b"]),
        ({"MARATHON_HOSTNAME": "a MARATHON_b"}, ["--hostname", "a", "b"]),
        ({"OTHER": "x\nMARATHON_ZK=y"}, ["--zk", "y"]),
        ({"JAVA_OPTS": "-Xmx512m", "LIBPROCESS_IP": "10.0.0.1", "LIBPROCESS_PORT": "9999"}, []),
    ],
)
def test_environment_becomes_arguments(environment: dict[str, str], expected: list[str]) -> None:
    assert launcher.from_environment(environment) == expected


def test_the_shell_expands_patterns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("bin", "lib"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    roles = {"MARATHON_DEFAULT_ACCEPTED_RESOURCE_ROLES": "*"}
    assert launcher.from_environment(roles) == ["--default_accepted_resource_roles", "bin", "lib"]


def test_what_is_java_s_never_reaches_marathon() -> None:
    given = ["-J-Xmx512m", "-Dx=y", "-mem", "512", "--master", "h:1", "--", "-J-kept"]
    assert launcher.without_java(given) == ["--master", "h:1", "-J-kept"]


def test_values_come_with_and_without_an_equals_sign() -> None:
    chosen = options.parse(["--master", "zk://a:1,b:2/mesos", "--http_port=9090", "--disable_checkpoint"])
    assert (chosen["master"], chosen["http_port"], chosen["checkpoint"]) == (
        "zk://a:1,b:2/mesos",
        9090,
        False,
    )
    assert chosen["zk"] == "zk://localhost:2181/marathon"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Required option 'master' not found"),
        (["--master"], "Bad arguments for option 'master'"),
        (["--master=a", "--xyz"], "Unknown option 'xyz'"),
        (["--master=a", "--disable_hostname"], "Unknown option 'disable_hostname'"),
        (["--master=a", "word"], "Excess arguments provided: 'word'"),
        (["--master=a", "--ha", "true"], "Excess arguments provided: 'true'"),
        (["--master=a", "--ha=true"], "Excess arguments provided: 'true'"),
        (
            ["--master=a", "--master=b"],
            "Bad arguments for option 'master': 'a b' - you should provide exactly",
        ),
        (
            ["--master=a", "--http_port=x"],
            "Bad arguments for option 'http_port': 'x' - wrong arguments format",
        ),
        (["--master=a", "--enable_features=magic"], "Validation failure for 'enable_features'"),
        (["--master=a", "--default_accepted_resource_roles=x"], "Validation failure for 'default_accepted"),
        (["--master=a", "--mesos_authentication"], "mesos_authentication_principal"),
        (
            ["--master=a", "--mesos_authentication_secret=x", "--mesos_authentication_secret_file=y"],
            "There should be only one or zero of the following options",
        ),
        (["--master=a", "--disable_http"], "does not have --disable_http: no TLS"),
    ],
)
def test_bad_arguments_are_refused(arguments: list[str], said: str) -> None:
    with pytest.raises(BadOptions) as refused:
        options.parse(arguments)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "url", ["zk://h/m", "zk://u:p@h:1,i:2/a/b", "zk://10.0.0.1:2181,10.0.0.2:2181/marathon"]
)
def test_zookeeper_urls_that_are_well_formed(url: str) -> None:
    assert options.parse(["--master=a", f"--zk={url}"])["zk"] == url


@pytest.mark.parametrize("url", ["h:2181/m", "zk://h:2181", "zk://h/m/", "zk://h/", "zk://u:p@h,v:q@i/m"])
def test_zookeeper_urls_that_are_not(url: str) -> None:
    with pytest.raises(BadOptions, match="Validation failure for 'zk'"):
        options.parse(["--master=a", f"--zk={url}"])


def test_everything_left_out_has_a_reason_and_every_left_out_option_exists() -> None:
    tables = (left_out.ENDPOINTS, left_out.METHODS, left_out.OPTIONS, left_out.DETAILS)
    assert all(reason for table in tables for reason in table.values())
    assert set(left_out.OPTIONS) <= set(options.KINDS)


def test_buckets_are_marathons() -> None:
    assert bucket("id") == "b"
    assert bucket("root") == "2"


# --- app definitions --------------------------------------------------------------------------------------


def create(**fields: Any) -> apps.Definition:
    return apps.create({**SMOKE, **fields}, OPTIONS, ())


def test_defaults() -> None:
    app = create()
    expected = {
        "instances": 1,
        "cpus": 1,
        "mem": 128,
        "disk": 0,
        "gpus": 0,
        "backoffSeconds": 1,
        "backoffFactor": 1.15,
        "maxLaunchDelaySeconds": 3600,
        "requirePorts": False,
        "killSelection": "YOUNGEST_FIRST",
        "upgradeStrategy": {"minimumHealthCapacity": 1, "maximumOverCapacity": 1},
        "unreachableStrategy": {"inactiveAfterSeconds": 0, "expungeAfterSeconds": 0},
        "networks": [{"mode": "host"}],
        "portDefinitions": [{"port": 10000, "protocol": "tcp", "name": "default"}],
    }
    assert app.items() >= expected.items()


def test_service_ports_are_those_that_nobody_has() -> None:
    app = apps.create({**SMOKE, "portDefinitions": [{}, {"port": 10001}, {}]}, OPTIONS, {10000})
    assert apps.service_ports(app) == [10002, 10001, 10003]
    assert create(portDefinitions=[])["portDefinitions"] == []


BRIDGED = {"type": "DOCKER", "docker": {"image": "i:1"}, "portMappings": [{"containerPort": 80}]}


def test_a_bridge_has_mappings_and_no_port_definitions() -> None:
    app = create(networks=[{"mode": "container/bridge"}], container=BRIDGED)
    mapping = {"containerPort": 80, "hostPort": 0, "protocol": "tcp", "servicePort": 10000}
    assert app["container"]["portMappings"] == [mapping]
    assert "portDefinitions" not in app


def test_the_apps_that_the_pages_launch_are_taken() -> None:
    pages = "".join((ROOT / page).read_text() for page in ("README.md", "docs/apps.md"))
    told = [json.loads(app) for app in re.findall(r"/v2/apps -d '(\{.*?\})'", pages, re.DOTALL)]
    assert [apps.create(app, OPTIONS, [])["id"] for app in told] == ["/hello", "/sleeper"]


def test_old_forms_are_said_in_the_new_ones() -> None:
    docker = {"image": "i:1", "network": "BRIDGE", "portMappings": [{"containerPort": 80}]}
    app = create(container={"type": "DOCKER", "docker": docker}, uris=["http://h/f.tgz"])
    assert app["networks"] == [{"mode": "container/bridge"}]
    assert app["container"]["portMappings"][0]["containerPort"] == 80
    assert not {"network", "portMappings"} & set(app["container"]["docker"])
    assert app["fetch"][0]["uri"] == "http://h/f.tgz"
    assert not {"uris", "ports", "ipAddress"} & set(app)
    assert create(ports=[0, 9])["portDefinitions"][1]["port"] == 9


@pytest.mark.parametrize(
    ("fields", "path", "message"),
    [
        ({"id": "/Upper"}, "/id", "Invalid JSON"),
        ({"id": "/a_b"}, "/id", "Invalid JSON"),
        ({"id": "/"}, "/id", "Object is not valid"),
        ({"id": "/-a"}, "/id", "Invalid JSON"),
        ({"cmd": "x"}, "/cmd", "Object is not valid"),
        ({"args": ["x"]}, "/", "Object is not valid"),
        ({"cmd": None}, "/", "Object is not valid"),
        ({"instances": -1}, "/instances", "Object is not valid"),
        ({"instances": "1"}, "/instances", "Invalid JSON"),
        ({"instances": True}, "/instances", "Invalid JSON"),
        ({"cpus": "1"}, "/cpus", "Invalid JSON"),
        ({"networks": ["host"]}, "/networks(0)", "Invalid JSON"),
        ({"container": BRIDGED}, "/container/portMappings", "Object is not valid"),
        ({"networks": [{"mode": "container"}]}, "/networks", "Object is not valid"),
        ({"networks": [{"mode": "host"}, {"mode": "host"}]}, "/networks", "Object is not valid"),
        ({"constraints": [["hostname"]]}, "/constraints(0)", "Object is not valid"),
        ({"constraints": [["hostname", "NEAR"]]}, "/constraints(0)", "Object is not valid"),
        ({"ports": [1], "portDefinitions": [{"port": 2}]}, "/portDefinitions", "Object is not valid"),
        (
            {"upgradeStrategy": {"minimumHealthCapacity": 2}},
            "/upgradeStrategy/minimumHealthCapacity",
            "Object",
        ),
        ({"healthChecks": [{"protocol": "MESOS_HTTP"}] * 2}, "/healthChecks", "Object is not valid"),
        ({"secrets": {"a": {}}}, "/secrets", "Object is not valid"),
        ({"env": {"A": {"secret": "s"}}}, "/env", "Object is not valid"),
        ({"env": {"A": 1}}, "/env/A", "Invalid JSON"),
        ({"args": [], "cmd": None}, "/", "Object is not valid"),
        ({"portDefinitions": [{"port": "80"}]}, "/portDefinitions(0)/port", "Invalid JSON"),
        ({"healthChecks": [{"intervalSeconds": "1"}]}, "/healthChecks(0)/intervalSeconds", "Invalid JSON"),
        ({"healthChecks": [{"portIndex": 1}]}, "/healthChecks(0)", "Object is not valid"),
        ({"healthChecks": [{}], "portDefinitions": []}, "/healthChecks(0)", "Object is not valid"),
        ({"container": {"docker": {"image": 1}}}, "/container/docker/image", "Invalid JSON"),
        ({"constraints": [["hostname", "LIKE", "("]]}, "/constraints(0)", "Object is not valid"),
        ({"constraints": [["hostname", "MAX_PER"]]}, "/constraints(0)", "Object is not valid"),
        ({"constraints": [["hostname", "UNIQUE", "x"]]}, "/constraints(0)", "Object is not valid"),
        ({"networks": [{"mode": "moon"}]}, "/networks", "Object is not valid"),
        ({"networks": [{"mode": "container/bridge"}]}, "/networks", "Object is not valid"),
        (
            {"unreachableStrategy": {"inactiveAfterSeconds": "1"}},
            "/unreachableStrategy",
            "Object is not valid",
        ),
        ({"killSelection": "RANDOM"}, "/killSelection", "Object is not valid"),
    ],
)
def test_what_is_refused(fields: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        create(**fields)
    assert refused.value.message.startswith(message)
    assert path in {detail["path"] for detail in refused.value.details}


def test_null_is_as_good_as_absent() -> None:
    app = create(env=None, healthChecks=[{"intervalSeconds": None}], portDefinitions=[{"port": None}])
    assert (app["healthChecks"][0]["intervalSeconds"], app["portDefinitions"][0]["port"]) == (60, 10000)


def test_ids_become_absolute_and_unknown_fields_are_forgotten() -> None:
    app = create(id="group/app.v2", magic=1)
    assert app["id"] == "/group/app.v2"
    assert "magic" not in app


def test_health_checks_get_their_defaults() -> None:
    check = create(healthChecks=[{"path": "/"}])["healthChecks"][0]
    assert (check["protocol"], check["portIndex"], check["gracePeriodSeconds"]) == ("HTTP", 0, 300)
    command = create(healthChecks=[{"protocol": "COMMAND", "command": {"value": "true"}}])["healthChecks"][0]
    assert "portIndex" not in command


def test_an_update_keeps_what_it_does_not_name() -> None:
    old = {**create(env={"A": "1"}), "version": "v", "versionInfo": {}}
    new = apps.update(old, {"instances": 4}, OPTIONS, ())
    assert (new["instances"], new["env"], new["portDefinitions"]) == (4, {"A": "1"}, old["portDefinitions"])
    moved = apps.update(old, {"networks": [{"mode": "container/bridge"}], "container": BRIDGED}, OPTIONS, ())
    assert "portDefinitions" not in moved


def test_the_image_s_entry_point_can_be_executed() -> None:
    assert os.access(ROOM / "bin/marathon", os.X_OK)
