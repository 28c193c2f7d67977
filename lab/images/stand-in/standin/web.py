"""Answering over HTTP by Tornado: with an end, or with a stream of events."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import unquote
from weakref import WeakSet

from tornado.http1connection import HTTP1Connection
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPServerRequest, ResponseStartLine, format_timestamp
from tornado.iostream import IOStream, StreamClosedError

from .process import spawn

Request = HTTPServerRequest
Headers = dict[str, str]
Record = dict[str, Any]
JSON = {"Content-Type": "application/json"}
TEXT = {"Content-Type": "text/plain; charset=utf-8"}


class Answer(Protocol):
    """What a handler gives: a response, a stream, or somebody else's answer."""

    async def send(self, request: Request) -> None:
        """Send it to who asked."""


@dataclass
class Response:
    """An answer with an end. If `chunked`, its length is not told beforehand."""

    status: int = 200
    body: bytes = b""
    headers: Headers = field(default_factory=dict)
    chunked: bool = False

    async def send(self, request: Request) -> None:
        """Send it to who asked."""
        sized = {} if self.chunked else {"Content-Length": str(len(self.body))}
        (await begin(request, self.status, {**self.headers, **sized}, self.body)).finish()


def compact(value: Any) -> bytes:
    """Return JSON without blanks."""
    return json.dumps(value, separators=(",", ":")).encode()


def answer(value: Any, status: int = 200, headers: Headers | None = None) -> Response:
    """Answer with JSON."""
    return Response(status, compact(value), {**JSON, **(headers or {})})


def error(status: int, text: str = "") -> Response:
    """Answer with a status and plain text."""
    return Response(status, text.encode(), {**TEXT} if text else {})


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
        self.headers = {**JSON, **(headers or {})}
        self._events: asyncio.Queue[Any] = asyncio.Queue()

    def put(self, event: Any) -> None:
        """Have an event sent."""
        self._events.put_nowait(event)

    def close(self) -> None:
        """End the stream once everything before is sent."""
        self._events.put_nowait(None)

    async def send(self, request: Request) -> None:
        """Send what comes; whoever made the stream is told when it has ended, whoever ended it."""
        try:
            connection = await begin(request, 200, self.headers, left=self.close)
            while (event := await self._events.get()) is not None:
                await connection.write(self._encode(event))
            connection.finish()
        finally:
            self._closed(self)


async def begin(
    request: Request, status: int, headers: Headers, body: bytes = b"", left: Callable[[], None] | None = None
) -> HTTP1Connection:
    """Send an answer's head and body; return where more goes. `left` is called if its reader leaves."""
    connection = request.connection
    assert isinstance(connection, HTTP1Connection)
    connection.set_close_callback(left)
    line = ResponseStartLine("HTTP/1.1", status, HTTPStatus(status).phrase)
    dated = HTTPHeaders({"Date": format_timestamp(time.time()), **headers})
    await connection.write_headers(line, dated, b"" if request.method == "HEAD" else body)
    return connection


class Server(HTTPServer):
    """A port, and the connections of all who came in by it."""

    def initialize(self, *arguments: Any, **options: Any) -> None:
        """Begin without connections; Tornado calls this where others have __init__."""
        self._streams: WeakSet[IOStream] = WeakSet()
        super().initialize(*arguments, **options)

    def handle_stream(self, stream: IOStream, address: tuple[str, int]) -> None:
        """Take a connection."""
        self._streams.add(stream)
        super().handle_stream(stream, address)

    def hang_up(self) -> None:
        """Close the port and all connections, now."""
        self.stop()
        for stream in list(self._streams):
            stream.close()


Handler = Callable[[Request], Awaitable[Answer]]


def serve(handler: Handler, ip: str, port: int) -> Server:
    """Answer everybody who connects, from now on; return what can be stopped."""

    async def converse(request: Request) -> None:
        request.path = unquote(request.path)
        try:
            found = await handler(request)
        except Exception:
            logging.getLogger("standin").exception("%s %s", request.method, request.uri)
            found = error(500)
        with suppress(StreamClosedError):
            await found.send(request)

    server = Server(lambda request: spawn(converse(request)))
    server.listen(port, ip)
    return server
