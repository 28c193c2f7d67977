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
from verify.containers import inspect, not_running, otherwise_configured, with_other_mounts, with_other_rights
from verify.test_zookeeper import zoo_cfg
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


SS = """State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess
LISTEN 0      1            0.0.0.0:2181      0.0.0.0:*    users:(("nc",pid=1288,fd=3))
LISTEN 0      128        127.0.0.1:9999      0.0.0.0:*    users:(("sshd",pid=7,fd=3))
LISTEN 0      50                 *:3888            *:*
"""


class Down(Told):
    """A host whose zookeeper is in this state; a shell runs what is asked, with docker and ss that say so."""

    def __init__(self, folder: Path, ss: str = "", **state: Any) -> None:
        super().__init__([], state={"Status": "exited", "ExitCode": 143, "Running": False, **state})
        told, image, _ = self._said.split("\n")
        as_docker = json.dumps(json.loads(told), separators=(",", ":"))
        (folder / "told").write_text(f"sha256:1 {as_docker}\n")
        (folder / "image").write_text(f"{image}\n")
        (folder / "ss.out").write_text(ss)
        absent = "" if state else "case $* in inspect*) echo Error: No such container >&2; exit 1 ;; esac\n"
        others = "'image inspect'*) cat image ;; inspect*) cat told ;; *) echo its last words ;;"
        docker = f"case $* in {others} esac"
        for name, script in (("docker", f"cd {folder}\n{absent}{docker}"), ("ss", f"cat {folder}/ss.out")):
            (folder / name).write_text(f"#!/bin/sh\n{script}\n")
            (folder / name).chmod(0o700)
        self._path = f"{folder}:{os.environ['PATH']}"

    def run(self, *words: str) -> CommandResult:
        asked = words[0] % tuple(map(shlex.quote, words[1:]))
        path = {**os.environ, "PATH": self._path}
        done = subprocess.run(["sh", "-c", asked], capture_output=True, text=True, check=False, env=path)
        return CommandResult(None, done.returncode, asked, done.stdout, done.stderr)


def down(folder: Path, ss: str = "", **state: Any) -> str:
    """What the suite says of a zookeeper in this state, or of none."""
    (node, *_) = parse(TRIO).nodes
    inspect.cache_clear()
    try:
        (told,) = not_running(inspect(cast(Host, Down(folder, ss, **state)), node, "zookeeper"))
        return str(told)
    except pytest.fail.Exception as absent:
        return str(absent)


TAKEN = "port 2181 is taken by nc (pid 1288), port 3888 is taken by an unknown process"
STOP = "; expected it to run; stop that process, then `fab deploy-cluster` runs it"


@pytest.mark.parametrize("state", [{"Restarting": False}, {"Running": True, "Restarting": True}])
def test_who_has_the_ports_of_a_container_that_does_not_run_is_named(
    tmp_path: Path, state: dict[str, Any]
) -> None:
    assert down(tmp_path, SS, **state).endswith(f"; its log ends with: its last words; {TAKEN}{STOP}")


def test_who_has_the_ports_of_a_container_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert down(tmp_path, SS).endswith(f"no container zookeeper (Error: No such container); {TAKEN}{STOP}")
    assert down(tmp_path).endswith(
        "expected it to run; `fab deploy-cluster` runs it, or says what is in the way"
    )


@pytest.mark.parametrize(
    "state, remedy",
    [
        ({"Running": True, "Paused": True}, "`fab deploy-cluster` lets it go on"),
        (
            {"Running": False},
            "look at `docker logs zookeeper` there; "
            "`fab deploy-cluster` starts it, or says what is in the way",
        ),
        ({"Running": True, "Restarting": True}, "look at `docker logs zookeeper` there"),
    ],
)
def test_what_helps_a_container_that_does_not_run_depends_on_why(
    tmp_path: Path, state: dict[str, Any], remedy: str
) -> None:
    assert down(tmp_path, **state).endswith(f"; expected it to run; {remedy}")


class Bare(Told):
    """A host without any file."""

    def run(self, *words: str) -> CommandResult:
        return CommandResult(None, 1, "", "", f"cat: {words[-1]}: No such file or directory\n")


def test_a_zoo_cfg_that_is_missing_is_told_once_and_not_by_each_of_its_keys() -> None:
    (node, *_) = parse(TRIO).nodes
    with pytest.raises(pytest.fail.Exception) as failed:
        zoo_cfg(cast(Host, Bare([])), node)
    assert str(failed.value) == (
        "10.70.0.10: /opt/zookeeper/conf/zoo.cfg cannot be read (cat: /opt/zookeeper/conf/zoo.cfg: "
        "No such file or directory); expected the file; `fab plan` shows what differs, and whether "
        "`fab deploy-cluster` mends it"
    )
