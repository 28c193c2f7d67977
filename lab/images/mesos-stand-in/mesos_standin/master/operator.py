"""The operators' endpoints: who answers what, here or by pointing at the leader."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from standin import web
from standin.web import Answer, Request, Response

from . import agents, allocator, calls, metrics, replica, reserving, scheduler, v1, views
from .state import State

_LOCAL: dict[str, Callable[[State], Any]] = {
    "health": lambda state: None,
    "version": views.version,
    "flags": views.flags,
}
_LEADERS: dict[str, Callable[[State], Any]] = {
    "state": views.state,
    "state-summary": views.summary,
    "slaves": views.slaves,
    "frameworks": views.frameworks,
    "roles": views.roles,
    "quota": lambda state: state.registrar.registry.get("quotas", {}),
    "weights": lambda state: state.registrar.registry.get("weights", []),
    "maintenance/schedule": lambda state: {},
    "maintenance/status": lambda state: {},
}
_OTHERS = ("tasks", "teardown", "reserve", "unreserve", "api/v1", "api/v1/scheduler")


async def handle(state: State, request: Request) -> Answer:
    """Answer one request."""
    if request.path == replica.PROCESS and state.registrar.replica:
        return state.registrar.replica.handle(request)
    if request.path == "/registrar(1)/registry":
        return web.answer(state.registrar.show())
    if request.path == "/metrics/snapshot":
        return web.answer(metrics.snapshot(state))
    if request.path == agents.PATH:
        return await agents.handle(state, request)
    name = request.path.removeprefix("/master").strip("/")
    if name == "redirect":
        return _to_leader(state, "", "")
    if name in _LOCAL:
        shown = _LOCAL[name](state)
        return web.answer(shown) if shown else Response()
    if name not in (*_LEADERS, *_OTHERS):
        return web.error(404)
    if not state.leads:
        return _to_leader(state, f"/master/{name}", request.query)
    return await _leading(state, name, request)


def _to_leader(state: State, path: str, query: str) -> Answer:
    if not state.leader:
        return web.error(503, "No leader elected")
    place = f"//{state.leader['hostname']}:{state.leader['port']}{path}"
    return Response(307, b"", {"Location": place + f"?{query}" * bool(query)})


async def _leading(state: State, name: str, request: Request) -> Answer:
    if name.startswith("api/v1") and not state.registrar.recovered:
        return web.error(503, "Master has not finished recovery")
    if name == "api/v1/scheduler":
        return await scheduler.handle(state, request)
    if name == "api/v1":
        return await v1.handle(state, request)
    if name == "teardown":
        return _teardown(state, request)
    if name in ("reserve", "unreserve"):
        return reserving.handle(state, name, request)
    if (request.method, name) == ("PUT", "weights"):
        return await _put_weights(state, json.loads(request.body))
    if (request.method, name) == ("POST", "quota"):
        return await _post_quota(state, json.loads(request.body))
    if request.method != "GET":
        return web.error(405)
    if name == "tasks":
        return web.answer(views.tasks(state, int(dict(parse_qsl(request.query)).get("limit", 100))))
    return web.answer(_LEADERS[name](state))


def _teardown(state: State, request: Request) -> Answer:
    if request.method != "POST":
        return web.error(405, f"Expecting one of {{ 'POST' }}, but received '{request.method}'")
    wanted = dict(parse_qsl(request.body.decode())).get("frameworkId")
    if wanted is None:
        return web.error(400, "Missing 'frameworkId' query parameter in the request body")
    if wanted not in state.frameworks:
        return web.error(400, "No framework found with specified ID")
    calls.remove(state, state.frameworks[wanted])
    asyncio.get_running_loop().call_soon(allocator.allocate, state)
    return Response()


# What operators wish is kept in the registry, without effect on offers.


async def _put_weights(state: State, wanted: list[Any]) -> Answer:
    weights = {one["role"]: one["weight"] for one in state.registrar.registry.get("weights", [])}
    weights.update((one["role"], float(one["weight"])) for one in wanted)
    kept = [{"role": role, "weight": weights[role]} for role in sorted(weights)]
    await state.registrar.change(lambda registry: registry.update(weights=kept))
    return Response()


async def _post_quota(state: State, wanted: Any) -> Answer:
    known = state.registrar.registry.get("quotas", {"infos": []})["infos"]
    if any(one["role"] == wanted["role"] for one in known):
        return web.error(
            400, f"Failed to validate set quota request: Quota already set for role '{wanted['role']}'"
        )
    kept = {"infos": [*known, {"role": wanted["role"], "guarantee": wanted["guarantee"]}]}
    await state.registrar.change(lambda registry: registry.update(quotas=kept))
    return Response()
