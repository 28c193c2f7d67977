"""What docker lets a container do beyond what we ask for: plan and suite tell it, and nothing else."""

import json
from dataclasses import replace
from typing import Any, cast

import pytest
from docker_answers import REFERENCE, answers
from hypothesis import given
from hypothesis import strategies as st
from samples import TRIO, as_wanted, with_options
from testinfra.backend.base import CommandResult
from testinfra.host import Host

from tasks.inventory.parse import parse
from tasks.plan import runbook
from tasks.plan.compare import differences, rights
from tasks.plan.desired import Container
from tasks.plan.look import docker
from tasks.plan.names import Id
from tasks.plan.runbook import CHAPTERS
from verify.containers import inspect, with_other_rights
from verify.wanted import Wanted

PLAIN = Container(step=Id.ZOOKEEPER_RUN, name="zookeeper", role="zookeeper", image=REFERENCE)
AGENT = replace(PLAIN, privileged=True, host_pids=True)
OF_AGENT = {
    "Privileged": True,
    "PidMode": "host",
    "SecurityOpt": ["label=disable"],
    "MaskedPaths": None,
    "ReadonlyPaths": None,
}
VERSIONS = list(answers({"Env": [], "Labels": {}, "Binds": []}))
CLUSTER = parse(TRIO)

BY_ENGINES = {
    "as installed": {},
    "cgroup v1": {"CgroupnsMode": "host"},
    "a daemon.json": {
        "IpcMode": "shareable",
        "Runtime": "nvidia",
        "ShmSize": 2**30,
        "Ulimits": [{"Name": "nofile", "Soft": 65536, "Hard": 65536}],
        "LogConfig": {
            "Type": "json-file",
            "Config": {"max-file": "5", "max-size": "50m", "compress": "true"},
        },
    },
    "a terminal": {"ConsoleSize": [51, 82]},
    "what other versions print": {"MemorySwappiness": -1, "PidsLimit": 0, "OomKillDisable": None},
}


