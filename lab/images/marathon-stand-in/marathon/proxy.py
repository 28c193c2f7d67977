"""The filter before everything: the leader answers itself, a standby asks the leader."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from standin import client, web
from standin.client import Reply
from standin.web import Request, Response

from .election import Election
from .options import Options
from .web import NO_CACHE, Answer, as_jetty, compressed

_log = logging.getLogger("marathon.proxy")
_TRIES, _PAUSE = 11, 0.25
_WITH_BODY = ("POST", "PUT", "PATCH")
_OF_THIS_HOP = "host connection content-length transfer-encoding date expect".split()


class Proxy:
    """Answers every path: by itself when it leads, else through the leader."""

    def __init__(self, election: Election, options: Options, answer: Callable[[Request], Answer]) -> None:
        self._election, self._answer = election, answer
        self._patience = options["leader_proxy_read_timeout"] / 1000
        self._compress: bool = options["http_compression"]
        self.leading = False

    async def __call__(self, request: Request) -> web.Answer:
        """Answer or pass on; waits for a leader for as long as Marathon does."""
        for attempt in range(_TRIES):
            if self.leading:
                return self._own(request)
            leader = await asyncio.to_thread(self._election.leader)
            if leader and leader != self._election.address:
                return self._forward(request, leader)
            if attempt < _TRIES - 1:
                await asyncio.sleep(_PAUSE)
        return as_jetty(503, "Could not determine the current leader", request.path)

    def _own(self, request: Request) -> Answer:
        answer = self._answer(request)
        own = {} if "Cache-Control" in answer.headers else NO_CACHE
        answer.headers.update({"X-Marathon-Leader": f"http://{self._election.address}", **own})
        return compressed(request, answer) if self._compress else answer

    def _forward(self, request: Request, leader: str) -> web.Answer:
        via = f"1.1 {self._election.address}"
        if via in request.headers.get("X-Marathon-Via", ""):
            return as_jetty(502, "Detected proxying loop.", request.path)
        return _Forwarded(leader, via, self._patience)


@dataclass(frozen=True)
class _Forwarded:
    """The leader's answer, asked for while it is sent."""

    leader: str
    via: str
    patience: float

    async def send(self, request: Request) -> None:
        """Pass on what the leader answers, or say why it does not."""
        assert request.method and request.uri
        headers = {**_of_all_hops(request.headers), "X-Forwarded-For": request.remote_ip or ""}
        headers["X-Marathon-Via"] = self.via
        asking = client.ask(self.leader, request.method, request.uri, request.body, headers, self.patience)
        try:
            async with asking as reply:
                return await self._pass_on(reply, request)
        except TimeoutError:
            page = as_jetty(504, "Connection to leader timed out.", request.path)
        except OSError as error:
            page = as_jetty(*_failure(request.method, error), request.path)
        await page.send(request)

    async def _pass_on(self, reply: Reply, request: Request) -> None:
        headers = {**_of_all_hops(reply.headers), "X-Marathon-Via": self.via}
        if "Content-Length" in reply.headers:
            body = b"".join([piece async for piece in reply.pieces()])
            return await Response(reply.status, body, headers).send(request)
        connection = await web.begin(request, reply.status, headers)
        try:
            async for piece in reply.pieces():
                await connection.write(piece)
            connection.finish()
        except OSError as error:
            _log.info("The stream from the leader ended: %s", error)
            connection.close()


def _of_all_hops(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _OF_THIS_HOP}


def _failure(method: str, error: Exception) -> tuple[int, str]:
    if method not in _WITH_BODY:
        return 502, "Failed to successfully establish a connection to the leader."
    if isinstance(error, ConnectionRefusedError):
        return 502, "Connection to leader refused."
    return 500, str(error)
