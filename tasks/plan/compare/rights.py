"""What docker lets a container do and use, held against what we ask for: all of its HostConfig."""

import re
from collections.abc import Iterator, Mapping

from ...inventory.secret import redacted
from ..desired import Container

Options = Mapping[str, str]

ELSEWHERE = """
    Binds ConsoleSize ContainerIDFile LogConfig MaskedPaths ReadonlyPaths RestartPolicy Runtime ShmSize
    Ulimits
""".split()
"""Fields that are compared in other ways, give no right, or may be as the engine's daemon.json has them."""

NOT_ASKED = set(
    """
    Annotations AutoRemove BlkioDeviceReadBps BlkioDeviceReadIOps BlkioDeviceWriteBps BlkioDeviceWriteIOps
    BlkioWeight BlkioWeightDevice CapAdd CapDrop Cgroup CgroupParent CgroupnsMode CpuPeriod CpuQuota
    CpuRealtimePeriod CpuRealtimeRuntime CpuShares CpusetCpus CpusetMems DeviceCgroupRules DeviceRequests
    Devices Dns DnsOptions DnsSearch ExtraHosts GroupAdd IpcMode KernelMemory KernelMemoryTCP Links Memory
    MemoryReservation MemorySwap MemorySwappiness Mounts NanoCpus OomKillDisable OomScoreAdj PidsLimit
    PortBindings PublishAllPorts ReadonlyRootfs SecurityOpt StorageOpt Sysctls Tmpfs UTSMode UsernsMode
    VolumeDriver VolumesFrom
""".split()
)
"""Fields that we leave to docker, of all engines on Linux from 20.10 to 29 (moby's api/types/container)."""

KNOWN = {*ELSEWHERE, *NOT_ASKED, "NetworkMode", "Privileged", "PidMode", "Init"}

BY_DOCKER = {
    "IpcMode": ("private", "shareable"),
    "CgroupnsMode": ("private", "host"),  # with cgroup v2, and with v1
    "MemorySwappiness": ("none", "-1"),
    "PidsLimit": ("none", "-1"),
}
"""What docker makes of some of them, first what it does most often; of the others nothing."""

PATHS = {
    "MaskedPaths": "/proc/acpi /proc/asound /proc/kcore /proc/keys /proc/latency_stats /proc/sched_debug "
    "/proc/scsi /proc/timer_list /proc/timer_stats /sys/firmware",
    "ReadonlyPaths": "/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger",
}
"""What every engine since 20.10 hides from a container, or protects there, unless it is privileged."""

WORDS = {
    "CapAdd": "added capabilities",
    "CapDrop": "dropped capabilities",
    "ReadonlyRootfs": "read-only root",
    "Memory": "memory limit",
    "NanoCpus": "cpu limit",
}
"""How people call some of them; the others as docker does."""


def compared(wanted: Container, options: Options) -> list[str]:
    """Say which options differ; of one that is switched on or off, the wanted one is `on` or `off`."""
    asked = _asked(wanted)
    old = {key: options.get(key, "off" if new in ("on", "off") else "none") for _, key, new in asked}
    found = [f"{name} {old[key]} -> {new}" for name, key, new in asked if old[key] != new]
    return [*found, *_not_asked(options), *_bared(options)]


def unknown(options: Options) -> list[str]:
    """Give the options that no engine had when this was written, each with its value."""
    return [_shown(f"{key}={value}") for key, value in options.items() if key.partition(".")[0] not in KNOWN]


def _asked(wanted: Container) -> tuple[tuple[str, str, str], ...]:
    return (
        ("network", "NetworkMode", "host"),
        ("privileged", "Privileged", "on" if wanted.privileged else "off"),
        ("pid mode", "PidMode", "host" if wanted.host_pids else "none"),
        ("docker-init", "Init", "on" if wanted.init else "off"),
        ("log driver", "LogConfig.Type", "json-file"),
        ("log size", "LogConfig.Config.max-size", wanted.log_size),
        ("log files", "LogConfig.Config.max-file", str(wanted.log_files)),
    )


def _not_asked(options: Options) -> Iterator[str]:
    for key, value in sorted(options.items()):
        name, _, inner = key.partition(".")
        if name in NOT_ASKED and value not in (given := _by_docker(name, options)):
            yield f"{_shown(f'{_called(name)} {inner}'.strip() + f' {value}')} -> {given[0]}"


def _by_docker(name: str, options: Options) -> tuple[str, ...]:
    """Give what docker may have made of an option that was not asked for."""
    shares = "Privileged" in options or "host" in (options.get("PidMode"), options.get("IpcMode"))
    if name == "SecurityOpt" and shares:  # SELinux cannot confine it then
        return "none", "label=disable"
    return BY_DOCKER.get(name, ("none",))


def _bared(options: Options) -> Iterator[str]:
    for name, paths in PATHS.items():
        bare = set(paths.split()) - set(options.get(name, paths).split())
        if bare and "Privileged" not in options:
            yield f"{_called(name)} without {', '.join(sorted(bare))}"


def _called(name: str) -> str:
    return WORDS.get(name) or " ".join(re.findall(r"IOps|[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)).lower()


def _shown(text: str) -> str:
    """A volume's options may have the password of its server."""
    return redacted(text)[:200]
