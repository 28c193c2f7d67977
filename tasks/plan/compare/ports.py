"""What leads on where a port that a container needs is taken."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice

from ...inventory.edits import Change, Set
from ...inventory.settings import VARIABLES
from ..desired import Container
from ..look.listeners import container
from ..step import Blocker
from .compared import Host

SETTINGS = {
    "zookeeper": ("zookeeper_client_port", "zookeeper_peer_port", "zookeeper_election_port"),
    "mesos_master": ("mesos_master_port",),
    "marathon": ("marathon_port",),
    "mesos_agent": ("mesos_agent_port",),
}
"""The settings of the ports that a role's container listens on, in its order."""

FREE_PORT = "stop that process"


def freed(who: str) -> str:
    """Say how a port is freed on which somebody listens."""
    name = container(who)
    return f"stop that container (docker stop {name})" if name else FREE_PORT


MEMBERS = ("java", "mesos-master", "mesos-slave", "mesos-agent")
"""Processes that may well be members, on a host without any of ours."""


def blockers(host: Host, wanted: Container, taken: Mapping[int, str]) -> Iterator[Blocker]:
    """Refuse to start a container whose ports are `taken`, each by that process."""
    for setting, port in zip(SETTINGS[wanted.role], wanted.ports, strict=True):
        if port in taken:
            seen = f"port {port} is taken by {taken[port]}"
            by_hand = taken[port].partition(" ")[0] in MEMBERS and not host.seen.clusters
            free = freed(taken[port])
            either = f"{free}; or, if it is a member of this cluster that runs by hand, see `fab adopt`"
            other = either if by_hand else free, _other_ports(host, setting, port)
            remedy, changes = _misnumbered(host, wanted) or other
            yield Blocker(wanted.step, wanted.name, seen, remedy, "port", changes)


def _misnumbered(host: Host, wanted: Container) -> tuple[str, tuple[Change, ...]] | None:
    """Say what to do where the host has the container by the name of another number: it may be that one."""
    stem, _, number = wanted.name.rpartition("-")
    for name in sorted(host.seen.clusters):
        own = re.fullmatch(rf"{re.escape(stem)}-0*([1-9][0-9]{{0,8}})", name)
        if number.isdigit() and own and int(own[1]) != int(number):
            remedy = f"if another program has it than {name}, which mesofab made here, {FREE_PORT}"
            return remedy, (Change((Set("number", own[1], host.node),)),)
    return None


def restored(host: Host, wanted: Container, made: str) -> tuple[Change, ...]:
    """Give the change back to the ports that a container was `made` with, as its label has them."""
    told = made.split(",")
    if len(told) != len(wanted.ports) or not all(each.isdecimal() for each in told):
        return ()
    moved = zip(SETTINGS[wanted.role], told, map(str, wanted.ports), strict=True)
    edits = (Set(setting, old, _whose(host, setting)) for setting, old, new in moved if old != new)
    return (Change(tuple(edits), "if it is to keep them"),)


def _whose(host: Host, setting: str) -> str:
    return "" if VARIABLES[setting].scope == "role" else host.node


def _other_ports(host: Host, setting: str, port: int) -> tuple[Change, ...]:
    """Give the change to the next port that is free here; others may object to it."""
    own = _whose(host, setting)
    free = (str(p) for p in range(port + 1, min(port + 100, 65536)) if p not in host.seen.listeners)
    return tuple(Change((Set(setting, each, own),), "if it is to stay") for each in islice(free, 1))
