"""What masters know agents and Marathon by: files of secrets, and what names them to who reads them.

Source: runs of Mesos 1.5.0 with authentication. Variables, /flags, logs and docker show a path.
"""

from dataclasses import dataclass

from ...inventory.cluster import Cluster
from ...inventory.credentials import AGENTS_FILE, MARATHONS_FILE, MASTERS_FILE
from ..names import Id
from . import SEALED_DIRECTORY_MODE, Directories, File, Item, Mount, Unsealed

HOME = "/etc/mesofab-secure"
"""Below it each role has a directory of its own, which only its container mounts, at the same path."""

SHOWS = "--mesos_authentication"
"""The argument by which a Marathon shows its principal to masters."""

MASTERS, AGENTS = "MESOS_CREDENTIALS", "MESOS_CREDENTIAL"
"""The variables that name the file of all credentials, which masters read, and an agent's own."""


Pairs = tuple[tuple[str, str], ...]
"""Variables, each with its value."""


@dataclass(frozen=True)
class Kept:
    """What a member's host and container have for its secrets; nothing while the cluster is open."""

    items: tuple[Item, ...]
    files: tuple[File, ...] = ()
    environment: Pairs = ()
    arguments: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()


def masters(cluster: Cluster, container: str) -> Kept:
    """Give what a master has, whose container is called so."""
    text = cluster.credentials.masters if cluster.credentials else None
    file = File(
        Id.MASTER_RUN, f"{home('mesos_master')}/credentials.json", f"{MASTERS_FILE}\n", container, text
    )
    return _kept(file, environment=((MASTERS, file.path),))


def agents(cluster: Cluster, container: str) -> Kept:
    """Give what an agent has, whose container is called so."""
    text = cluster.credentials.agents if cluster.credentials else None
    file = File(Id.AGENT_RUN, f"{home('mesos_agent')}/credential.json", f"{AGENTS_FILE}\n", container, text)
    return _kept(file, environment=((AGENTS, file.path),))


def marathons(cluster: Cluster, container: str) -> Kept:
    """Give what a Marathon has, whose container is called so: a line's end would be part of the secret."""
    known = cluster.credentials
    text, principal = (known.marathons, known.of["marathon"].principal) if known else (None, "")
    file = File(Id.MARATHON_RUN, f"{home('marathon')}/secret", MARATHONS_FILE, container, text)
    arguments = (SHOWS, f"{SHOWS}_principal", principal, f"{SHOWS}_secret_file", file.path)
    return _kept(file, arguments=arguments)


def _kept(file: File, environment: Pairs = (), arguments: tuple[str, ...] = ()) -> Kept:
    if file.sealed is None:
        return Kept((Unsealed(file.step, file.generations),))
    place = file.path.rpartition("/")[0]
    directory = Directories(file.step, (place,), roots=(place,), mode=SEALED_DIRECTORY_MODE)
    mount = Mount(place, place, read_only=True)
    return Kept((directory, file), (file,), environment, arguments, (mount,))


def home(role: str) -> str:
    """Give the directory of a role's secrets."""
    return f"{HOME}/{role}"
