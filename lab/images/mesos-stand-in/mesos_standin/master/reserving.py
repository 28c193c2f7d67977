"""/reserve and /unreserve: an operator keeps an agent's resources for a role, and gives them back."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import parse_qsl

from standin import web
from standin.web import Answer, Request

from .. import reservations, resources
from ..doors import Visitor
from ..resources import Json
from . import allocator
from .state import Agent, State


def handle(state: State, name: str, request: Request, visitor: Visitor) -> Answer:
    """Answer one request: 202 once it counts here, and the agent is told; 409 where it does not fit."""
    if request.method != "POST":
        return web.error(405, f"Expecting one of {{ 'POST' }}, but received '{request.method}'")
    given = dict(parse_qsl(request.body.decode()))
    for part in ("slaveId", "resources"):
        if part not in given:
            return web.error(400, f"Missing '{part}' query parameter in the request body")
    agent = state.agents.get(given["slaveId"])
    if not agent:
        return web.error(400, "No agent found with specified ID")
    try:
        wanted = json.loads(given["resources"])
        reservations.check(wanted)
    except ValueError as error:
        return web.error(400, f"Invalid {name.upper()} operation: {error}")
    if not all(_may(visitor, name, one) for one in wanted):
        return web.error(403)
    gives = name == "unreserve"
    changed = reservations.taken(agent.reserved, wanted) if gives else _reserve(state, agent, wanted)
    if changed is None:
        return web.error(409, f"Invalid {name.upper()} Operation: {agent.id} does not have that")
    agent.reserved = changed
    agent.put({"type": "CHECKPOINT", "reserved": changed})
    asyncio.get_running_loop().call_soon(allocator.allocate, state)
    return web.Response(202)


def _may(visitor: Visitor, name: str, resource: Json) -> bool:
    if name == "reserve":
        return visitor.may("reserve_resources", resource["role"])
    return visitor.may("unreserve_resources", resource.get("reservation", {}).get("principal"))


def _reserve(state: State, agent: Agent, wanted: list[Json]) -> list[Json] | None:
    """Take what is free, and offers back where that does not do; None if all of it would not do."""
    amount = reservations.amount(wanted)
    if not resources.contains(state.unused(agent), amount):
        return None
    if not resources.contains(state.free(agent), amount):
        allocator.take_back(state, state.offers_of(agent))
    return reservations.added(agent.reserved, wanted)
