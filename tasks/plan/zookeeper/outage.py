"""After an outage of all: what each member of ZooKeeper still has, and who may start when.

A write that was acknowledged is on a majority. So as long as a majority has its data, one of any majority of
those has every write, and ZooKeeper itself makes that one lead: by its epoch, then its last transaction. A
member without data votes, too: with one that lags it would be a majority that has lost writes, and whoever
had them would throw them away. So those without start last, one at a time, when the others serve.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...inventory.cluster import Cluster, Node
from ..look.observed import Observed
from ..membership import Seen
from ..words import names, verb
from .desired import CONTAINER, data
from .endings import NEWEST, Ending
from .listed import mode
from .members import has_data, newest_file, way_back
from .service import majority


@dataclass(frozen=True)
class Remains:
    """What is left of a member: the newest number in a name of its files, None if it has no data; its epoch.

    Its last transaction has that number or a later one of the same file. `last` is None if nobody is compared
    by that, as it could not be read of everybody; of this one it is `unread`.
    """

    node: Node
    newest: int | None
    epoch: int | None = None
    last: int | None = None
    unread: bool = False
    serves: bool = False
    runs: bool = False

    @property
    def rank(self) -> tuple[int, int]:
        """What members are compared by: ZooKeeper does so, too, by the epoch and the last transaction."""
        return (self.end >> 32 if self.epoch is None else self.epoch), self.end

    @property
    def end(self) -> int:
        """The last transaction, as far as that is known; 0 without data."""
        return (self.newest or 0) if self.last is None else self.last

    @property
    def broken(self) -> bool:
        """Tell whether it cannot start: its epoch is older than what it holds (QuorumPeer.java)."""
        return self.newest is not None and self.epoch is not None and self.epoch < self.end >> 32


def left(cluster: Cluster, seen: Seen, endings: Mapping[str, Ending]) -> list[Remains]:
    """Say what is left of each member whose host was seen, the newest first."""
    there = [node for node in cluster.ensemble if node.name in seen]
    found = [_left(node, seen, endings.get(node.name, Ending())) for node in there]
    if any(one.unread for one in found):
        found = [replace(one, last=None) for one in found]
    return sorted(found, key=lambda one: (one.newest is not None, *one.rank), reverse=True)


def _left(node: Node, seen: Seen, ending: Ending) -> Remains:
    own = seen[node.name]
    newest = newest_file(node, seen) if has_data(node, own) else None
    last = newest  # of one that has a snapshot alone
    if newest is not None and NEWEST.search(" ".join(files(node, own))):
        last = None if ending.last is None else max(newest, ending.last)
    unread = newest is not None and last is None
    return Remains(node, newest, ending.epoch, last, unread, bool(mode(own)), own.container(CONTAINER).runs)


def files(node: Node, seen: Observed) -> tuple[str, ...]:
    """Give the names of a member's files."""
    return seen.holdings.get(data(node), ())


def told(members: Sequence[Remains]) -> Iterator[tuple[str, str]]:
    """Say of each member what it has."""
    best = max((one.rank for one in members if one.newest is not None), default=None)
    for one in members:
        if one.newest is None:
            yield one.node.name, "ZooKeeper: no data"
            continue
        epoch = "unknown" if one.epoch is None else one.epoch
        what = "newest file from" if one.last is None else "last transaction"
        but = " (its last transaction could not be read)" if one.unread else ""
        newest = "the newest" if one.rank == best else "older"
        yield one.node.name, f"ZooKeeper: epoch {epoch}, {what} 0x{one.end:x}{but}, {newest}"


def serves(cluster: Cluster, members: Sequence[Remains]) -> bool:
    """Tell whether enough of them serve."""
    return sum(one.serves for one in members) >= majority(cluster)


def refusal(cluster: Cluster, members: Sequence[Remains], seen: Seen) -> tuple[str, str]:
    """Say why no member may be started, and what helps; "" if some may."""
    if serves(cluster, members):
        return "", ""
    if broken := [one for one in members if one.broken]:
        one = broken[0]
        epoch = one.end >> 32
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
