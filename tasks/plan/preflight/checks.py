"""Every check of the preflight: its id, whether it stops a deploy, what must be so."""

from dataclasses import dataclass
from typing import Literal

from ...inventory.edits import Change
from ..words import capitalized

Severity = Literal["error", "warning"]
"""An error stops a deploy, a warning does not."""


@dataclass(frozen=True)
class Check:
    """One check: how grave it is if it fails, and in one line what must be so."""

    severity: Severity
    what: str


CHECKS = {
    "connection": Check("error", "The host answers over SSH, its key is known, and ours is accepted."),
    "sudo": Check("error", "sudo lets the user become root, where hosts.ini wants that."),
    "lock": Check("error", "No other run is at work on the host."),
    "rights": Check("error", "Commands run as root."),
    "tool": Check("error", "Every program that a run needs on the host is there, and can do what it must."),
    "same-machine": Check("error", "No two hosts of hosts.ini are one machine."),
    "address": Check("error", "The host has the address that hosts.ini gives it."),
    "hostname": Check("warning", "The host's own name resolves, and not to the loopback."),
    "clock": Check("error", "The clock is within 30 s of those of the other hosts."),
    "clock-drift": Check("warning", "The clock is within 5 s of those of the other hosts."),
    "architecture": Check("error", "The processor is an x86_64, for which the images are made."),
    "memory": Check("error", "The machine has the memory that its roles need."),
    "free-memory": Check("warning", "As much memory is free as what does not run yet will need."),
    "disk": Check("error", "Docker's and the runbook's directories have room, also for images to be pulled."),
    "disk-reserve": Check("warning", "Besides what is needed at once, 1 GB is free there."),
    "docker": Check("error", "There is a docker client, and an engine that answers it."),
    "docker-podman": Check("error", "`docker` and its engine are Docker's, not podman."),
    "docker-snap": Check("error", "Docker is not the snap."),
    "docker-rootless": Check("error", "The engine runs as root."),
    "docker-userns": Check("error", "The engine does not remap users."),
    "docker-trust": Check("error", "Docker is not told to trust only signed images."),
    "docker-selinux": Check("warning", "The engine does not have SELinux confine containers."),
    "docker-context": Check("warning", "Docker's client uses no engine other than the host's own."),
    "docker-version": Check("warning", "The engine is 20.10 or newer: the oldest one tested."),
    "docker-api": Check("error", "The engine takes the docker clients in the agent's images."),
    "docker-init": Check("error", "The engine finds docker-init, with which masters are run."),
    "docker-boot": Check("warning", "systemd starts the engine at boot, and with it the containers."),
    "cgroups": Check("error", "An agent's host has the cgroup v1 hierarchies that its containerizers need."),
    "extra-flag": Check("warning", "No flag is given that only extra_flags says the build in use has."),
    "tls": Check("error", "No image that the host holds switches TLS on, with which nobody here talks."),
    "image": Check("error", "Every image is on the host, or its registry has it for this architecture."),
    "image-login": Check("warning", "The registry of an image that is not on the host asks for no login."),
    "unwell": Check("warning", "Every member whose container is there is well."),
    "read-only": Check("error", "Members can write to the directories in which they keep their data."),
    "port": Check("error", "The ports of what does not run yet are free."),
    "moved-ports": Check("error", "What runs keeps its ports."),
    "flow": Check(
        "warning",
        "The host reaches the ports that its roles need on the others. Of many agents, a master tries 20.",
    ),
    "firewall": Check(
        "error", "The firewall lets in whoever runs mesofab, and closes no port on which sshd listens."
    ),
    "profile": Check("error", "Every shell can read /etc/profile, and HOST_IP can be set there."),
    "login": Check("warning", "A login shell comes to its end and leaves nothing at work."),
    "path": Check("error", "Nothing but a directory stands where the runbook wants one."),
    "cluster": Check("error", "The host's containers belong to this cluster, by name and by ZooKeeper."),
    "foreign-container": Check(
        "error", "Containers with the runbook's names were made by mesofab, or may be taken over."
    ),
    "left-data": Check("error", "A container that is taken over keeps its data where hosts.ini has them."),
    "stray-container": Check(
        "warning", "No container of mesofab's is left from a role that the host no longer has."
    ),
    "stranger": Check("warning", "Nobody takes part in a service who has no place there in hosts.ini."),
    "foreign-data": Check("error", "ZooKeeper's data directory holds no data of another ensemble."),
    "myid": Check("error", "The id in ZooKeeper's data directory is that of hosts.ini."),
    "members": Check("error", "ZooKeeper's members change only in ways that cannot lose data."),
    "wiped": Check("error", "A ZooKeeper member without data starts only while all others serve in sync."),
    "zookeeper-version": Check("error", "ZooKeeper's data can be read in the version that is wanted."),
    "zookeeper-snapshot": Check(
        "error", "Before ZooKeeper 3.5 or later, a log without a snapshot begins at the beginning."
    ),
    "quorum": Check("error", "The number of masters changes only in ways that their log survives."),
    "mesos-version": Check(
        "error", "No agent gets a newer Mesos than a master, and no master one too old for its registry."
    ),
    "marathon-version": Check("error", "Marathon's state can be read in the version that is wanted."),
    "marathon-migration": Check("error", "Before another Marathon, no migration of its state was cut short."),
    "agent-info": Check("error", "An agent keeps what it may not change without losing its tasks."),
    "same-agent": Check("error", "No two agents have one id, as a copied disk gives it to them."),
    "foreign-agent": Check("warning", "An agent's work_dir belongs to no other cluster."),
}
"""By id, in the order in which a host's findings are told."""


@dataclass(frozen=True)
class Finding:
    """A check that failed on a host: what was seen and what is wanted, and what to do about it.

    `overruled`: hosts.ini says that it stops no deploy. `changes` are those of hosts.ini that resolve it.
    `about`: who it is about, by name or address, if that is not the host.
    """

    host: str
    check: str
    evidence: str
    remedy: str
    overruled: bool = False
    changes: tuple[Change, ...] = ()
    about: str = ""

    @property
    def what(self) -> tuple[str, ...]:
        """What is wrong, whatever there is to do about it."""
        return self.check, self.evidence

    @property
    def severity(self) -> Severity:
        """Whether it stops a deploy."""
        return "warning" if self.overruled else CHECKS[self.check].severity

    @property
    def text(self) -> str:
        """What there is to say of the host, without its name."""
        remedy = "overruled by preflight_ignore" if self.overruled else self.remedy
        end = "" if remedy.endswith((".", "?")) else "."
        return f"{self.severity}  {self.check}: {self.evidence}. {capitalized(remedy)}{end}"

    def __str__(self) -> str:
        return f"{self.host}  {self.text}"
