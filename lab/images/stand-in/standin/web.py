"""Answering over HTTP by Tornado: what handlers return, with an end and without."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import unquote

from tornado.http1connection import HTTP1Connection
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPServerRequest, ResponseStartLine, format_timestamp
from tornado.iostream import StreamClosedError

from .process import spawn
from .wire import compact, record

Request = HTTPServerRequest
JSON = {"Content-Type": "application/json"}
TEXT = {"Content-Type": "text/plain; charset=utf-8"}
_log = logging.getLogger("standin")


class Answer(Protocol):
    """What a handler gives: a response, a stream, or somebody else's answer."""

    async def send(self, request: Request) -> None:
        """Send it to who asked."""
        ...


@dataclass
class Response:
    """An answer with an end."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    async def send(self, request: Request) -> None:
        """Send it to who asked."""
        headers = {**self.headers, "Content-Length": str(len(self.body))}
        await begin(request, self.status, headers, self.body)
        connection_of(request).finish()


class Stream:
    """An answer without an end: events as they come, until either side closes."""

    def __init__(
        self,
        closed: Callable[[Stream], None],
        headers: dict[str, str] | None = None,
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
        connection = connection_of(request)
        connection.set_close_callback(self.close)
        try:
            await begin(request, 200, self.headers)
            while (event := await self._events.get()) is not None:
                await connection.write(self._encode(event))
            connection.finish()
        finally:
            self._closed(self)


def connection_of(request: Request) -> HTTP1Connection:
    """Return where a request came from; what follows an answer's head is written to it."""
    assert isinstance(request.connection, HTTP1Connection)
    return request.connection


async def begin(request: Request, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
    """Send the head of an answer, and what there is of its body."""
    line = ResponseStartLine("HTTP/1.1", status, HTTPStatus(status).phrase)
    dated = HTTPHeaders({"Date": format_timestamp(time.time()), **headers})
    content = b"" if request.method == "HEAD" else body
    await connection_of(request).write_headers(line, dated, content)


def path(request: Request) -> str:
    """Return the path without the query, unquoted."""
    return unquote(request.path)


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer with JSON."""
    return Response(status, compact(value), {**JSON, **(headers or {})})


def error(status: int, text: str = "") -> Response:
    """Answer with a status and plain text."""
    return Response(status, text.encode(), dict(TEXT) if text else {})


Handler = Callable[[Request], Awaitable[Answer]]


def serve(handler: Handler, ip: str, port: int) -> HTTPServer:
    """Answer everybody who connects, from now on; return what can be stopped."""

    async def converse(request: Request) -> None:
        try:
            await (await handler(request)).send(request)
        except StreamClosedError:
            pass
        except Exception:
            _log.exception("%s %s", request.method, request.uri)
            connection_of(request).close()

    server = HTTPServer(lambda request: spawn(converse(request)))
    server.listen(port, ip)
    return server
