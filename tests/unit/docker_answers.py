"""What docker answers on hosts with 20.10, 25, 28 and 29, for one container of one image, as wanted.

Made after the Go structures that those versions print (api/types of moby at v20.10.24, v25.0.0, v28.5.2
and docker-v29.0.0, `docker version` of docker/cli) and the changes that api/docs/CHANGELOG.md tells: 25 takes
API 1.24 and newer, 29.0 1.44, 29.3 1.40; from API 1.45 an image tells no ContainerConfig, from 1.50 nothing
in its Config that is no image's, from 1.52 nothing that is empty. 29 is as freshly installed, with containerd
as its image store: ids are digests of an index (daemon/containerd/image_inspect.go of moby), and a container
tells which manifest it has of that (API 1.48). The examples in moby's pull request 48855 and its issue 50033
have the same fields. What a HostConfig has by itself is what adaptContainerSettings (daemon/daemon_unix.go)
and createContainerOSSpecificSettings (daemon/create_unix.go) of the same tags make of it.
"""

from dataclasses import dataclass
from typing import Any

NAME, REFERENCE = "zookeeper", "zookeeper:3.4.12"
CONFIG, INDEX, MANIFEST = (f"sha256:{digit * 64}" for digit in "abc")
ENV, COMMAND = ["PATH=/usr/local/bin:/usr/bin", "ZOO_USER=zookeeper"], ["zkServer.sh", "start-foreground"]
ENTRYPOINT = ["/docker-entrypoint.sh"]
CONTAINERD = [["driver-type", "io.containerd.snapshotter.v1"]]


@dataclass(frozen=True)
class Answers:
    """What one version answers: `docker version` (engine and oldest API), `docker info`, `docker inspect`."""

    versions: str
    info: dict[str, Any]
    image: dict[str, Any]
    container: dict[str, Any]


def _info(version: str, containerd: bool = False, **more: Any) -> dict[str, Any]:
    return {
        "ID": "5b1f",
        "Containers": 1,
        "Driver": "overlayfs" if containerd else "overlay2",
        "DriverStatus": CONTAINERD if containerd else [["Backing Filesystem", "extfs"]],
        "DockerRootDir": "/var/lib/docker",
        "HttpProxy": "",
        "ServerVersion": version,
        "SecurityOptions": ["name=apparmor", "name=seccomp,profile=builtin", "name=cgroupns"],
        **more,
        "ClientInfo": {"Debug": False, "Context": "default", "Plugins": [], "Warnings": None},
    }


def _image(id: str, **more: Any) -> dict[str, Any]:
    config = {"Env": ENV, "Cmd": COMMAND, "Entrypoint": ENTRYPOINT}
    return {
        "Id": id,
        "RepoTags": [REFERENCE],
        "RepoDigests": [f"zookeeper@{INDEX}"],
        "Created": "2018-10-17T01:01:42Z",
        "Architecture": "amd64",
        "Os": "linux",
        "Size": 148_000_000,
        "RootFS": {"Type": "layers", "Layers": [f"sha256:{'d' * 64}"]},
        **more,
        "Config": config | more.get("Config", {}),
    }


OF_CONTAINERS = {"Hostname": "", "Domainname": "", "AttachStdin": False, "Tty": False, "Image": ""}
"""What an image's Config had of a container's before API 1.50, always empty."""

EMPTY = {"User": "", "WorkingDir": "", "Labels": None, "OnBuild": None, "Volumes": None}
"""What an image's Config has before API 1.52, though it says nothing."""


MASKED = [
    *("/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list"),
    *("/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"),
]
"""What 20.10 hides from a container that is not privileged."""

MASKED_BY_25 = [*MASKED, "/sys/devices/virtual/powercap"]
MASKED_BY_28 = [*MASKED_BY_25, "/proc/interrupts", "/sys/devices/system/cpu/cpu0/thermal_throttle"]

