"""Which docker a host has: not every one that answers can run what the runbook runs."""

import re
from collections.abc import Iterator

from ..shell import SOCKET
from .checks import Finding
from .subject import Subject

PACKAGE = (
    "install the package of Docker or of the distribution (on Debian and Ubuntu: apt-get install docker.io)"
)
OWN = {"", f"unix://{SOCKET}", "unix:///run/docker.sock", "default"}


def podman(host: Subject) -> Iterator[Finding]:
    """Look whether `docker`, or what it talks to, is podman: agents need Docker's own engine."""
    engine = host.facts.engine
    version = re.search(r"podman version \S+", engine.client)
    if version or engine.root.endswith("/containers/storage"):
        where = f"docker is podman here ({version[0]})" if version else f"podman listens on {SOCKET}"
        yield host.finding(
            "docker-podman",
            f"{where}: agents need Docker's own engine, and what runs must come back at boot",
            f"remove podman-docker, stop podman.socket, and {PACKAGE}",
        )


def snap(host: Subject) -> Iterator[Finding]:
    """Look whether docker is a snap, which sees another root directory than the host's."""
    engine = host.facts.engine
    if engine.root.startswith("/var/snap/") or "/snap/bin/docker" in engine.client:
        yield host.finding(
            "docker-snap",
            "docker is the snap here: it cannot mount directories like /opt/zookeeper into containers",
            f"remove it (snap remove docker) and {PACKAGE}",
        )


def rootless(host: Subject) -> Iterator[Finding]:
    """Look for an engine that has no root's rights to give, there or in place of the host's own."""
    engine = host.facts.engine
    missing = host.wants_engine and not host.seen.engine and engine.sockets
    if "rootless" in engine.security or missing:
        where = f" ({', '.join(engine.sockets)})" if engine.sockets else ""
        yield host.finding(
            "docker-rootless",
            f"the engine is a rootless one{where}: it cannot give containers the host's network and devices",
            f"run one as root that listens on {SOCKET} (systemctl start docker)",
        )


def remapped(host: Subject) -> Iterator[Finding]:
    """Look for user namespaces, with which the engine refuses the host's network and pids."""
    if "userns" in host.facts.engine.security:
        yield host.finding(
            "docker-userns",
            "the engine remaps users (userns-remap), so it refuses --net=host, --pid=host and --privileged",
            "remove userns-remap from /etc/docker/daemon.json and restart docker",
        )


def selinux(host: Subject) -> Iterator[Finding]:
    """Look whether SELinux keeps containers from directories of the host that are not labelled for them."""
    if "selinux" in host.facts.engine.security:
        homes = " ".join(sorted(host.facts.rooms)) or "the runbook's directories"
        yield host.finding(
            "docker-selinux",
            "SELinux confines the containers of this engine: they only write to directories labelled so",
            f"label them: chcon -Rt container_file_t {homes}; or set selinux-enabled to false in "
            "/etc/docker/daemon.json",
        )


def trust(host: Subject) -> Iterator[Finding]:
    """Look for content trust: docker would refuse what is not signed, and write digests in place of tags."""
    said = host.facts.engine.environment.get("DOCKER_CONTENT_TRUST", "")
    if said.lower() in ("1", "t", "true"):
        yield host.finding(
            "docker-trust",
            f"DOCKER_CONTENT_TRUST={said} is set: docker refuses images that nobody signed, and records the "
            "others by digest in place of their tag",
            "unset it for root (look into /etc/environment), and name images by digest in hosts.ini instead",
        )


def context(host: Subject) -> Iterator[Finding]:
    """Look whether docker, typed on the host, talks to another engine than runs do."""
    environment = host.facts.engine.environment
    told = {name: environment.get(name, "") for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "currentContext")}
    other = [f"{name}={value}" for name, value in told.items() if value not in OWN]
    if other:
        yield host.finding(
            "docker-context",
            f"docker on this host is configured to use another engine ({', '.join(other)})",
            f"deploys use the host's own at {SOCKET} all the same; to see its containers by hand, type "
            f"docker -H unix://{SOCKET} ps",
        )
