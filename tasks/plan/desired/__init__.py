"""The vocabulary of "what a host should have": directories, files, images, containers.

A chapter of the runbook is a tuple of these, in the runbook's order. `step` is always the
runbook id of the line that asks for the thing.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TypeVar

from ...inventory.cluster import Cluster
from ...inventory.credentials import Secret
from ...inventory.doors import Door
from ..names import Id

DIGEST = "mesofab.digest"
"""The label by which a container is known to be ours; its value tells from which form it was made."""

PROFILE = "/etc/profile"
"""What every login shell reads."""

DIRECTORY_MODE = "755"
FILE_MODE = "644"
"""What is made is for everybody to read, whatever umask root has: services have users of their own."""

SEALED_DIRECTORY_MODE = "700"
SEALED_MODE = "400"
"""But for secrets: root alone reads those, and so does Mesos, which runs as root."""

ROOT = "0"
"""The user id of whom everything belongs to that root alone may change."""


@dataclass(frozen=True)
class ProfileLine:
    """The line in /etc/profile that gives people and their scripts HOST_IP."""

    step: Id
    address: str
    path: str = PROFILE


@dataclass(frozen=True)
class LoginCheck:
    """A login shell, which reads the file `path`, must say that HOST_IP is `address`."""

    step: Id
    address: str
    path: str = PROFILE


@dataclass(frozen=True)
class Firewall:
    """These doors must be closed to strangers; `allowed` are those beside the hosts who are none."""

    step: Id
    doors: tuple[Door, ...]
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Directories:
    """Directories that must exist; the owner of those that are not `roots` is the container's business.

    `data` is where the service keeps what makes it a member, in or below one of them. `roots`, some of them
    or above them, are those in which root makes files, and so nobody else may.
    """

    step: Id
    paths: tuple[str, ...]
    data: str = ""
    roots: tuple[str, ...] = ()
    mode: str = DIRECTORY_MODE

    @property
    def judged(self) -> dict[str, str]:
        """All of them whose rights are of concern, those above first, with the owner; "" if any will do."""
        return {path: ROOT if path in self.roots else "" for path in (*self.roots, *self.paths)}


@dataclass(frozen=True)
class File:
    """A file with exactly this text. `mounted_by` names the container that mounts it, if one does.

    One that is `sealed` holds that secret, is its `owner`'s alone, and `text` only says what stands there.
    One that is `kept` stays as it is, whatever stands there.
    """

    step: Id
    path: str
    text: str
    mounted_by: str | None = None
    sealed: Secret | None = field(default=None, compare=False, repr=False)
    owner: str = ROOT
    kept: bool = False

    @property
    def mode(self) -> str:
        """Its three octal digits."""
        return FILE_MODE if self.sealed is None else SEALED_MODE

    @property
    def name(self) -> str:
        """The last part of the path: what a person calls the file."""
        return self.path.rpartition("/")[2]

    @property
    def beside(self) -> str:
        """Where a new version waits for the restart that takes it in."""
        return self.path + ".next"

    @property
    def previous(self) -> str:
        """Where the version before it is kept until its successor has passed."""
        return self.path + ".prev"

    @property
    def generations(self) -> tuple[str, str, str]:
        """Where it stands, where its next version waits, and where the one before is kept."""
        return self.path, self.beside, self.previous


@dataclass(frozen=True)
class Unsealed:
    """No file of secrets stands at any of these paths, which are all in one directory, any more."""

    step: Id
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Identity:
    """A file that is written once in a host's life and never overwritten with another value.

    It stands in a directory that a service's user can write to.
    """

    step: Id
    path: str
    value: str
    remedy: str

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def beside(self) -> str:
        """Where it is made: one directory further up, which only root can write to."""
        return f"{self.path.rsplit('/', 2)[0]}/{self.name}.next"


@dataclass(frozen=True)
class Checkpoint:
    """What a Mesos agent keeps of itself below its work_dir: looked at, never made."""

    step: Id
    work_dir: str

    @property
    def latest(self) -> str:
        """Where it finds who it was; without that it is a new agent (slave/paths.cpp)."""
        return f"{self.work_dir}/meta/slaves/latest"

    @property
    def boots(self) -> tuple[str, str]:
        """The file with the boot in which the agent last began, and the one with the machine's now."""
        return f"{self.work_dir}/meta/boot_id", "/proc/sys/kernel/random/boot_id"


