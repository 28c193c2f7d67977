"""Asking over HTTP by Tornado: for an answer as a whole, piece by piece, or as events."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, RequestStartLine
from tornado.iostream import IOStream, StreamClosedError
from tornado.tcpclient import TCPClient

from .web import JSON, Record, compact

Body = Record | bytes | None
_JSON = {**JSON, "Accept": "application/json"}
_ENDLESS = HTTP1ConnectionParameters(max_body_size=sys.maxsize)


class Reply(HTTPMessageDelegate):
    """An answer as it comes: its head, and its body piece by piece. What breaks off fails with OSError."""

    def __init__(self, address: str, connection: HTTP1Connection) -> None:
        self.status, self.headers = 0, HTTPHeaders()
        self._address = address
        self._parts: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.reading = asyncio.ensure_future(connection.read_response(self))
        self.reading.add_done_callback(lambda _: self._parts.put_nowait(None))

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> None:
        """Take the head from Tornado."""
        self.status, self.headers = start_line.code, headers
        self._parts.put_nowait(b"")

    def data_received(self, chunk: bytes) -> None:
        """Take a piece of the body from Tornado."""
        self._parts.put_nowait(chunk)

    async def part(self) -> bytes | None:
        """Return what comes next: b"" for the head, a piece of the body, None for the end."""
        part = await self._parts.get()
        try:
            if part is None and not await self.reading:
                raise ValueError("not HTTP")
        except (StreamClosedError, ValueError) as problem:
            raise ConnectionError(f"{self._address} broke off: {problem!r}") from None
        return part

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body."""
        while (piece := await self.part()) is not None:
            yield piece

    async def good(self) -> AsyncIterator[bytes]:
        """Yield the body of a 200; all else fails with OSError."""
        if self.status != 200:
            raise OSError(f"{self._address} answers {self.status}")
        async for piece in self.pieces():
            yield piece

    def events(self) -> AsyncIterator[Record]:
        """Yield the events of a subscription; a refusal fails with OSError."""
        return records(self.good())


@asynccontextmanager
async def ask(
    address: str,
    method: str,
    target: str,
    body: Body = None,
    headers: Mapping[str, str] | None = None,
    patience: float | None = None,
) -> AsyncIterator[Reply]:
    """Ask HOST:PORT, or the path of a unix socket. Fails with OSError, also if no head comes in time."""
    content, kind = (compact(body), _JSON) if isinstance(body, dict) else (body or b"", {})
    told = {"Host": "local" if address.startswith("/") else address, **kind, **(headers or {})}
    told |= {"Connection": "close", "Content-Length": str(len(content))}
    stream = await asyncio.wait_for(_connect(address), 5)
    connection = HTTP1Connection(stream, True, _ENDLESS)
    connection.write_headers(RequestStartLine(method, target, "HTTP/1.1"), HTTPHeaders(told), content)
    connection.finish()
    reply = Reply(address, connection)
    try:
        await asyncio.wait_for(reply.part(), patience)
        yield reply
    finally:
        reply.reading.cancel()
        await asyncio.gather(reply.reading, return_exceptions=True)
        stream.close()


async def call(
    address: str,
    method: str,
    target: str,
    body: Body = None,
    timeout: float = 5,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    """Ask once; return status and body. Fails with OSError."""
    async with asyncio.timeout(timeout), ask(address, method, target, body, headers) as reply:
        return reply.status, b"".join([piece async for piece in reply.pieces()])


async def probe(protocol: str, host: str, port: int, path: str, timeout: float) -> str:
    """Ask a task whether it is well, over TCP or HTTP; the answer is what is wrong, or nothing."""
    try:
        if protocol == "TCP":
            (await asyncio.wait_for(_connect(f"{host}:{port}"), timeout)).close()
            return ""
        status, _ = await call(f"{host}:{port}", "GET", path, timeout=timeout)
        return "" if 200 <= status < 400 else str(status)
    except OSError as problem:
        return f"{type(problem).__name__}: {problem}"


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


async def _connect(address: str) -> IOStream:
    try:
        if address.startswith("/"):
            return await IOStream(socket.socket(socket.AF_UNIX)).connect(address)
        host, _, port = address.rpartition(":")
        return await TCPClient().connect(host, int(port))
    except StreamClosedError as error:
        raise error.real_error or error from None
