"""A picture of a tree that others write to meanwhile: as it was at one zxid, if it holds still for that long.

ZooKeeper's answers say how far the member was, and a node's stamp says when it was changed last. So a round
in which nothing was changed behind the zxid at which it began has seen the tree as it was just then; else
another round follows, which reads again what has changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ...look.rights import Right
from .tree import Stamp, Tree, Znode

ROUNDS = 20
"""How often a tree is gone through at most."""


@dataclass(frozen=True)
class PictureLimits:
    """How many nodes a picture may have, and how many bytes in them."""

    nodes: int = 200_000
    size: int = 256_000_000


LIMITS = PictureLimits()


class TooLarge(ValueError):
    """A tree that is beyond the limits; the text is a sentence."""


class Listed(NamedTuple):
    """What is below a node, how its stamp is, and whether it outlives the session that made it."""

    children: tuple[str, ...]
    stamp: Stamp
    lasting: bool


class Content(NamedTuple):
    """What is in a node, who may what, and the zxid that wrote it."""

    data: bytes
    acl: tuple[Right, ...]
    written: int


class Source(Protocol):
    """Where a tree is read; a node that is not there any more is told as None."""

    def zxid(self) -> int:
        """Give the last change that the member knew when it answered."""

    def listed(self, paths: Sequence[str]) -> Iterator[Listed | None]:
        """Give what is below these nodes."""

    def read(self, paths: Sequence[str]) -> Iterator[Content | None]:
        """Give what is in these nodes."""


@dataclass(frozen=True)
class Picture:
    """Lasting nodes as they were at a zxid; if the tree never `settled`, some of them are newer."""

    tree: Tree
    zxid: int
    settled: bool


@dataclass
class _Round:
    """One time through the tree. What comes from a member is counted as it comes, and may have any size."""

    source: Source
    known: Mapping[str, Znode]
    limits: PictureLimits
    since: int
    settled: bool = True
    count: int = 0
    size: int = 0

    def gone_through(self, roots: Sequence[str]) -> dict[str, Znode]:
        """Give all nodes, level by level."""
        found: dict[str, Znode] = {}
        level = [root for root, one in zip(roots, self.source.listed(roots), strict=True) if one]
        while level:
            lasting = self._lasting(level)
            found.update(self._nodes(lasting))
            level = [f"{path}/{name}" for path, one in lasting.items() for name in one.children]
        return found

    def _lasting(self, level: Sequence[str]) -> dict[str, Listed]:
        found = {}
        for path, one in zip(level, self.source.listed(level), strict=True):
            self.settled &= one is not None and max(one.stamp[:3]) <= self.since
            if one and one.lasting:
                self._count(len(one.children))
                found[path] = one
        return found

    def _nodes(self, lasting: Mapping[str, Listed]) -> Iterator[tuple[str, Znode]]:
        """Give these nodes; what is known and was not changed is not read again."""
        same = {
            p: self.known[p] for p, one in lasting.items() if p in self.known and _same(self.known[p], one)
        }
        for path, node in same.items():
            self._count(0, len(node.data))
            yield path, node
        unread = [path for path in lasting if path not in same]
        for path, content in zip(unread, self.source.read(unread), strict=True):
            self.settled &= content is not None and content.written <= self.since
            if content:
                self._count(0, len(content.data))
                yield path, Znode(content.data, content.acl, lasting[path].stamp)

    def _count(self, nodes: int, size: int = 0) -> None:
        self.count, self.size = self.count + nodes, self.size + size
        if self.count > self.limits.nodes:
            raise TooLarge(f"ZooKeeper has more than {self.limits.nodes} nodes there")
        if self.size > self.limits.size:
            raise TooLarge(f"ZooKeeper has more than {self.limits.size / 1e6:g} MB there")


def _same(node: Znode, listed: Listed) -> bool:
    return node.stamp == listed.stamp


def taken(
    source: Source, roots: Sequence[str], limits: PictureLimits = LIMITS, rounds: int = ROUNDS
) -> Picture:
    """Take a picture of what is at and below these roots. Raises TooLarge, and what the source raises."""
    found: Mapping[str, Znode] = {}
    for _ in range(rounds):
        one = _Round(source, found, limits, source.zxid())
        found = one.gone_through(roots)
        if one.settled:
            break
    return Picture(found, one.since, one.settled)
