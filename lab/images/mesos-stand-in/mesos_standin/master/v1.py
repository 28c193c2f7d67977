"""/api/v1: the v1 operator API, as much of it as was recorded."""

from __future__ import annotations

import json
from collections.abc import Callable

from standin import web
from standin.web import Answer, Request

from .. import VERSION, daemon
from ..doors import Visitor
from ..resources import Json, dump
from . import agents, metrics, views
from .scheduler import malformed, master_info
from .state import Agent, Framework, State


async def handle(state: State, request: Request, visitor: Visitor) -> Answer:
    """Take a call of an operator."""
    if refusal := malformed(request):
        return refusal
    call = json.loads(request.body)
    kind = call.get("type")
    if not kind:
        return _invalid("Expecting 'type' to be present")
    if kind == "MARK_AGENT_GONE":
        if not visitor.may("mark_agents_gone"):
            return web.error(403)
        return await _mark_gone(state, call)
    if kind == "GET_METRICS" and "get_metrics" not in call:
        return _invalid("Expecting 'get_metrics' to be present")
    if kind not in _READS:
        return web.error(501, "This stand-in does not know the call")
    return web.answer({"type": kind, kind.lower(): _READS[kind](state, visitor)})


async def _mark_gone(state: State, call: Json) -> Answer:
    agent_id = call["mark_agent_gone"]["agent_id"]["value"]
    if agent_id in state.registrar.listed("gone"):
        return web.Response()
    agent = state.agents.get(agent_id)
    if not agent and agent_id not in {*state.absent, *state.registrar.listed("unreachable")}:
        return web.error(404, "Agent not found")
    state.absent.pop(agent_id, None)
    await state.registrar.remove(agent_id, "gone")
    if agent:
        agent.put({"type": "SHUTDOWN", "message": "Agent has been marked gone"})
        daemon.spawn(
            agents.remove(state, agent, "unregistered", "TASK_GONE_BY_OPERATOR", "has been marked gone")
        )
    return web.Response()


def _master(state: State, visitor: Visitor) -> Json:
    times = {"start_time": state.started, "elected_time": state.elected}
    return {"master_info": master_info(state.info), **times}


def _agents(state: State, visitor: Visitor) -> Json:
    # Empty lists are left out, as in every protobuf.
    found = {
        "agents": [_agent(state, agent, visitor) for agent in state.agents.values()],
        "recovered_agents": [{"agent_info": _agent_info(info)} for info in state.absent.values()],
    }
    return {name: value for name, value in found.items() if value}


def _agent(state: State, agent: Agent, visitor: Visitor) -> Json:
    again = {"reregistered_time": _time(agent.reregistered)} if agent.reregistered else {}
    used = views.allocated(state.tasks_of(agent), visitor)
    return {
        "agent_info": _agent_info(agent.info),
        "active": agent.active,
        "version": VERSION,
        "pid": agent.pid,
        "registered_time": _time(agent.registered),
        **again,
        "total_resources": dump(agent.resources),
        **({"allocated_resources": used} if used else {}),
        "capabilities": [{"type": name} for name in views.CAPABILITIES],
    }


def _agent_info(info: Json) -> Json:
    bare = [{name: value for name, value in one.items() if name != "role"} for one in info["resources"]]
    attributes = {"attributes": info["attributes"]} if info.get("attributes") else {}
    return {
        "hostname": info["hostname"],
        "port": info["port"],
        "resources": bare,
        **attributes,
        "id": info["id"],
    }


def _frameworks(state: State, visitor: Visitor) -> Json:
    there, gone = (views.visible(known, visitor) for known in (state.frameworks, state.completed))
    found = {
        "frameworks": [_framework(state, one, visitor) for one in there],
        "completed_frameworks": [_framework(state, one, visitor) for one in gone],
    }
    return {name: value for name, value in found.items() if value}


def _framework(state: State, one: Framework, visitor: Visitor) -> Json:
    connected = one.stream is not None
    used = views.allocated(state.tasks_of(one), visitor)
    return {
        "framework_info": {"failover_timeout": 0.0, "checkpoint": False, "role": "*", **one.info},
        "active": connected,
        "connected": connected,
        "recovered": one.recovered,
        "registered_time": _time(one.registered),
        "reregistered_time": _time(one.reregistered or one.registered),
        **({"allocated_resources": used} if used else {}),
    }


def _metrics(state: State, visitor: Visitor) -> Json:
    return {"metrics": [{"name": name, "value": value} for name, value in metrics.snapshot(state).items()]}


def _time(seconds: float) -> Json:
    return {"nanoseconds": round(seconds * 10**9)}


def _invalid(why: str) -> Answer:
    return web.error(400, f"Failed to validate master::Call: {why}")


_READS: dict[str, Callable[[State, Visitor], Json]] = {
    "GET_HEALTH": lambda state, _: {"healthy": True},
    "GET_MASTER": _master,
    "GET_METRICS": _metrics,
    "GET_AGENTS": _agents,
    "GET_FRAMEWORKS": _frameworks,
}
