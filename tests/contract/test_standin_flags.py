"""The Mesos stand-ins' configuration: as strict as the real one's, and as lenient."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

IMAGES = Path(__file__).parents[2] / "lab/images"
LIBRARY = f"{IMAGES}/mesos-stand-in:{IMAGES}/stand-in"
PYTHON = {"PYTHONPATH": LIBRARY, "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"]}

Environment = dict[str, str]


def run(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a stand-in that ends by itself, since something is wrong or only asked for."""
    variables = {f"MESOS_{name}": value for name, value in environment.items()}
    command = [sys.executable, "-m", f"mesos_standin.{program}", *arguments]
    return subprocess.run(command, env={**PYTHON, **variables}, capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        (
            {"VERSION": "1.5.0"},
            "flag 'version': Failed to load value '1.5.0': Expecting a boolean",
        ),
        ({"ROOT_SUBMISSIONS": "True"}, "Failed to load value 'True': Expecting a boolean"),
        ({"ROOT_SUBMISSIONS": "yes"}, "Expecting a boolean"),
        ({"ZK_SESSION_TIMEOUT": "10s"}, "Unknown duration unit 's'"),
        ({"ZK_SESSION_TIMEOUT": "10"}, "Invalid duration '10'"),
        ({"ZK_SESSION_TIMEOUT": "1min"}, "Unknown duration unit 'min'"),
        ({"QUORUM": ""}, "Failed to load flag 'quorum'"),
        ({"PORT": "tcp://10.0.0.1:5050"}, "Failed to load flag 'port'"),
        ({"RECOVERY_AGENT_REMOVAL_LIMIT": "50"}, "Failed to load flag 'recovery_agent_removal_limit'"),
        ({"ZK": "file:///does/not/exist"}, "Failed to load flag 'zk'"),
        ({"AUTHENTICATE": "true", "AUTHENTICATE_FRAMEWORKS": "true"}, "is already loaded via name"),
    ],
)
def test_what_cannot_be_read_ends_with_usage(environment: Environment, text: str) -> None:
    ended = run("master", **environment)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("F") and text in ended.stderr.splitlines()[0]
    assert "Usage: mesos-master [options]" in ended.stderr


@pytest.mark.parametrize("argument", ["--bogus=1", "--no-bogus", "--quorum", "--no-quorum", "--ip"])
def test_arguments_are_checked(argument: str) -> None:
    ended = run("master", argument)
    assert ended.returncode == 1
    assert "Failed to load" in ended.stderr


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        ({}, "--work_dir needed for replicated log based registry"),
        (
            {"WORK_DIR": "x", "ZK": "zk://h/m"},
            "Need to specify --quorum for replicated log based registry when using ZooKeeper",
        ),
        ({"REGISTRY": "etcd"}, "'etcd' is not a supported option for registry persistence"),
        ({"REGISTRY": "in_memory", "ZK": "zk://h:1/"}, "Expecting a (chroot) path for ZooKeeper"),
        ({"REGISTRY": "in_memory", "AGENT_REREGISTER_TIMEOUT": "1mins"}, "Expecting at least 10mins"),
        (
            {"REGISTRY": "in_memory", "AUTHENTICATE_HTTP_FRAMEWORKS": "true"},
            "Missing `--http_framework_authenticators` flag",
        ),
    ],
)
def test_what_cannot_work_for_a_master_ends_with_1(environment: Environment, text: str) -> None:
    ended = run("master", **environment)
    assert ended.returncode == 1
    assert "EXIT with status 1: " in ended.stderr and text in ended.stderr


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        ({}, "Flag 'work_dir' is required, but it was not provided"),
        ({"WORK_DIR": "x"}, "Missing required option `--master` or `--master_detector`"),
        (
            {"WORK_DIR": "x", "MASTER": "zk://h:1", "SYSTEMD_ENABLE_SUPPORT": "0"},
            "Expecting a (chroot) path",
        ),
        ({"WORK_DIR": "x", "MASTER": "h", "CONTAINERIZERS": "docker, mesos"}, "containerizer:  mesos"),
        ({"WORK_DIR": "x", "MASTER": "h", "RECOVER": "never"}, "Unknown option for 'recover'"),
        ({"WORK_DIR": "x", "MASTER": "h"}, "Failed to locate systemd runtime directory: /nowhere"),
    ],
)
def test_what_cannot_work_for_an_agent_ends_with_1(environment: Environment, text: str) -> None:
    ended = run("agent", SYSTEMD_RUNTIME_DIRECTORY="/nowhere", **environment)
    assert ended.returncode == 1
    assert text in ended.stderr


