"""What is said of a machine on which the lab cannot work, before anything is built."""

from typing import Any

import pytest

from lab import engine, fitness, images
from lab.errors import LabError

FINE: dict[str, Any] = {
    "Name": "here",
    "SecurityOptions": ["name=apparmor", "name=seccomp,profile=default", "name=cgroupns"],
    "DefaultRuntime": "runc",
    "CgroupVersion": "2",
    "DockerRootDir": "/",
}


def test_nothing_is_said_of_a_machine_in_order() -> None:
    assert [*fitness.troubles(FINE, "here", False)] == []
    assert fitness.warning(images.STAND_INS, FINE) == ""


@pytest.mark.parametrize(
    "spoilt, lacks, told",
    [
        ({"SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless"]}, False, "without root"),
        ({"SecurityOptions": ["name=userns"]}, False, "remove userns-remap"),
        ({"Name": "docker-desktop"}, False, r"another machine \(docker-desktop\).*unset DOCKER_HOST"),
        ({}, True, "lacks a capability.*stop that engine"),
    ],
)
def test_an_engine_that_cannot_carry_the_lab_is_refused(
    spoilt: dict[str, Any], lacks: bool, told: str
) -> None:
    (said,) = fitness.troubles(FINE | spoilt, "here", lacks)
    with pytest.raises(LabError, match=told):
        raise LabError(said)


def test_an_engine_with_the_labs_own_runtime_needs_no_more_capabilities() -> None:
    assert [*fitness.troubles(FINE | {"DefaultRuntime": engine.RUNTIME}, "here", True)] == []


def test_a_full_disk_and_a_small_machine_are_told_before_images_are_built() -> None:
    room, memory = fitness.too_small("/", 3_900_000_000, 1_000_000_000)
    assert room.startswith("/ has 3.9 GB free and the lab needs 5 GB")
    assert memory.startswith("This machine has 953 MB of memory and the lab needs 1408 MB")


def test_the_real_mesos_is_told_beforehand_that_it_will_not_start_on_cgroup_v2_alone() -> None:
    assert "systemd.unified_cgroup_hierarchy=0" in fitness.warning(images.HUB, FINE)


@pytest.mark.parametrize(
    "version, which, machine, ignored",
    [
        ("2", images.STAND_INS, "x86_64", {"preflight_ignore": "cgroups"}),
        ("2", images.STAND_INS, "aarch64", {"preflight_ignore": "architecture,cgroups"}),
        ("1", images.STAND_INS, "x86_64", {}),
        ("2", images.HUB, "x86_64", {}),
    ],
)
def test_checks_are_overruled_only_where_the_stand_ins_do_without(
    version: str, which: str, machine: str, ignored: dict[str, str]
) -> None:
    assert fitness.overruled(which, FINE | {"CgroupVersion": version}, machine) == ignored
