"""A backup is made: hosts are looked at, ZooKeeper's tree and services are read; nothing is changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from .. import inventory
from ..errors import BadInput, Blocked, NoTree, OperatorError
from ..inventory.cluster import Node
from ..plan import http
from ..plan.look.observed import Observed
from ..plan.runbook import CHAPTERS, MARATHON, MESOS_MASTER, ZOOKEEPER
from ..plan.words import grouped
from ..plan.zookeeper.backup import archive, beside, picture, restoring
from ..plan.zookeeper.backup.archive import Backup
from ..plan.zookeeper.backup.picture import Picture, TooLarge
from ..version import VERSION
from . import archive as archives
from . import gates, moments
from .files import put
from .hosts import Hosts, Inquiry

FILES, SIZE, NAME = 100, 1_000_000, 80
"""How many files of the inventory are kept, of how many bytes, and how long their names are."""

FORWARD = "It is asked through the SSH connection: sshd must allow to forward, and ZooKeeper must serve."


@dataclass(frozen=True)
class Made:
    """A backup that was written: to which file, of how many bytes, with what beside the tree."""

    file: Path
    size: int
    backup: Backup
    others: Mapping[str, bytes]


def make(hosts: Hosts, directory: str) -> Made:
    """Make a backup and write it to a directory, for its owner alone.

    Raises BadInput, Blocked or Unreachable.
    """
    seen, lost = hosts.look(CHAPTERS)
    taken = _picture(hosts, hosts.first([n for n in hosts.nodes if ZOOKEEPER.concerns(n)] or hosts.nodes))
    answers, left_out = _asked(hosts, seen)
    files = {f"inventory/{name}": data for name, data in _inventory().items()}
    others = {"hosts.json": beside.hosts(hosts.cluster, seen), **answers, **files}
    left_out += [f"Not in the backup: what runs there. {line}" for line in _told(lost)]
    return _written(hosts, Path(directory), taken, others, left_out)


def _told(lost: Mapping[str, OperatorError]) -> list[str]:
    return grouped((name, error.text) for name, error in lost.items())


def _picture(hosts: Hosts, vantage: Node) -> Picture:
    """Take the picture of the tree, as a host reaches it."""
    roots = restoring.roots(hosts.cluster)
    try:
        with hosts.console.looking(vantage.name, "read ZooKeeper's tree"), hosts.tree(vantage) as tree:
            taken = picture.taken(tree, list(roots))
    except NoTree as error:
        raise Blocked(f"ZooKeeper's tree cannot be read: {error}", FORWARD, vantage.name) from error
    except TooLarge as error:
        raise Blocked(f"{error}, which is more than a backup can hold", host=vantage.name) from error
    if f"{roots.marathon}/state" not in taken.tree:
        raise Blocked(
            f"ZooKeeper has nothing below {roots.marathon}/state: Marathon never led, or its state was lost",
            "Nothing was written. Keep the backups that you have.",
            vantage.name,
        )
    return taken


def _asked(hosts: Hosts, seen: Mapping[str, Observed]) -> tuple[dict[str, bytes], list[str]]:
    """Ask the leaders what people want to read of their services; what they do not tell is left out."""
    there = hosts.among(seen)
    services = [each for each in (MARATHON, MESOS_MASTER) if there.members(each)]
    try:
        standings = gates.standings_now(there, services)
        asked = beside.questions(hosts.cluster, {name: one.leader for name, one in standings.items()})
        return beside.answers(_answers(there, asked) if asked else {})
    except OperatorError:  # whoever asks was lost just now
        return beside.answers({})


def _answers(hosts: Hosts, asked: beside.Asked) -> Mapping[str, http.Answer]:
    """Have one of the hosts ask that takes part, as no other need reach the services."""
    vantage = next(node for node in hosts.nodes if {"marathon", "mesos_master"} & {*node.roles})
    inquiry = Inquiry.of(
        "ask the leaders",
        lambda mark: beside.script(asked, mark),
        lambda text, mark: beside.read(text, mark, asked),
    )
    return hosts.inquire(vantage, inquiry)


def _inventory() -> dict[str, bytes]:
    """Give the files of the inventory: itself, and the variables beside it that Ansible reads."""
    own = inventory.path()
    above = own if own.is_dir() else own.parent
    places = [own] if own.is_dir() else [own, above / "group_vars", above / "host_vars"]
    found = [file for place in places for file in (sorted(place.rglob("*")) if place.is_dir() else [place])]
    try:
        files = {str(file.relative_to(above)): file for file in found if file.is_file()}
        if len(files) > FILES or not all(_fits(name, file) for name, file in files.items()):
            raise BadInput(
                f"{own}: a backup keeps up to {FILES} files of an inventory, each of up to {SIZE} bytes, "
                f"with a name of up to {NAME}"
            )
        return {name: file.read_bytes() for name, file in files.items()}
    except OSError as error:
        raise BadInput(f"{error.filename}: {error.strerror}") from None


def _fits(name: str, file: Path) -> bool:
    return name.isprintable() and len(name.encode()) <= NAME and file.stat().st_size <= SIZE


def _written(
    hosts: Hosts, directory: Path, taken: Picture, others: Mapping[str, bytes], left_out: list[str]
) -> Made:
    now = datetime.now(UTC)
    cluster = hosts.cluster
    backup = Backup(
        made=moments.written(now),
        version=VERSION,
        cluster=cluster.settings.cluster_name,
        roots=restoring.roots(cluster),
        zxid=taken.zxid,
        settled=taken.settled,
        marathon=beside.marathon(others),
        left_out=tuple(left_out),
        tree=taken.tree,
    )
    data = archives.pack(archive.files(backup, others))
    file = directory / f"backup-{backup.cluster}-{now:%Y%m%dT%H%M%SZ}.tar.gz"
    try:
        put(file, data)
    except OSError as error:
        raise BadInput(f"--out {directory}: {error.strerror}") from None
    return Made(file, len(data), backup, others)
