"""What a member that does not run still holds: its epoch, and the last transaction of its newest log.

A log is a header, then for each transaction its checksum (8 bytes), its length (4), that many bytes, of which
the 13th to the 20th are its zxid, and a B (FileTxnLog.java, in 3.4 as in 3.8). Behind it are zeros, as the
file is made larger beforehand. So the end of what was written is read, where the zeros begin, and the last
piece of it whose checksum is right is the last transaction: what a power failure has torn ZooKeeper leaves
out, too.
"""

import re
import zlib
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass

from ...inventory.cluster import Node
from ..look.sections import script, split
from ..shell import quote
from .desired import data

END = 1 << 16
"""Bytes that are read of a log's end; a larger last transaction is not found."""

LINE = 512

PATIENCE = 20
"""Seconds for a host to find the end of a log."""

FRAME, HEADER = 12, 20
"""Bytes before a transaction, and the fewest that one has up to its zxid."""

NEWEST = re.compile(r"\blog\.([0-9a-f]{1,16})\b")


@dataclass(frozen=True)
class Ending:
    """The epoch that a member is in, and its last logged transaction; None where that was not to be read."""

    epoch: int | None = None
    last: int | None = None


def asking(node: Node, files: Iterable[str], boundary: str) -> str:
    """Give the script that asks a host how its member's data end, which are in these files."""
    body = f"part epoch; head -c 20 {quote(data(node) + '/currentEpoch')} 2>/dev/null"
    if logs := NEWEST.findall(" ".join(files)):
        log = quote(f"{data(node)}/log.{max(logs, key=lambda name: int(name, 16))}")
        # od tells equal lines once: none of the last three is far behind the last one that is not all zeros.
        body += f"""
part log
at=$(timeout {PATIENCE} od -A d -t x1 -w{LINE} {log} 2>/dev/null | tail -n 4 |
  sed -n '/^[0-9]/{{s/^0*\\([0-9]*\\).*/\\1/p;q}}')
from=$((${{at:-0}} + {3 * LINE} - {END})); [ $from -gt 0 ] || from=0
tail -c +$((from + 1)) {log} 2>/dev/null | head -c {END} | base64 -w0"""
    return script(boundary, "", body)


def read(output: str, boundary: str) -> Ending:
    """Read the answer. Raises Unreadable."""
    parts = split(output, boundary)
    epoch = re.fullmatch(r"[0-9]{1,10}", parts.get("epoch", "").strip())
    return Ending(int(epoch[0]) if epoch else None, _last(parts.get("log", "").strip()))


def _last(said: str) -> int | None:
    try:
        end = b64decode(said, validate=True)[-END:]
    except ValueError:
        return None
    found = (_transaction(end, at) for at in range(len(end) - FRAME - HEADER, -1, -1))
    return next((zxid for zxid in found if zxid is not None), None)


def _transaction(text: bytes, at: int) -> int | None:
    """Give the zxid of the transaction that begins there; None if none does."""
    checksum, length = (int.from_bytes(text[at + n : at + m]) for n, m in ((0, 8), (8, FRAME)))
    body = text[at + FRAME : at + FRAME + length]
    end = at + FRAME + length
    if length < HEADER or text[end : end + 1] != b"B" or zlib.adler32(body) != checksum:
        return None
    return int.from_bytes(body[12:20])
