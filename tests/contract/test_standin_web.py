"""How the stand-ins answer and ask over HTTP: what they need of Tornado, whichever version it is."""

# ruff: noqa: E402

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

# An image is rebuilt when a file in its directory is new: no bytecode there.
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lab/images/stand-in"))

from standin import client, web
from standin.web import Request, Response, Stream

SOON = 60
Work = Callable[[str], Awaitable[None]]
RAW = {
    "nothing": b"",
    "half a head": b"HTTP/1.1 200",
    "no HTTP": b"hello\r\n\r\n",
    "half a body": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
    "half a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
    "no chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nwhat\r\n",
}


def over(handler: web.Handler, work: Work) -> None:
    """Do some work while a server answers."""

    async def both() -> None:
        port = free_port()
        server = web.serve(handler, "127.0.0.1", port)
        try:
            await asyncio.wait_for(work(f"127.0.0.1:{port}"), SOON)
        finally:
            server.stop()

    asyncio.run(both())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def echo(request: Request) -> Response:
    if request.path == "/fail":
        raise LookupError("as it had to come")
    return web.answer({"path": request.path, "body": request.body.decode()})


def speaker(text: bytes) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Make a server that says this to whoever asks, and hangs up."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text)
        writer.close()

    return speak


class Streams:
    """A handler that gives out one stream, and what became of it."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.stream = Stream(lambda stream: self.ended.set(), {"X-Name": "one"})

    async def __call__(self, request: Request) -> Stream:
        return self.stream


def test_a_call_has_its_answer() -> None:
    async def work(address: str) -> None:
        status, body = await client.call(address, "POST", "/registrar(1)/a%20b?c=d", {"e": 1})
        assert (status, body) == (200, web.compact({"path": "/registrar(1)/a b", "body": '{"e":1}'}))

    over(echo, work)


def test_a_connection_is_kept_and_an_answer_to_head_has_no_body() -> None:
    async def work(address: str) -> None:
        host, _, port = address.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        for method in ("HEAD", "GET"):
            writer.write(f"{method} / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        body = web.compact({"path": "/", "body": ""})
        head, again = [await reader.readuntil(b"\r\n\r\n") for _ in range(2)]
        assert head.startswith(b"HTTP/1.1 200 OK\r\n") and again.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"\r\nContent-Length: %d\r\n" % len(body) in head
        assert await reader.readexactly(len(body)) == body
        writer.close()

    over(echo, work)


def test_http_1_0_ends_with_its_connection() -> None:
    """As a gate asks, and as the tasks of the acceptance suite answer."""

    async def work(address: str) -> None:
        host, _, port = address.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n") and body == web.compact({"path": "/", "body": ""})
        writer.close()
        async with await asyncio.start_server(
            speaker(b"HTTP/1.0 200 OK\r\n\r\nbody"), host, own := free_port()
        ):
            assert await client.call(f"{host}:{own}", "GET", "/") == (200, b"body")

    over(echo, work)


def test_a_handler_that_fails_is_a_servers_error() -> None:
    async def work(address: str) -> None:
        assert [(await client.call(address, "GET", path))[0] for path in ("/fail", "/")] == [500, 200]

    over(echo, work)


def test_a_stream_gives_events_and_ends() -> None:
    async def work(address: str) -> None:
        async with client.ask(address, "GET", "/") as reply:
            assert (reply.status, reply.headers["x-name"]) == (200, "one")
            events = reply.events()
            for number in (1, 2):
                handler.stream.put({"number": number})
                assert await anext(events) == {"number": number}
            handler.stream.close()
            assert [event async for event in events] == []
        await handler.ended.wait()

    handler = Streams()
    over(handler, work)


def test_a_stream_is_told_at_once_that_its_reader_has_left() -> None:
    async def work(address: str) -> None:
        async with client.ask(address, "GET", "/"):
            assert not handler.ended.is_set()
        await handler.ended.wait()

    handler = Streams()
    over(handler, work)


def test_the_port_can_close_while_a_stream_goes_on() -> None:
    async def work() -> None:
        handler, port = Streams(), free_port()
        server = web.serve(handler, "127.0.0.1", port)
        async with client.ask(f"127.0.0.1:{port}", "GET", "/") as reply:
            server.stop()
            with pytest.raises(ConnectionRefusedError):
                await client.call(f"127.0.0.1:{port}", "GET", "/")
            handler.stream.put({"number": 1})
            assert await anext(reply.events()) == {"number": 1}

    asyncio.run(asyncio.wait_for(work(), SOON))


def test_a_refusal_has_no_events() -> None:
    async def work(address: str) -> None:
        async with client.ask(address, "GET", "/fail") as reply:
            with pytest.raises(OSError, match="answers 500"):
                await anext(reply.events())

    over(echo, work)


@pytest.mark.parametrize("said", RAW)
def test_what_breaks_off_fails_as_a_connection_does(said: str, tmp_path: Path) -> None:
    """Over a unix socket too, as docker's is."""

    async def work() -> None:
        path, port = str(tmp_path / "socket"), free_port()
        async with await asyncio.start_unix_server(speaker(RAW[said]), path):
            with pytest.raises(ConnectionError, match="broke off"):
                await client.call(path, "GET", "/")
        async with await asyncio.start_server(speaker(RAW[said]), "127.0.0.1", port):
            assert "broke off" in await client.probe("HTTP", "127.0.0.1", port, "/", SOON)

    asyncio.run(asyncio.wait_for(work(), SOON))


def test_nobody_there_is_refused() -> None:
    async def work() -> None:
        with pytest.raises(ConnectionRefusedError):
            await client.call(f"127.0.0.1:{free_port()}", "GET", "/")
        with pytest.raises(FileNotFoundError):
            await client.call("/nowhere/at.all", "GET", "/")

    asyncio.run(asyncio.wait_for(work(), SOON))
