"""What masters know agents and Marathon by: files of secrets, and what names them to who reads them.

Source: runs of Mesos 1.5.0 with authentication. Variables, /flags, logs and docker show a path.
"""

from dataclasses import dataclass, replace

from ...inventory.cluster import Cluster
from ...inventory.credentials import (
    AGENTS_FILE,
    MARATHONS_FILE,
    MASTERS_FILE,
    MEMBERS_FILE,
    OPERATORS_LOGIN,
    TREES_OWNER,
    VISITORS_FILE,
    Secret,
)
from ...inventory.lockout import HOOK
from ..names import Id
from . import SEALED_DIRECTORY_MODE, Directories, File, Item, Mount, Unsealed, zookeeper_url

HOME = "/etc/mesofab-secure"
"""Below it each role has a directory of its own, which only its container mounts, at the same path."""

MASTERS, AGENTS, VISITORS = "MESOS_CREDENTIALS", "MESOS_CREDENTIAL", "MESOS_HTTP_CREDENTIALS"
"""The variables that name masters' file of all credentials, an agent's own one, and that of its visitors."""

OF_VISITORS = (("MESOS_AUTHENTICATE_HTTP_READONLY", "true"), ("MESOS_AUTHENTICATE_HTTP_READWRITE", "true"))
"""By which masters and agents demand a password of whoever asks them over HTTP."""

OF_AGENTS = "MESOS_AUTHENTICATE_AGENTS"

OF_FRAMEWORKS = (
    ("MESOS_AUTHENTICATE_FRAMEWORKS", "true"),
    ("MESOS_AUTHENTICATE_HTTP_FRAMEWORKS", "true"),
    ("MESOS_HTTP_FRAMEWORK_AUTHENTICATORS", "basic"),
)
"""By which masters demand a credential of frameworks: of such as Marathon, and of those that come by HTTP."""

DEMANDS = ((OF_AGENTS, "true"), *OF_FRAMEWORKS, *OF_VISITORS)
"""What masters demand with `security=strict`."""

ADDRESS = "MESOS_ZK"
"""The variable of a master's zk:// address, which may name a file with it."""

TRUE, HOOKED = "/bin/true", "true.env"
"""A start hook that does nothing, and the file that Marathon's launcher then reads in its own directory."""

FILES = {
    "zookeeper": ("jaas.conf",),
    "mesos_master": ("credentials.json", "zk"),
    "marathon": ("secret", HOOKED),
    "mesos_agent": ("credential.json", "visitors.json"),
}
"""What the files of secrets of each role are called, in its directory."""

SHOWS = "--mesos_authentication"
"""The argument by which a Marathon shows its principal to masters."""


Pairs = tuple[tuple[str, str], ...]
"""Variables, each with its value."""

ZOOKEEPERS_USER = "1000"
"""Whom the image has ZooKeeper run as (its Dockerfile); root reads everything anyway."""


@dataclass(frozen=True)
class Kept:
    """What a member's host and container have for its secrets; nothing while the cluster is open."""

    items: tuple[Item, ...]
    files: tuple[File, ...] = ()
    environment: Pairs = ()
    arguments: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()


def masters(cluster: Cluster, container: str) -> Kept:
    """Give what a master has, whose container is called so.

    Its zk:// address stands in a file, too: there is the password of the masters' tree in it.
    """
    known, (place, address_place) = cluster.credentials, paths("mesos_master")
    url = zookeeper_url(cluster, cluster.settings.mesos_zk_path, TREES_OWNER)
    text, address = (known.masters, Secret(known.put_into(url))) if known else (None, None)
    all_of_them = File(Id.MASTER_RUN, place, f"{MASTERS_FILE}\n", container, text)
    trees = File(Id.MASTER_RUN, address_place, f"{url}\n", container, address)
    variables = ((MASTERS, all_of_them.path), (ADDRESS, f"file://{trees.path}"))
    return _kept((all_of_them, trees), variables + DEMANDS * is_strict(cluster))


