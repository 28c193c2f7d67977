"""The snapshot of nothing, for data of ZooKeeper 3.4 that are a log and no snapshot.

3.4 begins with an empty tree then and replays its log. 3.5 and later do not start: to them a snapshot seems
lost. One of an empty tree says what 3.4 takes for granted, so with it both come to the same data, and it may
be put there while 3.4 runs. It is what people who met ZOOKEEPER-3056 were told to do; `snapshot.trust.empty`
does not do, as a follower may write no snapshot with it, and 3.5.6 lost data.
"""

import re
import struct
import zlib
from collections.abc import Collection, Iterable

from ...inventory.cluster import Node
from ..desired import FILE_MODE
from ..names import Id
from ..shell import quote
from ..step import Action, Step
from .desired import data

NAME = "snapshot.0"
"""What it is called: the number is that of the last transaction in it, so any other one is newer."""

NODES = ("", "/zookeeper", "/zookeeper/quota")
"""What every tree has from its beginning, the root first (DataTree.java)."""

WHY = (
    "its data are a log alone, on which ZooKeeper 3.5 and later do not start; this one, of the empty tree, "
    "changes nothing of them"
)


def lacks(names: Collection[str]) -> bool:
    """Tell whether a directory with these names in it has a log, and no snapshot."""
    return begin(names) is not None and not any(name.startswith("snapshot.") for name in names)


def begin(names: Collection[str]) -> int | None:
    """Give the first transaction of a log, by which its first file is called; None if there is none."""
    found = (re.fullmatch(r"log\.([0-9a-f]{1,16})", name) for name in names)
    return min((int(each[1], 16) for each in found if each), default=None)


def is_whole(names: Collection[str], others: Iterable[Collection[str]]) -> bool:
    """Tell whether a log without a snapshot begins where all began, as far as names of files tell.

    It does so with the first write of an epoch, which the low half of the number counts (ZxidUtils.java), and
    no other member's begins before: who comes later has its leader's data transferred, as a snapshot.
    """
    first, earlier = begin(names), map(begin, others)
    return (
        first is not None
        and first & 0xFFFFFFFF == 1
        and all(each is None or each >= first for each in earlier)
    )


def step(node: Node) -> Step:
    """Give the step that puts it where a member keeps its data; the member may run."""
    home, beside = data(node), f"{node.settings.zookeeper_dir}/{NAME}.next"
    shell = (
        f"[ ! -L {quote(home)} ] || refuse {quote(_LINK.format(home))}\n"
        f"{{\n{_printed()}}} | stage {quote(beside)} {FILE_MODE}\n"
        f'chown "$(stat -c %u:%g {quote(home)})" {quote(beside)}\n'
        f"swap {quote(beside)} {quote(f'{home}/{NAME}')}\n"
    )
    return Step(Id.ZOOKEEPER_RUN, Action.WRITE, NAME, WHY, shell)


_LINK = "{0} is a link, and root writes through none that others may have made. Make it a directory"


def _printed() -> str:
    """Give the shell that prints it, a part on each line."""
    octal = ("".join(f"\\{byte:03o}" for byte in part) for part in _parts())
    return "".join(f"printf '{text}'\n" for text in octal)


def _parts() -> list[bytes]:
    """Give its parts (FileSnap.java, DataTree.java): head, no session, no ACL; nodes; end and checksum."""
    parts = [struct.pack(">4siqii", b"ZKSN", 2, -1, 0, 0), *map(_node, NODES), _text("/")]
    return [*parts, struct.pack(">q", zlib.adler32(b"".join(parts))) + _text("/")]


def _node(path: str) -> bytes:
    """Give a node without data, for everybody (ACL -1), in which nothing was ever counted or dated."""
    return _text(path) + struct.pack(">iq60x", 0, -1)


def _text(text: str) -> bytes:
    return struct.pack(">i", len(text)) + text.encode()
