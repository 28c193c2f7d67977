"""The v1 scheduler HTTP API: find the leading master, subscribe, read events, make calls.

To a stand-in for a master this is a scheduler with libmesos's driver: a header of ours says so. Such a one
authenticates if it is told to, whether the master requires it or not.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from standin import client, zk
from standin.process import spawn

from .options import Options

_log = logging.getLogger("marathon.mesos")
Event = dict[str, Any]
_PATH = "/api/v1/scheduler"
_PAUSE = 1.0
_TIMEOUT = 10.0


class Master:
    """A subscription to the leading master. It is lost for good once another one leads, or none.

    As long as ZooKeeper names the same master, a stream that broke off changes nothing: Marathon goes on
    answering. A master that is named by its address is lost with the stream: nobody would name another.
    """

    def __init__(self, options: Options, disconnected: Callable[[str], None]) -> None:
        self._master, self._disconnected = options["master"], disconnected
        # Heartbeats come in this interval; so many missing mean that nobody is there.
        self._silence = (
            options["mesos_heartbeat_interval"] * options["mesos_heartbeat_failure_threshold"] / 1000
        )
        self._patience = self._silence if self._master.startswith("zk://") else 0
        self._heard_last = 0.0
        self._leader: str | None = None
        self._stream_id = ""
        self._framework_id: str | None = None
        self._calls: asyncio.Queue[Event] = asyncio.Queue()
        self._shown = {
            "Stand-In-Driver": f"scheduler-{uuid.uuid4()}@{options['hostname']}",
            **_credential(options),
        }

    @property
    def connected(self) -> bool:
        """Tell whether calls can be made."""
        return bool(self._stream_id and self._framework_id)

    async def events(self, framework: Mapping[str, Any]) -> AsyncIterator[Event]:
        """Subscribe, however long that takes, and yield events until the master is lost."""
        spawn(self._detect())
        spawn(self._send())
        known = {"framework_id": framework["id"]} if "id" in framework else {}
        call = {"type": "SUBSCRIBE", "subscribe": {"framework_info": framework}, **known}
        while not self._stream_id:
            try:
                async for event in self._heard(call):
                    yield event
            except OSError as error:
                _log.info("No master at %s: %r", self._leader, error)
            await asyncio.sleep(_PAUSE)
        # A broken stream is but silence to who waits for ZooKeeper to name another master.
        await asyncio.sleep(self._heard_last + self._patience - time.monotonic())
        self._disconnected("nothing was heard of it any more")

    async def _heard(self, call: Event) -> AsyncIterator[Event]:
        """Subscribe once: a master that follows redirects, and one that recovers answers 503."""
        if not self._leader:
            return
        async with client.ask(self._leader, "POST", _PATH, call, self._shown) as reply:
            self._stream_id = reply.headers["Mesos-Stream-Id"] if reply.status == 200 else ""
            stream = reply.events()
            while event := await asyncio.wait_for(anext(stream, None), self._silence):
                self._heard_last = time.monotonic()
                if event["type"] == "SUBSCRIBED":
                    self._framework_id = event["subscribed"]["framework_id"]["value"]
                yield event

    async def _detect(self) -> None:
        """Follow who leads: another one than we talk to, or none, is the same as a lost connection."""
        async for info in zk.leaders(self._master, _TIMEOUT):
            self._leader = f"{info['address']['ip']}:{info['address']['port']}" if info else None
            if self._stream_id:
                self._disconnected("the leading master has changed")

    def call(self, kind: str, **body: Any) -> None:
        """Have a call made, after those before; what keeps it from being accepted is a lost master."""
        told = {kind.lower(): body} if body else {}
        self._calls.put_nowait({"type": kind, "framework_id": {"value": self._framework_id}, **told})

    async def _send(self) -> None:
        while call := await self._calls.get():
            headers = {"Mesos-Stream-Id": self._stream_id, **self._shown}
            try:
                status, said = await client.call(self._leader or "", "POST", _PATH, call, _TIMEOUT, headers)
            except OSError as error:
                _log.info("%s was not heard: %r", call["type"], error)
            else:
                if status != 202:
                    self._disconnected(f"{call['type']} was answered with {status}: {said[:200]!r}")


def _credential(options: Options) -> dict[str, str]:
    """Return the header that authenticates; a secret file is taken as it is, with a line's end in it, too."""
    if not options["mesos_authentication"]:
        return {}
    path = options["mesos_authentication_secret_file"]
    secret = Path(path).read_text() if path else options["mesos_authentication_secret"] or ""
    shown = f"{options['mesos_authentication_principal']}:{secret}"
    return {"Authorization": "Basic " + base64.b64encode(shown.encode()).decode()}