@dataclass(frozen=True)
class Image:
    """An image that the host's engine must hold.

    `client` is the docker client in it that talks to the engine, as an agent's does; "" if none does.
    """

    step: Id
    reference: str
    client: str = ""


@dataclass(frozen=True)
class Mount:
    """A host path that a container sees as `inside`.

    `kept` tells that it must be the same one for the container's whole life, as its data are there.
    """

    host: str
    inside: str
    kept: bool = False
    read_only: bool = False

    @property
    def bind(self) -> str:
        """How docker is told of it."""
        return f"{self.host}:{self.inside}" + (":ro" if self.read_only else "")


@dataclass(frozen=True)
class Container:
    """A container as it should run; always on the host's network, always restarted.

    `cluster` is the name of the cluster it belongs to. `entrypoint` replaces the image's own, and with
    it the image's default arguments. `files` are the mounted files, so that a change of one of them
    changes the digest; `ports` are those it listens on, which must be free before its first start.
    `log_size` and `log_files` bound what docker keeps of its output. `grace` are the seconds it has to
    end by itself when it is stopped. With `init`, docker-init is process 1 and the program is its child, so
    that the program's own signals end it. `adopts` names the container, made by
    hand, whose place it may take.
    """

    step: Id
    name: str
    role: str
    image: str
    environment: tuple[tuple[str, str], ...] = ()
    mounts: tuple[Mount, ...] = ()
    entrypoint: str | None = None
    arguments: tuple[str, ...] = ()
    privileged: bool = False
    host_pids: bool = False
    init: bool = False
    log_size: str = "50m"
    log_files: int = 5
    ports: tuple[int, ...] = ()
    files: tuple[File, ...] = ()
    cluster: str = "mesos"
    grace: int = 30
    adopts: str = ""

    @cached_property
    def digest(self) -> str:
        """The digest of the desired form, mounted files included: 16 hex digits.

        Variables and arguments are not in it: they may be secrets, which could be guessed from a digest, and
        a label is no secret. docker tells them, so they are compared themselves.
        """
        without = ("step", "ports", "grace", "environment", "arguments", "adopts")
        names = [field.name for field in fields(self) if field.name not in without]
        text = json.dumps({name: getattr(self, name) for name in names}, sort_keys=True, default=_form)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def labels(self) -> tuple[tuple[str, str], ...]:
        """What marks the container as ours and says from which form it was made."""
        ports = ",".join(str(port) for port in self.ports)
        return (
            ("mesofab.cluster", self.cluster),
            ("mesofab.role", self.role),
            ("mesofab.ports", ports),
            (DIGEST, self.digest),
        )


def _form(part: Mount | File) -> dict[str, object]:
    """Give what docker is told of a part: what we expect of a mount beside that is none of its form.

    Neither is a secret, which a label must not tell of, nor what is only said of a few: no container is
    replaced because another one may be mounted otherwise.
    """
    told = {each.name: getattr(part, each.name) for each in fields(part)}
    return {
        name: value
        for name, value in told.items()
        if name not in ("kept", "sealed", "owner") and value is not False
    }


Item = (
    ProfileLine
    | LoginCheck
    | Firewall
    | Directories
    | File
    | Unsealed
    | Identity
    | Checkpoint
    | Image
    | Container
)
"""Anything a host should have."""

Kind = TypeVar("Kind", bound=Item)


def of(kind: type[Kind], items: Iterable[Item]) -> list[Kind]:
    """Give the items of one kind."""
    return [item for item in items if isinstance(item, kind)]


def zookeeper_url(cluster: Cluster, path: str, owner: str = "") -> str:
    """Give the zk:// address of `path`, members by myid: `zk://a:2181,b:2181,c:2181/mesos`."""
    members = (f"{m.address}:{m.settings.zookeeper_client_port}" for m in cluster.ensemble)
    return f"zk://{owner and owner + '@'}{','.join(members)}{path}"
