"""What masters and agents know each other by: files of secrets, and the variables that name them.

Source: runs of Mesos 1.5.0 with authentication. Variables, /flags, logs and docker show a path.
"""

from dataclasses import dataclass, replace

from ...inventory.cluster import Cluster
from ...inventory.credentials import AGENTS_FILE, MASTERS_FILE, MEMBERS_FILE
from ..names import Id
from . import SEALED_DIRECTORY_MODE, Directories, File, Item, Mount, Unsealed

HOME = "/etc/mesofab-secure"
"""Below it each role has a directory of its own, which only its container mounts, at the same path."""

MASTERS, AGENTS = "MESOS_CREDENTIALS", "MESOS_CREDENTIAL"
"""The variables that name the file of all credentials, which masters read, and an agent's own."""

ZOOKEEPERS_USER = "1000"
"""Whom the image has ZooKeeper run as (its Dockerfile); root reads everything anyway."""


@dataclass(frozen=True)
class Kept:
    """What a member's host and container have for its secrets; nothing while the cluster is open."""

    items: tuple[Item, ...]
    files: tuple[File, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    mounts: tuple[Mount, ...] = ()


def masters(cluster: Cluster, container: str) -> Kept:
    """Give what a master has, whose container is called so."""
    text = cluster.credentials.masters if cluster.credentials else None
    file = File(
        Id.MASTER_RUN, f"{home('mesos_master')}/credentials.json", f"{MASTERS_FILE}\n", container, text
    )
    return _kept(file, MASTERS)


def agents(cluster: Cluster, container: str) -> Kept:
    """Give what an agent has, whose container is called so."""
    text = cluster.credentials.agents if cluster.credentials else None
    file = File(Id.AGENT_RUN, f"{home('mesos_agent')}/credential.json", f"{AGENTS_FILE}\n", container, text)
    return _kept(file, AGENTS)


def members(cluster: Cluster, container: str, proving: int) -> Kept:
    """Give what a ZooKeeper has whose members are `proving` so far who they are; it has no variable.

    Its user may read the file alone, which is mounted without its closed directory. On the way back to an
    open cluster nobody knows what stands there: it stays.
    """
    text = cluster.credentials.members if cluster.credentials else None
    path, words = f"{home('zookeeper')}/jaas.conf", f"{MEMBERS_FILE}\n"
    file = File(Id.ZOOKEEPER_RUN, path, words, container, text, owner=ZOOKEEPERS_USER)
    if not proving:
        return Kept((Unsealed(file.step, file.generations),))
    items: tuple[Item, ...] = (_directory(file), file)
    if cluster.settings.security == "open":
        items, file = (), replace(file, kept=True)
    return Kept(items, (file,), (), (Mount(path, path, read_only=True),))


def _kept(file: File, variable: str) -> Kept:
    if file.sealed is None:
        return Kept((Unsealed(file.step, file.generations),))
    place = _directory(file)
    mount = Mount(place.paths[0], place.paths[0], read_only=True)
    return Kept((place, file), (file,), ((variable, file.path),), (mount,))


def _directory(file: File) -> Directories:
    place = file.path.rpartition("/")[0]
    return Directories(file.step, (place,), roots=(place,), mode=SEALED_DIRECTORY_MODE)


def home(role: str) -> str:
    """Give the directory of a role's secrets."""
    return f"{HOME}/{role}"