def agents(cluster: Cluster, container: str) -> Kept:
    """Give what an agent has, whose container is called so."""
    known, (place, visitors_place) = cluster.credentials, paths("mesos_agent")
    text, who = (known.agents, known.visitors) if known else (None, None)
    own = File(Id.AGENT_RUN, place, f"{AGENTS_FILE}\n", container, text)
    strict = who if is_strict(cluster) else None
    visitors = File(Id.AGENT_RUN, visitors_place, f"{VISITORS_FILE}\n", container, strict)
    variables = ((AGENTS, own.path), *((VISITORS, visitors.path), *OF_VISITORS) * is_strict(cluster))
    return _kept((own, visitors), variables)


def marathons(cluster: Cluster, container: str) -> Kept:
    """Give what a Marathon has, whose container is called so.

    A line's end would be part of its secret. Its password for others is told it by the file that its launcher
    reads behind a start hook (HOOK_MARATHON_START), as an argument is seen by ps and a variable by docker.
    """
    known, (place, door_place) = cluster.credentials, paths("marathon")
    text, principal = (known.marathons, known.of["marathon"].principal) if known else (None, "")
    own = File(Id.MARATHON_RUN, place, MARATHONS_FILE, container, text)
    login = f"export MESOSPHERE_HTTP_CREDENTIALS='{OPERATORS_LOGIN}'"
    strict = Secret(known.put_into(login)) if known and is_strict(cluster) else None
    door = File(Id.MARATHON_RUN, door_place, f"{login}\n", container, strict)
    arguments = (SHOWS, f"{SHOWS}_principal", principal, f"{SHOWS}_secret_file", own.path)
    kept = _kept((own, door), ((HOOK, TRUE),) * is_strict(cluster), arguments)
    mount = Mount(door.path, f"/marathon/{HOOKED}", read_only=True)
    return replace(kept, mounts=kept.mounts + (mount,) * is_strict(cluster))


def is_strict(cluster: Cluster) -> bool:
    """Tell whether masters and agents of this cluster are to demand credentials."""
    return cluster.settings.security == "strict"


def members(cluster: Cluster, container: str, proving: int) -> Kept:
    """Give what a ZooKeeper has whose members are `proving` so far who they are; it has no variable.

    Its user may read the file alone, which is mounted without its closed directory. On the way back to an
    open cluster nobody knows what stands there: it stays.
    """
    text = cluster.credentials.members if cluster.credentials else None
    (path,), words = paths("zookeeper"), f"{MEMBERS_FILE}\n"
    file = File(Id.ZOOKEEPER_RUN, path, words, container, text, owner=ZOOKEEPERS_USER)
    if not proving:
        return Kept((Unsealed(file.step, file.generations),))
    items: tuple[Item, ...] = (_directory(file), file)
    if cluster.settings.security == "open":
        items, file = (), replace(file, kept=True)
    return Kept(items, (file,), mounts=(Mount(path, path, read_only=True),))


def _kept(files: tuple[File, ...], variables: Pairs = (), arguments: tuple[str, ...] = ()) -> Kept:
    """Give what has these files, all in one directory; those of which there is no text are to go."""
    there = tuple(file for file in files if file.sealed is not None)
    gone = tuple(path for file in files if file.sealed is None for path in file.generations)
    left = (Unsealed(files[0].step, gone),) if gone else ()
    if not there:
        return Kept(left)
    place = _directory(files[0])
    mount = Mount(place.paths[0], place.paths[0], read_only=True)
    return Kept((place, *there, *left), there, variables, arguments, (mount,))


def _directory(file: File) -> Directories:
    place = file.path.rpartition("/")[0]
    return Directories(file.step, (place,), roots=(place,), mode=SEALED_DIRECTORY_MODE)


def home(role: str) -> str:
    """Give the directory of a role's secrets."""
    return f"{HOME}/{role}"


def paths(role: str) -> tuple[str, ...]:
    """Give where the files of a role's secrets are."""
    return tuple(f"{home(role)}/{name}" for name in FILES[role])
