"""/api/v1/scheduler: the v1 scheduler API, as frameworks speak it."""

from __future__ import annotations

import asyncio
import json
import time

from standin import web
from standin.web import Answer, Request, Stream

from .. import daemon
from ..resources import Json
from . import allocator, calls
from .state import Framework, State, new_uuid

HEARTBEAT = 15.0


async def handle(state: State, request: Request) -> Answer:
    """Take a call of a scheduler."""
    if refusal := malformed(request):
        return refusal
    call = json.loads(request.body)
    kind = call.get("type")
    if not kind:
        return _invalid("Expecting 'type' to be present")
    if kind == "SUBSCRIBE":
        return _subscribe(state, request, call)
    framework = state.frameworks.get(call.get("framework_id", {}).get("value"))
    if not framework:
        return web.error(400, "Framework cannot be found")
    if not framework.stream:
        return web.error(403, "Framework is not subscribed")
    if refusal := _foreign(request, framework):
        return refusal
    if kind not in calls.KNOWN:
        return web.error(501)
    if kind.lower() not in call and kind not in calls.BARE:
        return _invalid(f"Expecting '{kind.lower()}' to be present")
    calls.KNOWN[kind](state, framework, call.get(kind.lower(), {}))
    return web.Response(202)


def malformed(request: Request) -> Answer | None:
    """Refuse what is no call in JSON."""
    if request.method != "POST":
        text = f"Expecting one of {{ 'POST' }}, but received '{request.method}'"
        return web.Response(405, text.encode(), {**web.TEXT, "Allow": "POST"})
    if "content-type" not in request.headers:
        return web.error(400, "Expecting 'Content-Type' to be present")
    if request.headers["content-type"].partition(";")[0] != "application/json":
        return web.error(415, "Expecting 'Content-Type' of application/json or application/x-protobuf")
    try:
        if isinstance(json.loads(request.body), dict):
            return None
    except ValueError:
        pass
    return web.error(400, "Failed to parse body into JSON")


def _subscribe(state: State, request: Request, call: Json) -> Answer:
    if "subscribe" not in call:
        return _invalid("Expecting 'subscribe' to be present")
    if "mesos-stream-id" in request.headers:
        return web.error(400, "Subscribe calls should not include the 'Mesos-Stream-Id' header")
    info = call["subscribe"]["framework_info"]
    given = (info.get("id") or call.get("framework_id") or {}).get("value", "")
    stream_id = new_uuid()
    stream = Stream(lambda ended: _disconnected(state, ended), {"Mesos-Stream-Id": stream_id})
    if given in state.completed:
        stream.put({"type": "ERROR", "error": {"message": "Framework has been removed"}})
        stream.close()
        return stream
    framework = _admit(state, info, given)
    framework.stream, framework.stream_id = stream, stream_id
    subscribed = {
        "framework_id": {"value": framework.id},
        "heartbeat_interval_seconds": HEARTBEAT,
        "master_info": master_info(state.info),
    }
    stream.put({"type": "SUBSCRIBED", "subscribed": subscribed})
    stream.put({"type": "HEARTBEAT"})
    daemon.spawn(_heartbeat(framework, stream))
    # After this answer has begun, so that the head is not kept waiting.
    asyncio.get_running_loop().call_soon(allocator.allocate, state)
    return stream


def _admit(state: State, info: Json, given: str) -> Framework:
    """Return the framework that subscribes: a new one, or one known by its id."""
    framework = state.frameworks.get(given)
    if not framework:
        state.counters["master/messages_register_framework"] += 1
        framework = Framework({**info, "id": {"value": given or state.new_id("")}})
        state.frameworks[framework.id] = framework
        return framework
    state.counters["master/messages_reregister_framework"] += 1
    if old := framework.stream:
        old.put({"type": "ERROR", "error": {"message": "Framework failed over"}})
        old.close()
    calls.drop_offers(state, framework)
    framework.info = {**info, "id": {"value": framework.id}}
    framework.recovered = framework.suppressed = False
    framework.declined.clear()
    framework.reregistered = time.time()
    return framework


async def _heartbeat(framework: Framework, stream: Stream) -> None:
    while framework.stream is stream:
        await asyncio.sleep(HEARTBEAT)
        stream.put({"type": "HEARTBEAT"})


def _disconnected(state: State, ended: Stream) -> None:
    framework = next((one for one in state.frameworks.values() if one.stream is ended), None)
    if not framework:
        return
    framework.stream = None
    calls.drop_offers(state, framework)
    timeout = float(framework.info.get("failover_timeout", 0))
    since = framework.reregistered
    asyncio.get_running_loop().call_later(min(timeout, 10**6), _expire, state, framework, since)


def _expire(state: State, framework: Framework, since: float | None) -> None:
    known = state.frameworks.get(framework.id) is framework
    if known and not framework.stream and framework.reregistered == since:
        calls.remove(state, framework)


def _foreign(request: Request, framework: Framework) -> Answer | None:
    given = request.headers.get("mesos-stream-id")
    if given is None:
        return web.error(400, "All non-subscribe calls should include the 'Mesos-Stream-Id' header")
    if given == framework.stream_id:
        return None
    text = f"The stream ID '{given}' included in this request didn't match the stream ID currently"
    return web.error(400, f"{text} associated with framework ID '{framework.id}'")


def _invalid(why: str) -> Answer:
    return web.error(400, f"Failed to validate scheduler::Call: {why}")


def master_info(info: Json) -> Json:
    """Order MasterInfo as the protobuf does; in ZooKeeper it is sorted."""
    order = ("id", "ip", "port", "pid", "hostname", "version", "address", "capabilities")
    return {name: info[name] for name in order}
