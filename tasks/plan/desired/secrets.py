"""What masters and agents know each other by: files of secrets, and the variables that name them.

Source: runs of Mesos 1.5.0 with authentication. Variables, /flags, logs and docker show a path.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ...inventory.cluster import Cluster
from ...inventory.credentials import AGENTS_FILE, MASTERS_FILE, TREES_OWNER, Secret
from ..names import Id
from . import SEALED_DIRECTORY_MODE, Directories, File, Item, Mount, Unsealed, zookeeper_url

HOME = "/etc/mesofab-secure"
"""Below it each role has a directory of its own, which only its container mounts, at the same path."""

MASTERS, AGENTS = "MESOS_CREDENTIALS", "MESOS_CREDENTIAL"
"""The variables that name the file of all credentials, which masters read, and an agent's own."""

ADDRESS = "MESOS_ZK"
"""The variable of a master's zk:// address, which may name a file with it."""


@dataclass(frozen=True)
class Kept:
    """What a member's host and container have for its secrets; nothing while the cluster is open."""

    items: tuple[Item, ...]
    files: tuple[File, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    mounts: tuple[Mount, ...] = ()


def masters(cluster: Cluster, container: str) -> Kept:
    """Give what a master has, whose container is called so.

    Its zk:// address stands in a file, too: there is the password of the masters' tree in it.
    """
    known, place = cluster.credentials, home("mesos_master")
    url = zookeeper_url(cluster, cluster.settings.mesos_zk_path, TREES_OWNER)
    address = Secret(known.put_into(url)) if known else None
    text = known.masters if known else None
    files = (
        File(Id.MASTER_RUN, f"{place}/credentials.json", f"{MASTERS_FILE}\n", container, text),
        File(Id.MASTER_RUN, f"{place}/zk", f"{url}\n", container, address),
    )
    return _kept(files, {MASTERS: files[0].path, ADDRESS: f"file://{files[1].path}"})


def agents(cluster: Cluster, container: str) -> Kept:
    """Give what an agent has, whose container is called so."""
    text = cluster.credentials.agents if cluster.credentials else None
    file = File(Id.AGENT_RUN, f"{home('mesos_agent')}/credential.json", f"{AGENTS_FILE}\n", container, text)
    return _kept((file,), {AGENTS: file.path})


def _kept(files: tuple[File, ...], variables: Mapping[str, str]) -> Kept:
    """Give what has these files, all in one directory, or what has had them while the cluster is open."""
    if files[0].sealed is None:
        return Kept((Unsealed(files[0].step, tuple(path for file in files for path in file.generations)),))
    place = files[0].path.rpartition("/")[0]
    directory = Directories(files[0].step, (place,), roots=(place,), mode=SEALED_DIRECTORY_MODE)
    mount = Mount(place, place, read_only=True)
    return Kept((directory, *files), files, tuple(variables.items()), (mount,))


def home(role: str) -> str:
    """Give the directory of a role's secrets."""
    return f"{HOME}/{role}"
