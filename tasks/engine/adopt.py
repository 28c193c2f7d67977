"""Look for members that somebody runs by hand, and write the settings that keep them as they are."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import BadInput, Blocked, OperatorError
from ..inventory import parse, path
from ..inventory.cluster import Cluster
from ..inventory.edits import Change, Set, applied
from ..inventory.written import written
from ..plan.adopt import told
from ..plan.adopt.adoption import Adoption, adopt
from ..plan.adopt.look import Machine, asking, read
from ..plan.words import grouped
from . import fanout
from .files import put
from .hosts import Hosts, Inquiry

BEFORE = ".before-adopt"
"""How the name of the inventory ends as it was before."""


@dataclass(frozen=True)
class Surveyed:
    """What a look has shown, and which hosts could not be looked at."""

    adoption: Adoption
    ours: dict[str, frozenset[str]]
    lost: dict[str, OperatorError]


def look(hosts: Hosts) -> Surveyed:
    """Look at every host, one command each, and decide; nothing is changed."""
    with hosts.console.spent.part("looking"):
        machines, lost = fanout.attempt(
            hosts.nodes, lambda node: hosts.inquire(node, _inquiry()), hosts.cluster.settings.parallel
        )
    ours = {name: each.ours for name, each in machines.items()}
    return Surveyed(adopt(hosts.cluster, machines), ours, lost)


def _inquiry() -> Inquiry[Machine]:
    return Inquiry.of("look", asking, read)


def lines(cluster: Cluster, found: Surveyed) -> Iterator[str]:
    """Say what was found, what it costs, and which settings keep it."""
    adoption = found.adoption
    yield from told.takeovers(adoption)
    yield from told.absent(cluster, adoption, found.ours)
    yield from grouped(adoption.unkept)
    if not adoption.takeovers:
        yield told.nothing(cluster, len(found.ours))
        return
    yield from told.losses(adoption)
    if adoption.edits:
        yield f"Settings for {cluster.source}, with which all else stays as it is:"
        yield from told.settings(adoption.edits)


def refuse(found: Surveyed) -> None:
    """Raise what stands in the way: hosts that could not be looked at, or what a person must do first."""
    for error in found.lost.values():
        raise type(error)("\n".join(grouped((name, each.text) for name, each in found.lost.items())))
    if found.adoption.hindered:
        raise Blocked("\n".join([*grouped(found.adoption.hindered), "Do that first; then run again."]))


def next_step(cluster: Cluster, found: Surveyed, wrote: str) -> str:
    """Say what there is to do next."""
    drain = " --drain" if any(each.drain for each in found.adoption.takeovers) else ""
    deploy = f"`fab plan{drain}` says what a deploy does, `fab deploy-cluster{drain}` takes them over."
    if wrote:
        return f"{cluster.source} has these settings now; {wrote} is what it was. {deploy}"
    if found.adoption.edits:
        return f"Nothing was changed. `fab adopt --write` writes these settings into {cluster.source}."
    return f"Nothing was changed: {cluster.source} has all settings that it needs. {deploy}"


def write(cluster: Cluster, edits: tuple[Set, ...]) -> str:
    """Write settings into the inventory, and give the name of what it was; "" if there are none.

    Raises BadInput where that is no INI file of ours to write, or it would not mean what is wanted.
    """
    if not edits:
        return ""
    file = Path(os.path.realpath(path()))
    if cluster.raw is None or cluster.raw.places:
        raise BadInput(f"{cluster.source} is not a single INI file: set these settings there yourself")
    old = file.read_bytes().decode()
    new = written(old, edits)
    if not _means(new, cluster, edits):
        raise BadInput(f"{cluster.source} could not be written so that it means this: set it there yourself")
    kept = _free(file)
    _put(kept, old, file)
    _put(file, new, file)
    return kept.name


def _means(text: str, cluster: Cluster, edits: tuple[Set, ...]) -> bool:
    try:
        return parse.parse(text, cluster.source) == applied(cluster, Change(edits))
    except parse.InventoryError:
        return False


def _free(file: Path) -> Path:
    names = (file.with_name(f"{file.name}{BEFORE}{'' if n == 1 else f'.{n}'}") for n in range(1, 1000))
    return next(name for name in names if not os.path.lexists(name))


def _put(file: Path, text: str, like: Path) -> None:
    try:
        put(file, text.encode(), like)
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from None
