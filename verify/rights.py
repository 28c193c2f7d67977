"""What docker lets a container do beyond what the runbook asks for: whatever its HostConfig says of it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

TOLD_APART = {
    *("Binds", "Init", "NetworkMode", "PidMode", "Privileged", "RestartPolicy"),  # checks of their own
    *("ConsoleSize", "ContainerIDFile", "LogConfig"),  # no rights
    *("Runtime", "ShmSize", "Ulimits"),  # an engine's daemon.json may say them for all containers
    *("MaskedPaths", "ReadonlyPaths"),  # below
}
"""Fields of HostConfig that are no finding, whatever they say."""

DOCKERS_OWN = {
    "IpcMode": ("private", "shareable"),
    "CgroupnsMode": ("private", "host"),
    "MemorySwappiness": (-1,),
    "PidsLimit": (-1,),
}
"""What an engine writes into fields that nobody has set, where that is more than nothing."""

HIDDEN_PATHS = {
    *("/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug"),
    *("/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/firmware"),
}
PROTECTED_PATHS = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}


def beyond(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return what is more, or other, than docker gives by itself: the field and what it says."""
    for name, value in sorted(options.items()):
        if name not in TOLD_APART and _says(value) and not _by_docker(name, value, options):
            yield name, value if isinstance(value, str) else json.dumps(value)
    if not options.get("Privileged"):
        yield from _bare("MaskedPaths", options, HIDDEN_PATHS)
        yield from _bare("ReadonlyPaths", options, PROTECTED_PATHS)


def _says(value: object) -> bool:
    """Tell whether a value is more than empty, zero or off, inside, too."""
    return any(map(_says, value.values())) if isinstance(value, dict) else bool(value)


def _by_docker(name: str, value: object, options: Mapping[str, Any]) -> bool:
    if name == "SecurityOpt":  # SELinux cannot confine what shares the host's processes
        shares = options.get("Privileged") or "host" in (options.get("PidMode"), options.get("IpcMode"))
        return bool(shares) and value == ["label=disable"]
    return value in DOCKERS_OWN.get(name, ())


def _bare(name: str, options: Mapping[str, Any], paths: set[str]) -> Iterator[tuple[str, str]]:
    told = options.get(name)
    if told is not None and not paths <= set(told):
        yield name, " ".join(told) or "empty"
