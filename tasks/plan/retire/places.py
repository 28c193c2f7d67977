"""Where a member keeps what it writes, and what of that is its own."""

from collections.abc import Iterator
from dataclasses import dataclass

from ...inventory.cluster import Node
from ..desired import secrets
from ..names import Id


@dataclass(frozen=True)
class Place:
    """A directory of a member's; `step` makes it.

    `own` are the names, as a shell's patterns, of what mesofab and the service put there: where somebody else
    has made the directory, nothing more is removed. `data` tells that `--keep-data` leaves it; so it does
    zoo.cfg, without which nobody knows whose ensemble's the data are.
    """

    step: Id
    path: str
    own: tuple[str, ...]
    data: bool = False


def places(node: Node) -> tuple[Place, ...]:
    """Give the directories of all members on a node."""
    found = {"zookeeper": _zookeeper, "mesos_master": _master, "marathon": _marathon, "mesos_agent": _agent}
    return tuple(place for role, own in found.items() if role in node.roles for place in own(node))


def _zookeeper(node: Node) -> Iterator[Place]:
    home, step = node.settings.zookeeper_dir, Id.ZOOKEEPER_MKDIRS
    yield Place(step, home, ("myid.next",))
    yield Place(step, f"{home}/conf", ("zoo.cfg", "zoo.cfg.next", "zoo.cfg.prev"), data=True)
    yield Place(step, f"{home}/data", ("myid", "version-2", "zookeeper_server.pid"), data=True)
    yield Place(step, f"{home}/logs", ("zookeeper*.log*", "zookeeper*.out"))
    yield _secrets(Id.ZOOKEEPER_RUN, "zookeeper")


def _master(node: Node) -> Iterator[Place]:
    yield Place(Id.MASTER_RUN, node.settings.mesos_master_work_dir, ("replicated_log",), data=True)
    yield Place(Id.MASTER_RUN, node.settings.mesos_master_log_dir, ("mesos-master.*",))
    yield _secrets(Id.MASTER_RUN, "mesos_master")


def _marathon(node: Node) -> Iterator[Place]:
    yield _secrets(Id.MARATHON_RUN, "marathon")


def _agent(node: Node) -> Iterator[Place]:
    own = ("meta", "slaves", "provisioner", "volumes")
    yield Place(Id.AGENT_RUN, node.settings.mesos_agent_work_dir, own, data=True)
    yield Place(Id.AGENT_RUN, node.settings.mesos_agent_log_dir, ("mesos-slave.*", "mesos-agent.*"))
    yield _secrets(Id.AGENT_RUN, "mesos_agent")


def _secrets(step: Id, role: str) -> Place:
    return Place(step, secrets.home(role), tuple(f"{name}*" for name in secrets.FILES[role]))
