"""How the suite reads what docker tells of a container."""

import json
import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from samples import TRIO
from testinfra.backend.base import CommandResult
from testinfra.host import Host

from tasks.inventory.parse import parse
from verify.containers import inspect, otherwise_configured, with_other_mounts, with_other_rights
from verify.wanted import Wanted, mesos_master


class Told:
    """A host on which docker tells of one container."""

    def __init__(
        self,
        binds: list[str],
        variables: list[str] | None = None,
        state: Mapping[str, object] | None = None,
        **more: object,
    ) -> None:
        options = {
            "Binds": binds,
            "RestartPolicy": {"Name": "always"},
            "NetworkMode": "host",
            "Privileged": False,
            "PidMode": "",
            **more,
        }
        config = {"Image": "zookeeper:3.4.12", "Env": variables or [], "Entrypoint": None, "Cmd": None}
        self._said = f"{json.dumps({'State': state or {}, 'Config': config, 'HostConfig': options})}\n{{}}\n"

    def run(self, *words: str) -> CommandResult:
        return CommandResult(None, 0, "", self._said, "")


def test_a_mount_is_the_same_whether_its_default_mode_is_written_out_or_not() -> None:
    (node, *_) = parse(TRIO).nodes
    written, left_out, other = (
        inspect(cast(Host, Told(binds)), node, "zookeeper").binds
        for binds in (["/a:/b:rw"], ["/a:/b"], ["/a:/b:ro"])
    )
    assert written == left_out != other


class Gone(Told):
    """The same, but its process has ended since docker told of it."""

    def run(self, *words: str) -> CommandResult:
        if "nsenter" not in words[0]:
            return super().run(*words)
        gone = "nsenter: cannot open /proc/4242/ns/mnt: No such file or directory\n"
        return CommandResult(None, 1, "", "", gone)


def test_a_container_that_ends_while_it_is_looked_at_has_not_lost_its_mounts() -> None:
    (node, *_) = parse(TRIO).nodes
    host = cast(Host, Gone(["/a:/b"], state={"Running": True, "Pid": 4242}))
    wanted = Wanted("zookeeper", "zookeeper:3.4.12", {}, binds=frozenset({"/a:/b"}))
    (told,) = map(str, with_other_mounts(host, inspect(host, node, "zookeeper"), wanted))
    assert "zookeeper ended while it was looked at; expected it to run" in told


class Local(Told):
    """The same, with this machine's directories, seen by a process of its own."""

    def run(self, *words: str) -> CommandResult:
        if "docker" in words[0]:
            return super().run(*words)
        asked = words[0].replace(f"nsenter -t {os.getpid()} -m", "") % tuple(map(shlex.quote, words[1:]))
        done = subprocess.run(["sh", "-c", asked], capture_output=True, text=True, check=False)
        return CommandResult(None, done.returncode, asked, done.stdout, done.stderr)


def test_a_directory_that_was_removed_is_not_called_read_only_and_a_deploy_mends_it(tmp_path: Path) -> None:
    (node, *_) = parse(TRIO).nodes
    (tmp_path / "seen").mkdir()
    (tmp_path / "other").mkdir()
    removed = f"{tmp_path}/removed:{tmp_path}/seen"
    replaced = f"{tmp_path}/other:{tmp_path}/seen"
    for bind in (removed, replaced):
        host = cast(Host, Local([bind], state={"Running": True, "Pid": os.getpid()}))
        inspect.cache_clear()
        wanted = Wanted("zookeeper", "zookeeper:3.4.12", {}, binds=frozenset({bind}))
        (told,) = map(str, with_other_mounts(host, inspect(host, node, "zookeeper"), wanted))
        outside, _, inside = bind.partition(":")
        assert f"zookeeper does not see {outside}: it was removed or replaced after the start" in told
        assert f"expected the host's {outside} as {inside}; `fab plan`" in told
        assert "`fab deploy-cluster` mends it" in told and "docker restart" not in told


def test_a_docker_login_that_differs_is_told_and_not_shown() -> None:
    (node, *_) = parse(TRIO).nodes
    login = '{"auths": {"registry.example.net": {"auth": "hush%s"}}}'
    told = inspect(cast(Host, Told([], [f"MESOS_DOCKER_CONFIG={login % 1}", "A=1"])), node, "mesos-slave")
    wanted = Wanted("mesos-slave", "x", {"MESOS_DOCKER_CONFIG": login % 2, "A": "2"})
    plain, secret = map(str, otherwise_configured(told, wanted))
    assert "A is 1; expected 2" in plain
    assert "MESOS_DOCKER_CONFIG is (secret, not shown)" in secret and "hush" not in secret


@pytest.mark.parametrize(
    "more, wanted, told",
    [
        ({"Init": True}, True, []),
        ({"Init": None}, False, []),
        ({}, False, []),
        ({"Init": None}, True, ["docker-init is False; expected True; "]),
        ({"Init": True}, False, ["docker-init is True; expected False; "]),
    ],
)
def test_a_container_has_docker_init_exactly_where_it_is_wanted(
    more: dict[str, Any], wanted: bool, told: list[str]
) -> None:
    (node, *_) = parse(TRIO).nodes
    seen = inspect(cast(Host, Told([], **more)), node, "mesos-master-01")
    found = list(with_other_rights(seen, Wanted("mesos-master-01", "x", {}, init=wanted)))
    assert [part in str(one) for part, one in zip(told, found, strict=True)] == [True] * len(told)


def test_the_suite_wants_docker_init_for_masters_as_hosts_ini_says() -> None:
    for text, wanted in (("", True), ("[all:vars]\nmesos_master_init=false\n", False)):
        masters = "[mesos_master]\n10.70.0.10\n10.70.0.11\n10.70.0.12\n"
        cluster = parse(TRIO + masters + text)
        assert [mesos_master(cluster, node).init for node in cluster.having("mesos_master")] == [wanted] * 3
