"""What goes over the wire: JSON without blanks, and events in RecordIO."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

Record = dict[str, Any]


def compact(value: Any) -> bytes:
    """Return JSON without blanks."""
    return json.dumps(value, separators=(",", ":")).encode()


def record(event: Record) -> bytes:
    """Write an event in RecordIO."""
    data = compact(event)
    return b"%d\n%s" % (len(data), data)


async def records(pieces: AsyncIterator[bytes]) -> AsyncIterator[Record]:
    """Take RecordIO apart: a length in decimal, a newline, so many bytes of JSON."""
    buffer = b""
    async for piece in pieces:
        buffer += piece
        while (end := buffer.find(b"\n")) >= 0 and len(buffer) >= (stop := end + 1 + int(buffer[:end])):
            data, buffer = buffer[end + 1 : stop], buffer[stop:]
            yield json.loads(data)
    if buffer:
        raise ConnectionError("the stream ended within a record")
