"""/api/v1/scheduler: the v1 scheduler API, as frameworks speak it."""

from __future__ import annotations

import asyncio
import json
import time

from standin import web
from standin.web import Answer, Request, Stream

from .. import daemon
from ..doors import Visitor
from ..resources import Json
from . import access, allocator, calls
from .state import Framework, State, new_uuid

HEARTBEAT = 15.0


async def handle(state: State, request: Request, visitor: Visitor) -> Answer:
    """Take a call of a scheduler."""
    if refusal := malformed(request):
        return refusal
    call = json.loads(request.body)
    kind = call.get("type")
    if not kind:
        return _invalid("Expecting 'type' to be present")
    if kind == "SUBSCRIBE":
        return _subscribe(state, request, call, visitor)
    framework = state.frameworks.get(call.get("framework_id", {}).get("value"))
    if not framework:
        return web.error(400, "Framework cannot be found")
    if visitor.principal is not None and visitor.principal != framework.principal:
        return web.error(400, str(access.Mismatch(visitor.principal, framework.principal)))
    if not framework.stream:
        return web.error(403, "Framework is not subscribed")
    if refusal := _foreign(request, framework):
        return refusal
    if framework.noted is not None and framework.noted not in state.principals:
        daemon.crash("metrics->frameworks.contains(principal.get())")
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


def _subscribe(state: State, request: Request, call: Json, visitor: Visitor) -> Answer:
    if "subscribe" not in call:
        return _invalid("Expecting 'subscribe' to be present")
    if "mesos-stream-id" in request.headers:
        return web.error(400, "Subscribe calls should not include the 'Mesos-Stream-Id' header")
    try:
        info, principal = access.subscriber(state, request, visitor, call["subscribe"]["framework_info"])
    except access.Mismatch as error:
        return web.error(400, str(error))
    except access.Refused as error:
        return _sent_away(str(error))
    given = (info.get("id") or call.get("framework_id") or {}).get("value", "")
    if given in state.completed:
        return _sent_away("Framework has been removed")
    framework = _known(state, info, given, principal) or _new(state, info, given)
    if access.DRIVER not in request.headers:
        framework.noted = None
    return _greeted(state, framework)


def _sent_away(why: str) -> Answer:
    stream = Stream(lambda ended: None, {"Mesos-Stream-Id": new_uuid()})
    stream.put({"type": "ERROR", "error": {"message": why}})
    stream.close()
    return stream


def _greeted(state: State, framework: Framework) -> Answer:
    stream_id = new_uuid()
    stream = Stream(lambda ended: _disconnected(state, ended), {"Mesos-Stream-Id": stream_id})
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


def _new(state: State, info: Json, given: str) -> Framework:
    state.counters["master/messages_register_framework"] += 1
    framework = Framework({**info, "id": {"value": given or state.new_id("")}})
    framework.noted = framework.principal or None
    state.add(framework)
    return framework


def _known(state: State, info: Json, given: str, principal: str | None) -> Framework | None:
    """Return the framework that has come back, if one of that id is known."""
    framework = state.frameworks.get(given)
    if not framework:
        return None
    state.counters["master/messages_reregister_framework"] += 1
    if old := framework.stream:
        old.put({"type": "ERROR", "error": {"message": "Framework failed over"}})
        old.close()
    calls.drop_offers(state, framework)
    # Of one that has failed over the authenticated principal is noted, even if nothing is counted for that.
    framework.noted = (framework.principal or None) if framework.recovered else principal
    _update(state, framework, info)
    framework.recovered = framework.suppressed = False
    framework.declined.clear()
    framework.reregistered = time.time()
    return framework


def _update(state: State, framework: Framework, info: Json) -> None:
    """Take what a framework says of itself now, but no other principal; agents are told all of it."""
    told, known = {**info, "id": {"value": framework.id}}, framework.principal
    if told.get("principal", "") != known:
        daemon.log.warning(
            "Cannot update FrameworkInfo.principal to '%s' for framework %s. Check MESOS-703",
            told.get("principal", ""),
            framework.id,
        )
    kept = {name: value for name, value in told.items() if name != "principal"}
    framework.info = {**kept, **({"principal": known} if known else {})}
    for agent in state.agents.values():
        agent.put({"type": "UPDATE_FRAMEWORK", "framework": told})


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
