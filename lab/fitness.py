"""Whether the lab can work on this machine: asked before images are built for minutes."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator, Mapping
from typing import Any

from . import console, engine, images, machine
from .errors import LabError

ROOM = 5_000
"""MB: images, hosts and registry were seen to take 2300, and the preflight wants 3000 free for pulls."""

MEMORY = 1_408
"""MB: what the preflight counts for a host with three roles. The whole lab was seen to use 840."""

PROGRAMS = {"ip": "iproute2", "ssh": "openssh-client"}
"""What lab and suite run on this machine, and Debian's packages that have it."""


def require(which: str) -> None:
    """Refuse a machine on which the lab cannot work, with all reasons; install programs that are missing."""
    info = engine.get().info()
    found = [*troubles(info, socket.gethostname(), machine.lacks_capabilities())]
    if not found and images.missing():
        free = shutil.disk_usage(info["DockerRootDir"]).free
        found = [*too_small(info["DockerRootDir"], free, info.get("MemTotal"))]
    if found:
        raise LabError("\n".join(found))
    if lacking := [package for program, package in PROGRAMS.items() if not shutil.which(program)]:
        machine.install(*lacking)
    if told := warning(which, info):
        console.say(told)


def warning(which: str, info: Mapping[str, Any]) -> str:
    """Say beforehand what will not work with these images, "" if all will."""
    if which != images.HUB or not has_cgroup_v2_alone(info):
        return ""
    return (
        "This machine has cgroup v2 alone, on which the agent of Mesos 1.5 does not start: a deploy will "
        "be refused. Boot with systemd.unified_cgroup_hierarchy=0, or use --images stand-ins."
    )


def overruled(which: str, info: Mapping[str, Any], processor: str) -> dict[str, str]:
    """Return the setting of hosts.ini for checks that do not concern the lab's own images here.

    They are made on this machine, for its processor, and the stand-ins do without cgroup v1.
    """
    checks = ["architecture"] * (processor != "x86_64")
    checks += ["cgroups"] * has_cgroup_v2_alone(info)
    return {"preflight_ignore": ",".join(checks)} if checks and which == images.STAND_INS else {}


def has_cgroup_v2_alone(info: Mapping[str, Any]) -> bool:
    """Tell whether containers find no cgroup v1; `info` is what the engine says of itself."""
    return str(info.get("CgroupVersion")) == "2"


def troubles(info: Mapping[str, Any], name: str, lacks_capabilities: bool) -> Iterator[str]:
    """Say why the engine cannot carry the lab; `name` is this machine's."""
    options = {part for option in info.get("SecurityOptions") or () for part in option.split(",")}
    if info["Name"] != name:
        yield (
            f"The Docker engine runs on another machine ({info['Name']}), and the lab's network must be on "
            f"this one ({name}): unset DOCKER_HOST."
        )
    if "name=rootless" in options:
        yield (
            "The Docker engine runs without root, and the lab's hosts are privileged containers: unset "
            "DOCKER_HOST and start the system's engine (`systemctl start docker`)."
        )
    if "name=userns" in options:
        yield (
            "The Docker engine maps user ids, and the lab's hosts are privileged containers: remove "
            "userns-remap from /etc/docker/daemon.json and restart Docker."
        )
    if lacks_capabilities and info.get("DefaultRuntime") != engine.RUNTIME:
        yield (
            "This machine's root lacks a capability, and its Docker engine starts no privileged container "
            "then: stop that engine, and `fab lab.up` starts it with a runtime that works."
        )


def too_small(directory: str, free: int, memory: int | None) -> Iterator[str]:
    """Say what there is too little of for the images and hosts, in bytes, if so."""
    if free < ROOM * 1e6:
        yield (
            f"{directory} has {free / 1e9:.1f} GB free and the lab needs {ROOM / 1e3:.0f} GB: free some "
            "space (`docker system df` shows what images and containers take)."
        )
    if memory is not None and memory < MEMORY * 2**20:
        yield (
            f"This machine has {memory >> 20} MB of memory and the lab needs {MEMORY} MB: use a larger one."
        )
