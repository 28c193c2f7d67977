"""The event stream: who listens at /v2/events, and what is sent to them."""

from __future__ import annotations

import json
from typing import Any

from standin.web import Request, Stream

from . import clock
from .web import Answer, Routes, as_jetty, asked

_STREAM = {"Content-Type": "text/event-stream;charset=utf-8", "Connection": "close"}


class Events:
    """Everybody who listens has a stream, of all kinds of events or of some."""

    def __init__(self) -> None:
        self._listeners: dict[Stream, list[str]] = {}

    def add_to(self, routes: Routes) -> None:
        """Register the path."""
        routes.add("GET", "/v2/events", self.attach)

    def publish(self, kind: str, **fields: Any) -> None:
        """Send an event to all who want events of its kind."""
        for listener, kinds in self._listeners.items():
            if not kinds or kind in kinds:
                listener.put({**fields, "eventType": kind, "timestamp": clock.now()})

    def attach(self, request: Request) -> Answer:
        """Begin a stream; it ends with the listener or with the process."""
        if request.headers.get("accept") != "text/event-stream":
            return as_jetty(405, "HTTP method GET is not supported by this URL", request.path)
        stream = Stream(self._detach, _STREAM, _encode)
        about = {"remoteAddress": request.remote_ip, "timestamp": clock.now()}
        stream.put({"eventType": "event_stream_attached", **about})
        self._listeners[stream] = asked(request, "event_type")
        return stream

    def _detach(self, stream: Stream) -> None:
        del self._listeners[stream]


def _encode(event: dict[str, Any]) -> bytes:
    return f"event: {event['eventType']}\r\ndata: {json.dumps(event)}\r\n\r\n".encode()
