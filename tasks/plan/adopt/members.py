"""Which containers of a host are members of the cluster that somebody runs by hand.

A container is known by the program it runs, or by its image if it listens where such a member does; its name
may be any.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ...inventory.cluster import Node
from ..look import by_hand
from ..look.docker import GENERATIONS, SeenContainer, SeenImage
from .look import Machine

PROGRAMS = {
    "zkServer.sh": "zookeeper",
    "mesos-master": "mesos_master",
    "marathon": "marathon",
    "mesos-slave": "mesos_agent",
    "mesos-agent": "mesos_agent",
}
"""Roles by their programs, and by the last part of an image's name."""

IMAGES = PROGRAMS | {"zookeeper": "zookeeper"}

PORTS = {
    "zookeeper": "zookeeper_client_port",
    "mesos_master": "mesos_master_port",
    "marathon": "marathon_port",
    "mesos_agent": "mesos_agent_port",
}
"""The setting of the port by which a member is known."""

PREFIXES = {"mesos_master": "MESOS_", "marathon": "MARATHON_", "mesos_agent": "MESOS_", "zookeeper": "ZOO_"}


@dataclass(frozen=True)
class Member:
    """A member that runs by hand: its container, what that is told by flag and by variable, its zoo.cfg."""

    role: str
    name: str
    seen: SeenContainer
    flags: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    cfg: Mapping[str, str] = field(default_factory=dict)

    @property
    def on_host(self) -> bool:
        """Whether it has the host's network and so its address."""
        return self.seen.options.get("NetworkMode") == "host"

    @property
    def port(self) -> int:
        """Where clients find it; 0 if it says nothing that could be a port."""
        told = {
            "zookeeper": self.cfg.get("clientPort", "2181"),
            "mesos_master": self.flags.get("port", "5050"),
            "marathon": self.flags.get("http_port", "8080"),
            "mesos_agent": self.flags.get("port", "5051"),
        }[self.role]
        return int(told) if re.fullmatch("[0-9]{1,5}", told) else 0


def members(node: Node, machine: Machine) -> Iterator[Member]:
    """Give what may be members on a host, ours left out, and what is left of an earlier take-over."""
    for name, seen in machine.containers.items():
        role = _role(seen)
        if role and not seen.is_ours and not name.endswith(GENERATIONS):
            member = _member(role, name, seen, machine)
            if _program(seen) or member.port in machine.listeners:
                yield member


def _member(role: str, name: str, seen: SeenContainer, machine: Machine) -> Member:
    image = machine.images.get(seen.image, SeenImage(""))
    given = {each: value for each, value in seen.environment.items() if image.environment.get(each) != value}
    flags = by_hand.flags(seen, PREFIXES[role], image)
    cfg = machine.configurations.get(seen.pid, "") if role == "zookeeper" else ""
    return Member(role, name, seen, flags, given, dict(_lines(cfg)))


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Read a file of Java properties as ZooKeeper's is written: no escapes, no lines that go on."""
    for line in text.splitlines():
        key, sign, value = line.strip().partition("=")
        if sign and not key.startswith(("#", "!")):
            yield key.strip(), value.strip()


def chosen(candidates: list[Member]) -> tuple[Member, ...]:
    """Give the one of several for one role on one host that is meant; all of them, if that is not one.

    That is who runs; among those, who is on the host's network, as every member of the runbook's.
    """
    up = [one for one in candidates if one.seen.is_up] or candidates
    return tuple([one for one in up if one.on_host] or up)


def _role(seen: SeenContainer) -> str:
    return _program(seen) or IMAGES.get(_last(re.sub(r"[:@][^/]*$", "", seen.image)), "")


def _program(seen: SeenContainer) -> str:
    words = (*seen.entrypoint, *seen.arguments)[:3]
    return next((PROGRAMS[name] for word in words if (name := _last(word)) in PROGRAMS), "")


def _last(path: str) -> str:
    return path.rpartition("/")[2]