def reports(version: str, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What docker of a version tells of a container with these options, and of its image."""
    told = answers({"Env": [], "Labels": {}, "Binds": [], "HostConfig": options})[version]
    return told.container, told.image


def planned(version: str, wanted: Container = PLAIN, **options: Any) -> list[str]:
    """How the plan says that it differs."""
    container, image = reports(version, **options)
    seen = docker.container(container)
    return differences.container(wanted, seen, docker.image(image)) + rights.unknown(seen.options)


def judged(version: str, wanted: Container = PLAIN, config: Any = (), **options: Any) -> list[str]:
    """What the suite says of it."""
    container, image = reports(version, **options)
    container["Config"] |= dict(config)
    said = f"{json.dumps(container)}\n{json.dumps(image['Config'])}\n"

    class Told:
        def run(self, *words: str) -> CommandResult:
            return CommandResult(None, 0, "", said, "")

    found = inspect(cast(Host, Told()), CLUSTER.nodes[0], "zookeeper")
    pid_mode = "host" if wanted.host_pids else ""
    asked = Wanted("zookeeper", REFERENCE, {}, privileged=wanted.privileged, pid_mode=pid_mode)
    return list(map(str, with_other_rights(found, asked)))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("options", BY_ENGINES.values(), ids=BY_ENGINES)
def test_what_an_engine_sets_by_itself_is_no_difference(version: str, options: dict[str, Any]) -> None:
    assert planned(version, **options) == judged(version, **options) == []
    of_agent = options | OF_AGENT
    assert planned(version, AGENT, **of_agent) == judged(version, AGENT, **of_agent) == []


EXTRA: dict[str, tuple[dict[str, Any], str]] = {
    "--mount type=bind,source=/,target=/host": (
        {"Mounts": [{"Type": "bind", "Source": "/", "Target": "/host"}]},
        "mounts Type=bind,Source=/,Target=/host -> none",
    ),
    "--device /dev/mem": (
        {"Devices": [{"PathOnHost": "/dev/mem", "PathInContainer": "/dev/mem", "CgroupPermissions": "rwm"}]},
        "devices PathOnHost=/dev/mem,PathInContainer=/dev/mem,CgroupPermissions=rwm -> none",
    ),
    "--device-cgroup-rule": ({"DeviceCgroupRules": ["c 1:* rwm"]}, "device cgroup rules c 1:* rwm -> none"),
    "--gpus all": (
        {"DeviceRequests": [{"Driver": "", "Count": -1, "DeviceIDs": None, "Capabilities": [["gpu"]]}]},
        "device requests Driver=,Count=-1,DeviceIDs=None,Capabilities=gpu -> none",
    ),
    "--security-opt seccomp=unconfined": (
        {"SecurityOpt": ["seccomp=unconfined", "apparmor=unconfined"]},
        "security opt seccomp=unconfined apparmor=unconfined -> none",
    ),
    "--security-opt label=disable": (
        {"SecurityOpt": ["label=disable"]},
        "security opt label=disable -> none",
    ),
    "--security-opt systempaths=unconfined": (
        {"ReadonlyPaths": []},
        "readonly paths without /proc/bus, /proc/fs, /proc/irq, /proc/sys, /proc/sysrq-trigger",
    ),
    "a list of masked paths": (
        {"MaskedPaths": ["/proc/acpi"]},
        "masked paths without /proc/asound, /proc/kcore, /proc/keys, /proc/latency_stats, /proc/sched_debug, "
        "/proc/scsi, /proc/timer_list, /proc/timer_stats, /sys/firmware",
    ),
    "--ipc container": ({"IpcMode": "container:1f"}, "ipc mode container:1f -> private"),
    "--volumes-from": ({"VolumesFrom": ["other"]}, "volumes from other -> none"),
    "--volume-driver": ({"VolumeDriver": "nfs"}, "volume driver nfs -> none"),
    "--tmpfs": ({"Tmpfs": {"/run": "rw,exec"}}, "tmpfs /run rw,exec -> none"),
    "--cap-add": ({"CapAdd": ["SYS_PTRACE"]}, "added capabilities SYS_PTRACE -> none"),
    "--cap-drop": ({"CapDrop": ["ALL"]}, "dropped capabilities ALL -> none"),
    "--group-add": ({"GroupAdd": ["docker"]}, "group add docker -> none"),
    "--userns host": ({"UsernsMode": "host"}, "userns mode host -> none"),
    "--uts host": ({"UTSMode": "host"}, "uts mode host -> none"),
    "--sysctl": ({"Sysctls": {"net.core.somaxconn": "1024"}}, "sysctls net.core.somaxconn 1024 -> none"),
    "--cgroup-parent": ({"CgroupParent": "/other"}, "cgroup parent /other -> none"),
    "--oom-kill-disable": ({"OomKillDisable": True}, "oom kill disable on -> none"),
    "--oom-score-adj": ({"OomScoreAdj": -1000}, "oom score adj -1000 -> none"),
    "--pids-limit": ({"PidsLimit": 7}, "pids limit 7 -> none"),
    "--cpu-shares": ({"CpuShares": 2}, "cpu shares 2 -> none"),
    "--device-read-iops": (
        {"BlkioDeviceReadIOps": [{"Path": "/dev/sda", "Rate": 1}]},
        "blkio device read iops Path=/dev/sda,Rate=1 -> none",
    ),
    "--dns": ({"Dns": ["10.9.9.9"]}, "dns 10.9.9.9 -> none"),
    "--add-host": ({"ExtraHosts": ["a:10.9.9.9"]}, "extra hosts a:10.9.9.9 -> none"),
    "--read-only": ({"ReadonlyRootfs": True}, "read-only root on -> none"),
    "--annotation": ({"Annotations": {"a.b/c": "d"}}, "annotations a.b/c d -> none"),
    "something new": ({"HostKernel": {"Modules": ["kvm"]}}, "HostKernel.Modules=kvm"),
}


@pytest.mark.parametrize("version", VERSIONS[::3])
@pytest.mark.parametrize("options, told", EXTRA.values(), ids=EXTRA)
def test_every_right_that_nobody_asked_for_is_told_by_plan_and_suite(
    version: str, options: dict[str, Any], told: str
) -> None:
    assert planned(version, **options) == [told]
    (line,) = judged(version, **options)
    (name,) = options
    assert line.startswith(f"10.70.0.10: zookeeper: docker's {name} is ")
    assert line.endswith("; expected what docker sets by itself; `fab plan` says what mends it")


@pytest.mark.parametrize("name", ["Privileged", "PidMode", "IpcMode"])
def test_what_follows_from_one_right_is_not_told_as_a_second_one(name: str) -> None:
    options: dict[str, Any] = {
        name: True if name == "Privileged" else "host",
        "SecurityOpt": ["label=disable"],
    }
    options |= {"MaskedPaths": None, "ReadonlyPaths": None} if name == "Privileged" else {}
    assert len(planned("20.10.24", **options)) == len(judged("20.10.24", **options)) == 1


def test_a_user_that_is_not_the_images_is_told_by_the_suite() -> None:
    (line,) = judged("29.0.0", config={"User": "1000"})
    assert "zookeeper: user is 1000; expected none; " in line


def test_no_password_of_a_volumes_server_is_shown() -> None:
    options = {"type": "cifs", "o": "username=a,password=hunter2"}
    driver = {"DriverConfig": {"Name": "local", "Options": options}}
    mounts: dict[str, Any] = {"Mounts": [{"Type": "volume", "Target": "/x", "VolumeOptions": driver}]}
    assert "hunter2" not in str(planned("28.5.2", **mounts)) + str(judged("28.5.2", **mounts))


EMPTY: st.SearchStrategy[Any] = st.sampled_from([None, "", 0, False, {}, {"a": None}])
SAYING = st.integers(1) | st.just(True) | st.text("abc", min_size=1) | st.lists(st.just("x"), min_size=1)


@given(name=st.from_regex(r"New[A-Z][a-z]{2,9}", fullmatch=True), empty=EMPTY, saying=SAYING)
def test_a_field_that_nobody_knows_is_told_if_it_says_anything(name: str, empty: Any, saying: Any) -> None:
    assert planned("29.3.0", **{name: empty}) == []
    said: dict[str, Any] = {name: saying}
    assert judged("29.3.0", **{name: empty}) == []
    assert len(planned("29.3.0", **said)) == len(judged("29.3.0", **said)) == 1


def test_what_nobody_knows_is_told_and_restarts_nothing_as_an_engine_may_set_it_again() -> None:
    node = CLUSTER.nodes[0]
    seen = with_options(as_wanted(CLUSTER, node), **{"New.Power": "on"})
    plan = runbook.missing(CHAPTERS, CLUSTER, node, seen)
    assert plan.steps == ()
    assert [str(trouble) for trouble in plan.troubles] == [
        "2.5 zookeeper is not well: docker runs it with options that mesofab does not know (New.Power=on). "
        "If it was run by hand, docker rm -f zookeeper there, then deploy; else docker sets them."
    ]
