"""Lasting nodes of ZooKeeper's tree, as a backup keeps them: as a document, and read back."""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ...look.rights import Right

PATH = re.compile(r"(/(?!\.{1,2}(/|\Z))[^/\0]+)+")
"""A path that names one place: none of its parts is empty, `.` or `..`."""


class Unsound(ValueError):
    """What is no sound backup; the text says why, as a part of a sentence."""


OPEN = (Right(31, "world", "anyone"),)
"""The ACL of a node with which everybody may do everything."""


class Stamp(NamedTuple):
    """What changes with a node: the zxids that made it, wrote it last and last changed its children.

    And how often its data and its ACL were written.
    """

    made: int = 0
    written: int = 0
    children: int = 0
    version: int = 0
    acl_version: int = 0


@dataclass(frozen=True)
class Znode:
    """A node that outlives every session. Two are equal if one can stand for the other."""

    data: bytes = b""
    acl: tuple[Right, ...] = OPEN
    stamp: Stamp = field(default=Stamp(), compare=False)


Tree = Mapping[str, Znode]
"""Nodes by path."""


def below(path: str, root: str) -> bool:
    """Tell whether a path is a root or below it."""
    return path == root or path.startswith(f"{root}/")


def in_order(paths: Iterable[str]) -> list[str]:
    """Give paths so that each comes behind what it is below of."""
    return sorted(paths, key=lambda path: path.split("/"))


def document(tree: Tree) -> list[dict[str, object]]:
    """Give nodes as JSON."""
    return [
        {
            "path": path,
            "data": b64encode(tree[path].data).decode(),
            "acl": [list(right) for right in tree[path].acl],
            "stamp": list(tree[path].stamp),
        }
        for path in in_order(tree)
    ]


def read(found: Any, roots: Sequence[str]) -> dict[str, Znode]:
    """Read nodes, each below one of the roots and behind its parent. Raises Unsound."""
    if not isinstance(found, list) or not found:
        raise Unsound("it has no nodes")
    tree: dict[str, Znode] = {}
    for each in found:
        path = text(each["path"])
        if not PATH.fullmatch(path) or not any(below(path, root) for root in roots):
            raise Unsound(f"it has a node in a place that is not one of a backup's, {path[:200]!r}")
        if path not in roots and path.rpartition("/")[0] not in tree:
            raise Unsound(f"it has {path[:200]!r} without the node above")
        if path in tree:
            raise Unsound(f"it has {path[:200]!r} twice")
        tree[path] = _node(each)
    return tree


def _node(each: Any) -> Znode:
    rights = tuple(Right(number(one), text(scheme), text(id)) for one, scheme, id in each["acl"])
    return Znode(b64decode(each["data"], validate=True), rights, Stamp(*map(number, each["stamp"])))


def text(value: Any) -> str:
    """Give a text of JSON. Raises TypeError for what is none, ValueError for one that nobody can write."""
    if not isinstance(value, str):
        raise TypeError
    value.encode()  # half a surrogate pair is nothing that ZooKeeper could be told
    return value


def number(value: Any) -> int:
    """Give a whole number of JSON. Raises TypeError for what is none."""
    if not isinstance(value, int):
        raise TypeError
    return value
