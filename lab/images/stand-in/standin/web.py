"""HTTP/1.1 as much of it as is needed: a server, a client, and streams of events in RecordIO."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote

Headers = dict[str, str]
JSON = {"Content-Type": "application/json"}
TEXT = {"Content-Type": "text/plain; charset=utf-8"}
Record = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """What a client asked; the names of its headers are in lower case."""

    method: str
    target: str
    headers: Headers
    body: bytes
    client: str = ""

    @property
    def path(self) -> str:
        """Return the path without the query, unquoted."""
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> str:
        """Return the query as it came."""
        return self.target.partition("?")[2]

    @property
    def parameters(self) -> dict[str, str]:
        """Return what the query says."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


class Answer(Protocol):
    """What a handler gives: a response, a stream, or somebody else's answer."""

    async def send(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Send it; tell whether the connection can go on."""
        ...


@dataclass
class Response:
    """An answer with an end."""

    status: int = 200
    body: bytes = b""
    headers: Headers = field(default_factory=dict)

    async def send(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Send it; tell whether the connection can go on."""
        writer.write(head(self.status, {**self.headers, "Content-Length": str(len(self.body))}) + self.body)
        await writer.drain()
        return True


def record(event: Record) -> bytes:
    """Write an event in RecordIO."""
    data = compact(event)
    return b"%d\n%s" % (len(data), data)


class Stream:
    """An answer without an end: events as they come, until either side closes."""

    def __init__(
        self,
        closed: Callable[[Stream], None],
        headers: Headers | None = None,
        encode: Callable[[Any], bytes] = record,
    ) -> None:
        self._closed, self._encode = closed, encode
        self.headers = {"Transfer-Encoding": "chunked", **JSON, **(headers or {})}
        self._events: asyncio.Queue[Any] = asyncio.Queue()

    def put(self, event: Any) -> None:
        """Have an event sent."""
        self._events.put_nowait(event)

    def close(self) -> None:
        """End the stream once everything before is sent."""
        self._events.put_nowait(None)

    async def send(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Send what comes; whoever made the stream is told when it has ended, whoever ended it."""
        writer.write(head(200, self.headers))
        sending = asyncio.create_task(send_pieces(writer, self._pieces()))
        hearing = asyncio.create_task(reader.read())
        try:
            await asyncio.wait({sending, hearing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            hearing.cancel()
            await asyncio.gather(sending, hearing, return_exceptions=True)
            self._closed(self)
        return False

    async def _pieces(self) -> AsyncIterator[bytes]:
        while (event := await self._events.get()) is not None:
            yield self._encode(event)


async def send_pieces(writer: asyncio.StreamWriter, pieces: AsyncIterator[bytes]) -> None:
    """Send a body of unknown length in chunks."""
    async for piece in pieces:
        writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        await writer.drain()
    writer.write(b"0\r\n\r\n")
    await writer.drain()


def compact(value: Any) -> bytes:
    """Return JSON without blanks."""
    return json.dumps(value, separators=(",", ":")).encode()


def answer(value: Any, status: int = 200, headers: Headers | None = None) -> Response:
    """Answer with JSON."""
    return Response(status, compact(value), {**JSON, **(headers or {})})


def error(status: int, text: str = "") -> Response:
    """Answer with a status and plain text."""
    return Response(status, text.encode(), TEXT if text else {})


Handler = Callable[[Request], Awaitable[Answer]]


async def serve(handler: Handler, ip: str, port: int) -> None:
    """Answer everybody who connects, from now on."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = str(writer.get_extra_info("peername")[0])
        try:
            while request := await _read(reader, client):
                goes_on = await (await handler(request)).send(reader, writer)
                if not goes_on or request.headers.get("connection", "").lower() == "close":
                    break
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            writer.close()

    await asyncio.start_server(converse, ip, port, reuse_address=True)


@dataclass(frozen=True)
class Reply:
    """An answer as it comes: its head, and its body piece by piece."""

    status: int
    headers: Headers
    pieces: AsyncIterator[bytes]


@asynccontextmanager
async def ask(
    address: str,
    method: str,
    target: str,
    content: bytes = b"",
    headers: Headers | None = None,
    patience: float | None = None,
) -> AsyncIterator[Reply]:
    """Ask HOST:PORT, or the path of a unix socket. Fails with OSError, also if no head comes in time."""
    reader, writer = await asyncio.wait_for(_connect(address), 5)
    try:
        told = {"Host": "local" if address.startswith("/") else address, **(headers or {})}
        told |= {"Connection": "close", "Content-Length": str(len(content))}
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode() + content)
        await writer.drain()
        line, answered = await asyncio.wait_for(_headers(reader), patience)
        yield Reply(int(line.split()[1]), answered, _pieces(reader, answered))
    except (asyncio.IncompleteReadError, ValueError) as problem:
        raise ConnectionError(f"{address} broke off: {problem!r}") from None
    finally:
        writer.close()


async def call(
    address: str,
    method: str,
    target: str,
    body: Any = None,
    timeout: float = 5,
    headers: Headers | None = None,
) -> tuple[int, bytes]:
    """Ask once, with JSON; return status and body. Fails with OSError."""

    async def whole() -> tuple[int, bytes]:
        content, more = (b"", {}) if body is None else (compact(body), JSON)
        async with ask(address, method, target, content, {**more, **(headers or {})}) as reply:
            return reply.status, b"".join([piece async for piece in reply.pieces])

    return await asyncio.wait_for(whole(), timeout)


async def listen(
    address: str, method: str, target: str, body: Any = None, opened: Callable[[Headers], None] | None = None
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
    address: str, target: str, body: Any, opened: Callable[[Headers], None] | None = None
) -> AsyncGenerator[Record, None]:
    """Subscribe, and yield the events; ends or fails with OSError when the other side is gone."""
    async for event in records(listen(address, "POST", target, body, opened)):
        yield event


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


async def _pieces(reader: asyncio.StreamReader, headers: Headers) -> AsyncIterator[bytes]:
    """Yield a body piece by piece, however its end is marked."""
    if headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readuntil(b"\r\n"), 16):
            yield await reader.readexactly(size)
            await reader.readexactly(2)
    elif "content-length" in headers:
        yield await reader.readexactly(int(headers["content-length"]))
    else:
        while piece := await reader.read(65536):
            yield piece


async def _connect(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if address.startswith("/"):
        return await asyncio.open_unix_connection(address)
    host, _, port = address.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def _read(reader: asyncio.StreamReader, client: str) -> Request | None:
    try:
        line, headers = await _headers(reader)
    except asyncio.IncompleteReadError:
        return None
    method, target, version = line.split(" ")
    if version == "HTTP/1.0":
        headers["connection"] = "close"
    sized = "content-length" in headers or "transfer-encoding" in headers
    body = b"".join([piece async for piece in _pieces(reader, headers)]) if sized else b""
    return Request(method, target, headers, body, client)


async def _headers(reader: asyncio.StreamReader) -> tuple[str, Headers]:
    line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers: Headers = {}
    for name, _, value in (header.partition(":") for header in rest if header):
        known = headers.get(name.lower())
        headers[name.lower()] = f"{known}, {value.strip()}" if known else value.strip()
    return line, headers


def head(status: int, headers: Headers) -> bytes:
    """Write the head of an answer."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"Date: {formatdate(usegmt=True)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