def test_the_program_of_an_executor_is_no_argument() -> None:
    """What an image with an entry point makes of the executor's command line: usage, and 1."""
    ended = run("agent", "/bin/sh", "-c", "exec mesos-docker-executor --agent=x")
    assert ended.returncode == 1
    assert "Usage: mesos-slave [options]" in ended.stderr


@pytest.mark.parametrize("asked", [("--version",), ("--version=1",)])
def test_version(asked: tuple[str, ...]) -> None:
    ended = run("master", *asked)
    assert (ended.returncode, ended.stdout) == (0, "mesos 1.5.0 (stand-in)\n")


def test_help_by_environment() -> None:
    ended = run("agent", HELP="1", WORK_DIR="x")
    assert ended.returncode == 0
    assert "--[no-]switch_user" in ended.stdout and "--work_dir=VALUE" in ended.stdout


PARSE = """
import json, os, sys
from pathlib import Path
import mesos_standin.flags as flags
table = Path(flags.__file__).parent / "master/flags.txt"
loaded = flags.load("mesos-master", table, sys.argv[1:], os.environ)
print(json.dumps([loaded.values, loaded.content("zk")]))
"""


def parsed(*arguments: str, **environment: str) -> tuple[dict[str, str], str | None]:
    """Load a master's flags, and nothing more."""
    variables = {f"MESOS_{name}": value for name, value in environment.items()}
    command = [sys.executable, "-c", PARSE, *arguments]
    ended = subprocess.run(command, env={**PYTHON, **variables}, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 0, ended.stderr
    values, content = json.loads(ended.stdout)
    return values, content


def test_unknown_variables_are_ignored() -> None:
    values, _ = parsed(QUORM="2", CLUSTR="x", RESOURCES="cpus:1")
    assert not {"quorm", "clustr", "resources"} & values.keys()


def test_the_command_line_beats_the_environment() -> None:
    values, _ = parsed("--registry=in_memory", REGISTRY="replicated_log")
    assert values["registry"] == "in_memory"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("60secs", "1mins"),
        ("90secs", "90secs"),
        ("1.5mins", "90secs"),
        ("0secs", "0ns"),
        ("14days", "2weeks"),
    ],
)
def test_durations_are_shown_in_the_largest_unit(given: str, shown: str) -> None:
    assert parsed(OFFER_TIMEOUT=given)[0]["offer_timeout"] == shown


@pytest.mark.parametrize(("given", "shown"), [("1", "true"), ("", "true"), ("true", "true"), ("0", "false")])
def test_booleans(given: str, shown: str) -> None:
    assert parsed(ROOT_SUBMISSIONS=given)[0]["root_submissions"] == shown
    assert parsed("--no-root_submissions")[0]["root_submissions"] == "false"


def test_names_in_any_case_and_aliases() -> None:
    values, _ = parsed(work_dir="/w", SLAVE_PING_TIMEOUT="2secs")
    assert (values["work_dir"], values["agent_ping_timeout"]) == ("/w", "2secs")


def test_an_empty_value_is_a_value() -> None:
    assert parsed(HOSTNAME="")[0]["hostname"] == ""


def test_files_are_read_and_secrets_not_shown(tmp_path: Path) -> None:
    secret = tmp_path / "zk"
    secret.write_text("zk://user:password@h:1/mesos\n")
    values, content = parsed(ZK=f"file://{secret}", CLUSTER=f"file://{secret}")
    assert (values["zk"], content) == (f"file://{secret}", "zk://user:password@h:1/mesos")
    assert values["cluster"].startswith("zk://user")
