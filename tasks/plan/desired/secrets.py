"""What masters and agents know each other by: files of secrets, and the variables that name them.

Source: runs of Mesos 1.5.0 with authentication. Variables, /flags, logs and docker show a path.
"""

from dataclasses import dataclass, replace

from ...inventory.cluster import Cluster
from ...inventory.credentials import AGENTS_FILE, MASTERS_FILE, VISITORS_FILE
from ..names import Id
from . import SEALED_DIRECTORY_MODE, Directories, File, Item, Mount, Unsealed

HOME = "/etc/mesofab-secure"
"""Below it each role has a directory of its own, which only its container mounts, at the same path."""

MASTERS, AGENTS, VISITORS = "MESOS_CREDENTIALS", "MESOS_CREDENTIAL", "MESOS_HTTP_CREDENTIALS"
"""The variables that name masters' file of all credentials, an agent's own one, and that of its visitors."""

OF_VISITORS = (("MESOS_AUTHENTICATE_HTTP_READONLY", "true"), ("MESOS_AUTHENTICATE_HTTP_READWRITE", "true"))
"""By which masters and agents demand a password of whoever asks them over HTTP."""

OF_AGENTS = "MESOS_AUTHENTICATE_AGENTS"

DEMANDS = ((OF_AGENTS, "true"), *OF_VISITORS)
"""What masters demand with `security=strict`; of frameworks nothing yet."""


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
    kept = _kept(file, MASTERS)
    return replace(kept, environment=kept.environment + DEMANDS) if is_strict(cluster) else kept


def agents(cluster: Cluster, container: str) -> Kept:
    """Give what an agent has, whose container is called so."""
    text = cluster.credentials.agents if cluster.credentials else None
    file = File(Id.AGENT_RUN, f"{home('mesos_agent')}/credential.json", f"{AGENTS_FILE}\n", container, text)
    kept = _kept(file, AGENTS)
    text = cluster.credentials.visitors if cluster.credentials and is_strict(cluster) else None
    path = f"{home('mesos_agent')}/visitors.json"
    visitors = File(Id.AGENT_RUN, path, f"{VISITORS_FILE}\n", container, text)
    if text is None:
        return replace(kept, items=(*kept.items, Unsealed(visitors.step, visitors.generations)))
    return replace(
        kept,
        items=(*kept.items, visitors),
        files=(*kept.files, visitors),
        environment=(*kept.environment, (VISITORS, path), *OF_VISITORS),
    )


def is_strict(cluster: Cluster) -> bool:
    """Tell whether masters and agents of this cluster are to demand credentials."""
    return cluster.settings.security == "strict"


def _kept(file: File, variable: str) -> Kept:
    if file.sealed is None:
        return Kept((Unsealed(file.step, file.generations),))
    place = file.path.rpartition("/")[0]
    directory = Directories(file.step, (place,), roots=(place,), mode=SEALED_DIRECTORY_MODE)
    mount = Mount(place, place, read_only=True)
    return Kept((directory, file), (file,), ((variable, file.path),), (mount,))


def home(role: str) -> str:
    """Give the directory of a role's secrets."""
    return f"{HOME}/{role}"
