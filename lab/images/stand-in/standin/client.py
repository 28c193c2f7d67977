"""Asking over HTTP by Tornado: for an answer as a whole, piece by piece, or as events."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, RequestStartLine
from tornado.iostream import IOStream, StreamClosedError
from tornado.tcpclient import TCPClient

from .web import JSON
from .wire import Record, compact, records

_ENDLESS = HTTP1ConnectionParameters(max_body_size=sys.maxsize)


@dataclass(frozen=True)
class Reply:
    """An answer as it comes: its head, and its body piece by piece."""

    status: int
    headers: HTTPHeaders
    pieces: AsyncIterator[bytes]


class _Incoming(HTTPMessageDelegate):
    """Takes an answer from Tornado, and gives its parts to who waits for them."""

    def __init__(self, connection: HTTP1Connection, address: str) -> None:
        self._address = address
        self._parts: asyncio.Queue[Any] = asyncio.Queue()
        self.reading = asyncio.create_task(self._read(connection))

    async def _read(self, connection: HTTP1Connection) -> bool:
        try:
            return await connection.read_response(self)
        finally:
            self._parts.put_nowait(None)

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> None:
        """Take the head."""
        self._parts.put_nowait((start_line.code, headers))

    def data_received(self, chunk: bytes) -> None:
        """Take a piece of the body."""
        self._parts.put_nowait(chunk)

    async def part(self) -> Any:
        """Return the next part, None after the last. Fails with OSError if it broke off before."""
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


@asynccontextmanager
async def ask(
    address: str,
    method: str,
    target: str,
    content: bytes = b"",
    headers: Mapping[str, str] | None = None,
    patience: float | None = None,
) -> AsyncIterator[Reply]:
    """Ask HOST:PORT, or the path of a unix socket. Fails with OSError, also if no head comes in time."""
    stream = await asyncio.wait_for(_connect(address), 5)
    connection = HTTP1Connection(stream, True, _ENDLESS)
    told = {"Host": "local" if address.startswith("/") else address, **(headers or {})}
    told |= {"Connection": "close", "Content-Length": str(len(content))}
    connection.write_headers(RequestStartLine(method, target, "HTTP/1.1"), HTTPHeaders(told), content)
    connection.finish()
    incoming = _Incoming(connection, address)
    try:
        status, answered = await asyncio.wait_for(incoming.part(), patience)
        yield Reply(status, answered, incoming.pieces())
    finally:
        incoming.reading.cancel()
        stream.close()


async def call(
    address: str,
    method: str,
    target: str,
    body: Any = None,
    timeout: float = 5,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    """Ask once, with JSON; return status and body. Fails with OSError."""

    async def whole() -> tuple[int, bytes]:
        content, more = (b"", {}) if body is None else (compact(body), JSON)
        async with ask(address, method, target, content, {**more, **(headers or {})}) as reply:
            return reply.status, b"".join([piece async for piece in reply.pieces])

    return await asyncio.wait_for(whole(), timeout)


async def listen(
    address: str,
    method: str,
    target: str,
    body: Any = None,
    opened: Callable[[HTTPHeaders], None] | None = None,
) -> AsyncIterator[bytes]:
    """Ask, and yield the answer's body as it comes. Fails with OSError, also on a refusal."""
    content, headers = (b"", {}) if body is None else (compact(body), {**JSON, "Accept": "application/json"})
    async with ask(address, method, target, content, headers) as reply:
        if reply.status != 200:
            raise OSError(f"{address} answers {reply.status}")
        if opened:
            opened(reply.headers)
        async for piece in reply.pieces:
            yield piece


async def events(
    address: str, target: str, body: Any, opened: Callable[[HTTPHeaders], None] | None = None
) -> AsyncGenerator[Record, None]:
    """Subscribe, and yield the events; ends or fails with OSError when the other side is gone."""
    async for event in records(listen(address, "POST", target, body, opened)):
        yield event


async def probe(protocol: str, host: str, port: int, path: str, timeout: float) -> str:
    """Ask a task whether it is well, over TCP or HTTP; the answer is what is wrong, or nothing."""
    try:
        if protocol == "TCP":
            _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), timeout)
            writer.close()
            return ""
        status, _ = await call(f"{host}:{port}", "GET", path, timeout=timeout)
        return "" if 200 <= status < 400 else str(status)
    except OSError as problem:
        return f"{type(problem).__name__}: {problem}"


async def _connect(address: str) -> IOStream:
    try:
        if address.startswith("/"):
            return await IOStream(socket.socket(socket.AF_UNIX)).connect(address)
        host, _, port = address.rpartition(":")
        return await TCPClient().connect(host, int(port))
    except StreamClosedError as error:
        raise error.real_error or error from None
