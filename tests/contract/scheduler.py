"""A v1 scheduler for tests: subscribes, hears, calls."""

from __future__ import annotations

import json
import queue
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any

from answers import Answer, request
from cluster import READY_TIMEOUT

PATH = "/api/v1/scheduler"
Json = dict[str, Any]
_acknowledged: set[str] = set()


class Scheduler:
    """One subscription. Updates are acknowledged as they are read, unless told not to.

    `headers` are those of every call; `heard` is what comes first, which may be an error.
    """

    def __init__(
        self, address: str, heard: str = "SUBSCRIBED", headers: dict[str, str] | None = None, **info: Any
    ) -> None:
        self.address, self.headers = address, headers or {}
        self.info = {"user": "root", "name": "recorder", "failover_timeout": 0.0, "checkpoint": True, **info}
        self.connection = HTTPConnection(address, timeout=READY_TIMEOUT)
        subscribe: Json = {"type": "SUBSCRIBE", "subscribe": {"framework_info": self.info}}
        if "id" in self.info:
            subscribe["framework_id"] = self.info["id"]
        body = json.dumps(subscribe)
        self.connection.request("POST", PATH, body, {"Content-Type": "application/json", **self.headers})
        self.response = self.connection.getresponse()
        self.events: queue.Queue[Json] = queue.Queue()
        self.acknowledges = True
        threading.Thread(target=self._hear, daemon=True).start()
        self.heard = self.wait(heard)
        self.id: Json = self.heard.get("subscribed", {}).get("framework_id", {})

    def call(self, kind: str, **fields: Any) -> Answer:
        """Make a call."""
        body = {"type": kind, "framework_id": self.id, **({kind.lower(): fields} if fields else {})}
        stream_id = self.response.getheader("Mesos-Stream-Id") or ""
        return request(self.address, "POST", PATH, body, {"Mesos-Stream-Id": stream_id, **self.headers})

    def wait(self, kind: str) -> Json:
        """Return the next event of a kind; others are passed over."""
        deadline = time.monotonic() + READY_TIMEOUT
        while True:
            try:
                event = self.events.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {kind} within {READY_TIMEOUT} s") from None
            if event["type"] == kind:
                return event

    def update(self, state: str) -> Json:
        """Return the next new status, which must be of that state."""
        status = self.new_status()
        assert status["state"] == state, status
        return status

    def new_status(self) -> Json:
        """Return the next status; acknowledge it.

        One that was acknowledged before is passed over: its acknowledgement was lost on the way.
        """
        status: Json = self.wait("UPDATE")["update"]["status"]
        if "uuid" in status and self.acknowledges:
            known = {name: status[name] for name in ("agent_id", "task_id", "uuid")}
            assert self.call("ACKNOWLEDGE", **known).status == 202
            if status["uuid"] in _acknowledged:
                return self.new_status()
            _acknowledged.add(status["uuid"])
        return status

    def launch(self, name: str = "", cpus: float = 0.1, **task: Any) -> Json:
        """Accept the next offer with one task; return its TaskInfo."""
        offer = self.wait("OFFERS")["offers"]["offers"][0]
        info = {
            "name": "rec",
            "task_id": {"value": name or f"rec.{uuid.uuid4()}"},
            "agent_id": offer["agent_id"],
            "resources": [_scalar("cpus", cpus), _scalar("mem", 32)],
            **task,
        }
        operation = {"type": "LAUNCH", "launch": {"task_infos": [info]}}
        ids, filters = [offer["id"]], {"refuse_seconds": 5}
        assert self.call("ACCEPT", offer_ids=ids, operations=[operation], filters=filters).status == 202
        return info

    def running(self, name: str = "", **task: Any) -> tuple[Json, Json]:
        """Launch a task and wait until it runs; return its TaskInfo and its status."""
        info = self.launch(name, **task)
        self.update("TASK_STARTING")
        return info, self.update("TASK_RUNNING")

    def kill(self, info: Json) -> None:
        """Have a task killed."""
        assert self.call("KILL", task_id=info["task_id"], agent_id=info["agent_id"]).status == 202

    def close(self) -> None:
        """Break off, as a scheduler that dies does."""
        if self.connection.sock:
            with suppress(OSError):  # the master was first
                self.connection.sock.shutdown(
                    socket.SHUT_RDWR
                )  # else it stays open until who hears has heard
            self.connection.sock.close()
        self.response.close()

    def _hear(self) -> None:
        try:
            for event in records(self.response):
                self.events.put(event)
        except (OSError, ValueError, AttributeError, HTTPException):
            pass


def container_of(status: Json) -> str:
    """Name the container of a docker task by one of its statuses."""
    return f"mesos-{status['container_status']['container_id']['value']}"


def records(response: HTTPResponse) -> Iterator[Json]:
    """Read RecordIO: lengths in decimal, each with a line end, then that many bytes."""
    while True:
        length = b""
        while not length.endswith(b"\n"):
            byte = response.read(1)
            if not byte:
                return
            length += byte
        yield json.loads(response.read(int(length)))


def _scalar(name: str, value: float) -> Json:
    return {"name": name, "type": "SCALAR", "scalar": {"value": value}}