NOBODY_SET: dict[str, Any] = {
    **dict.fromkeys(
        ["ContainerIDFile", "VolumeDriver", "Cgroup", "CgroupParent", "CpusetCpus", "CpusetMems"], ""
    ),
    **dict.fromkeys(["PidMode", "UTSMode", "UsernsMode", "Isolation"], ""),
    **dict.fromkeys(
        ["AutoRemove", "Privileged", "PublishAllPorts", "ReadonlyRootfs", "OomKillDisable"], False
    ),
    **dict.fromkeys(["VolumesFrom", "CapAdd", "CapDrop", "ExtraHosts", "GroupAdd", "Links", "SecurityOpt"]),
    **dict.fromkeys(["DeviceCgroupRules", "DeviceRequests", "MemorySwappiness", "PidsLimit", "Ulimits"]),
    **dict.fromkeys(
        ["BlkioDeviceReadBps", "BlkioDeviceWriteBps", "BlkioDeviceReadIOps", "BlkioDeviceWriteIOps"]
    ),
    **dict.fromkeys(["Dns", "DnsOptions", "DnsSearch", "Devices", "BlkioWeightDevice"], []),
    **dict.fromkeys(
        ["OomScoreAdj", "CpuShares", "Memory", "NanoCpus", "BlkioWeight", "CpuPeriod", "CpuQuota"], 0
    ),
    **dict.fromkeys(["CpuRealtimePeriod", "CpuRealtimeRuntime", "KernelMemory", "KernelMemoryTCP"], 0),
    **dict.fromkeys(["MemoryReservation", "MemorySwap", "CpuCount", "CpuPercent"], 0),
    **dict.fromkeys(["IOMaximumIOps", "IOMaximumBandwidth"], 0),
    "CgroupnsMode": "private",
    "ConsoleSize": [0, 0],
    "IpcMode": "private",
    "PortBindings": {},
    "ReadonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    "Runtime": "runc",
    "ShmSize": 64 * 2**20,
}
"""What stands in a HostConfig for which nobody has asked."""


def container(
    wanted: dict[str, Any], image: str, masked: list[str] = MASKED_BY_28, **more: Any
) -> dict[str, Any]:
    """Give what is told of a container made of an image; `wanted` are fields of its Config and HostConfig."""
    return {
        "Id": "e" * 64,
        "Path": ENTRYPOINT[0],
        "Args": COMMAND,
        "State": {
            "Status": "running",
            "Running": True,
            "Paused": False,
            "Restarting": False,
            "OOMKilled": False,
            "Dead": False,
            "Pid": 1547,
            "ExitCode": 0,
        },
        "Image": image,
        "Name": f"/{NAME}",
        "Driver": "overlay2",
        "Config": {
            "Hostname": "node-10",
            "User": "",
            "Env": [*wanted["Env"], *ENV],
            "Cmd": COMMAND,
            "Image": REFERENCE,
            "Volumes": None,
            "WorkingDir": "",
            "Entrypoint": ENTRYPOINT,
            "Labels": wanted["Labels"],
        },
        "HostConfig": {
            **NOBODY_SET,
            "Binds": wanted["Binds"],
            "LogConfig": {"Type": "json-file", "Config": {"max-file": "5", "max-size": "50m"}},
            "NetworkMode": "host",
            "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0},
            "MaskedPaths": masked,
            **wanted.get("HostConfig", {}),
        },
        **more,
    }


def answers(wanted: dict[str, Any]) -> dict[str, Answers]:
    """Give by version what is answered for a container that is as `wanted`."""
    graph = {"GraphDriver": {"Name": "overlay2", "Data": {}}}
    descriptor = {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": INDEX, "size": 1609}
    manifest = {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": MANIFEST,
        "size": 1022,
        "platform": {"architecture": "amd64", "os": "linux"},
    }
    old = {"Config": OF_CONTAINERS | EMPTY, "ContainerConfig": {"Cmd": None}, "Parent": "", **graph}
    return {
        "20.10.24": Answers(
            "20.10.24+dfsg1 1.12",
            _info("20.10.24+dfsg1"),
            _image(CONFIG, **old),
            container(wanted, CONFIG, MASKED),
        ),
        "25.0.0": Answers(
            "25.0.0 1.24",
            _info("25.0.0"),
            _image(CONFIG, Config=OF_CONTAINERS | EMPTY, **graph),
            container(wanted, CONFIG, MASKED_BY_25),
        ),
        "28.5.2": Answers(
            "28.5.2 1.24",
            _info("28.5.2", Containerd={"Address": "/run/containerd/containerd.sock"}),
            _image(CONFIG, Config=EMPTY, **graph),
            container(wanted, CONFIG),
        ),
        "29.0.0": Answers(
            "29.0.0 1.44",
            _info("29.0.0", containerd=True, Containerd={"Address": "/run/containerd/containerd.sock"}),
            _image(INDEX, Descriptor=descriptor),
            container(
                wanted,
                INDEX,
                Driver="overlayfs",
                ImageManifestDescriptor=manifest,
                Storage={"RootFS": {"Snapshot": {"Name": "overlayfs"}}},
            ),
        ),
        "29.3.0": Answers(
            "29.3.0 1.40",
            _info("29.3.0", containerd=True, Containerd={"Address": "/run/containerd/containerd.sock"}),
            _image(INDEX, Descriptor=descriptor, Identity={"Pull": []}),
            container(wanted, INDEX, Driver="overlayfs", ImageManifestDescriptor=manifest),
        ),
    }
