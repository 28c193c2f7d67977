"""After an outage of all: what each member of ZooKeeper still has, and who may start when.

A write that was acknowledged is on a majority. So as long as a majority has its data, one of any majority of
those has every write, and ZooKeeper itself makes that one lead: by its epoch, then its last transaction. A
member without data votes, too: with one that lags it would be a majority that has lost writes, and whoever
had them would throw them away. So those without start last, one at a time, when the others serve.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...inventory.cluster import Cluster, Node
from ..look.sections import script, split
from ..membership import Seen
from ..shell import quote
from ..words import names, verb
from .desired import CONTAINER, data
from .listed import mode
from .members import has_data, newest_file, way_back
from .service import majority


@dataclass(frozen=True)
class Remains:
    """What is left of a member: the newest number in a name of its files, None if it has no data; its epoch.

    Its last transaction has that number or a later one of the same file; who leads compares epochs first.
    """

    node: Node
    newest: int | None
    epoch: int | None = None
    serves: bool = False
    runs: bool = False

    @property
    def rank(self) -> tuple[int, int]:
        """What members are compared by."""
        newest = self.newest or 0
        return (newest >> 32 if self.epoch is None else self.epoch), newest

    @property
    def broken(self) -> bool:
        """Tell whether it cannot start: its epoch is older than what it holds (QuorumPeer.java)."""
        return self.newest is not None and self.epoch is not None and self.epoch < self.newest >> 32


def asking(node: Node, boundary: str) -> str:
    """Give the script that asks a host for the epoch that its member is in."""
    return script(boundary, "", f"part epoch; head -c 20 {quote(data(node) + '/currentEpoch')} 2>/dev/null")


def read(output: str, boundary: str) -> int | None:
    """Read the answer; None if there is none. Raises Unreadable."""
    found = re.fullmatch(r"[0-9]{1,10}", split(output, boundary).get("epoch", "").strip())
    return int(found[0]) if found else None


def left(cluster: Cluster, seen: Seen, epochs: Mapping[str, int | None]) -> list[Remains]:
    """Say what is left of each member whose host was seen, the newest first."""
    there = [node for node in cluster.ensemble if node.name in seen]
    found = [_left(node, seen, epochs.get(node.name)) for node in there]
    return sorted(found, key=lambda one: (one.newest is not None, *one.rank), reverse=True)


def _left(node: Node, seen: Seen, epoch: int | None) -> Remains:
    own = seen[node.name]
    newest = newest_file(node, seen) if has_data(node, own) else None
    return Remains(node, newest, epoch, bool(mode(own)), own.container(CONTAINER).runs)


def told(members: Sequence[Remains]) -> Iterator[tuple[str, str]]:
    """Say of each member what it has."""
    best = max((one.rank for one in members if one.newest is not None), default=None)
    for one in members:
        if one.newest is None:
            yield one.node.name, "ZooKeeper: no data"
            continue
        epoch = "unknown" if one.epoch is None else one.epoch
        newest = ", the newest" if one.rank == best else ", older"
        yield one.node.name, f"ZooKeeper: epoch {epoch}, newest file from 0x{one.newest:x}{newest}"


def serves(cluster: Cluster, members: Sequence[Remains]) -> bool:
    """Tell whether enough of them serve."""
    return sum(one.serves for one in members) >= majority(cluster)


def refusal(cluster: Cluster, members: Sequence[Remains], seen: Seen) -> tuple[str, str]:
    """Say why no member may be started, and what helps; "" if some may."""
    if serves(cluster, members):
        return "", ""
    if broken := [one for one in members if one.broken]:
        one = broken[0]
        epoch = (one.newest or 0) >> 32
        why = f"{one.node.name}: its epoch {one.epoch} is older than its files, which are of epoch {epoch}"
        return f"{why}, and it does not start on these", (
            f"empty {data(one.node)} there, if enough others have data, and run this again"
        )
    holding, needed = [one for one in members if one.newest is not None], majority(cluster)
    if len(holding) >= needed:
        return "", ""
    unseen = [node.name for node in cluster.ensemble if node.name not in seen]
    have = (
        verb((one.node.name for one in holding), "has", "have") if holding else "no member that was seen has"
    )
    why = f"{have} data, and {needed} members must: others could form a majority that has lost writes"
    if unseen:
        return why, f"bring {names(unseen)} back, which may have data, and run this again"
    if not holding:
        return why, "`fab deploy-cluster` begins anew; then `fab restore` a backup"
    return why, way_back(cluster, seen)
