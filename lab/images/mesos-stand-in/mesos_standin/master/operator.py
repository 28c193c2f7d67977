"""The operators' endpoints: who answers what, here or by pointing at the leader."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from standin import web
from standin.web import Answer, Request, Response

from ..doors import Visitor
from . import access, agents, allocator, calls, metrics, replica, reserving, scheduler, v1, views
from .state import State

View = Callable[[State, Visitor], Any]
_LOCAL: dict[str, View] = {
    "flags": lambda state, _: views.flags(state),
    "health": lambda state, _: None,
    "metrics/snapshot": lambda state, _: metrics.snapshot(state),
    "registrar(1)/registry": lambda state, _: state.registrar.show(),
    "version": lambda state, _: views.version(state),
}
_LEADERS: dict[str, View] = {
    "state": views.state,
    "state-summary": views.summary,
    "slaves": views.slaves,
    "frameworks": views.frameworks,
    "roles": views.roles,
    "quota": views.quota,
    "weights": views.weights,
    "maintenance/schedule": lambda state, _: {},
    "maintenance/status": lambda state, _: {},
}
_OTHERS = ("tasks", "teardown", "reserve", "unreserve", "api/v1", "api/v1/scheduler")


async def handle(state: State, request: Request) -> Answer:
    """Answer one request: of another program of ours, or of people, who have to be let in."""
    if request.path == replica.PROCESS and state.registrar.replica:
        return state.registrar.replica.handle(request)
    if request.path == agents.PATH:
        return await agents.handle(state, request)
    name = request.path.removeprefix("/master").strip("/")
    visitor = _visitor(state, name, request)
    return visitor if isinstance(visitor, Response) else await _answer(state, name, request, visitor)


def _visitor(state: State, name: str, request: Request) -> Visitor | Response:
    if name == "api/v1/scheduler" and access.DRIVER in request.headers:
        return Visitor()
    return state.door.visitor(name, request)


async def _answer(state: State, name: str, request: Request, visitor: Visitor) -> Answer:
    if name == "redirect":
        return _to_leader(state, "", "")
    if name in _LOCAL:
        shown = _LOCAL[name](state, visitor)
        return Response() if shown is None else web.answer(shown)
    if name not in (*_LEADERS, *_OTHERS):
        return web.error(404)
    if not state.leads:
        return _to_leader(state, f"/master/{name}", request.query)
    return await _leading(state, name, request, visitor)


def _to_leader(state: State, path: str, query: str) -> Answer:
    if not state.leader:
        return web.error(503, "No leader elected")
    place = f"//{state.leader['hostname']}:{state.leader['port']}{path}"
    return Response(307, b"", {"Location": place + f"?{query}" * bool(query)})


async def _leading(state: State, name: str, request: Request, visitor: Visitor) -> Answer:
    if name.startswith("api/v1") and not state.registrar.recovered:
        return web.error(503, "Master has not finished recovery")
    if name == "api/v1/scheduler":
        return await scheduler.handle(state, request, visitor)
    if name == "api/v1":
        return await v1.handle(state, request, visitor)
    if name == "teardown":
        return _teardown(state, request, visitor)
    if name in ("reserve", "unreserve"):
        return reserving.handle(state, name, request, visitor)
    if (request.method, name) == ("PUT", "weights"):
        return await _put_weights(state, json.loads(request.body), visitor)
    if (request.method, name) == ("POST", "quota"):
        return await _post_quota(state, json.loads(request.body), visitor)
    if request.method != "GET":
        return web.error(405)
    if name == "tasks":
        limit = int(dict(parse_qsl(request.query)).get("limit", 100))
        return web.answer(views.tasks(state, visitor, limit))
    return web.answer(_LEADERS[name](state, visitor))


def _teardown(state: State, request: Request, visitor: Visitor) -> Answer:
    if request.method != "POST":
        return web.error(405, f"Expecting one of {{ 'POST' }}, but received '{request.method}'")
    wanted = dict(parse_qsl(request.body.decode())).get("frameworkId")
    if wanted is None:
        return web.error(400, "Missing 'frameworkId' query parameter in the request body")
    if wanted not in state.frameworks:
        return web.error(400, "No framework found with specified ID")
    if not visitor.may("teardown_frameworks", state.frameworks[wanted].principal or None):
        return web.error(403)
    calls.remove(state, state.frameworks[wanted])
    asyncio.get_running_loop().call_soon(allocator.allocate, state)
    return Response()


# What operators wish is kept in the registry, without effect on offers.


async def _put_weights(state: State, wanted: list[Any], visitor: Visitor) -> Answer:
    if not all(visitor.may("update_weights", one["role"]) for one in wanted):
        return web.error(403)
    weights = {one["role"]: one["weight"] for one in state.registrar.registry.get("weights", [])}
    weights.update((one["role"], float(one["weight"])) for one in wanted)
    kept = [{"role": role, "weight": weights[role]} for role in sorted(weights)]
    await state.registrar.change(lambda registry: registry.update(weights=kept))
    return Response()


async def _post_quota(state: State, wanted: Any, visitor: Visitor) -> Answer:
    if not visitor.may("update_quotas", wanted["role"]):
        return web.error(403)
    known = state.registrar.registry.get("quotas", {"infos": []})["infos"]
    if any(one["role"] == wanted["role"] for one in known):
        return web.error(
            400, f"Failed to validate set quota request: Quota already set for role '{wanted['role']}'"
        )
    kept = {"infos": [*known, {"role": wanted["role"], "guarantee": wanted["guarantee"]}]}
    await state.registrar.change(lambda registry: registry.update(quotas=kept))
    return Response()
