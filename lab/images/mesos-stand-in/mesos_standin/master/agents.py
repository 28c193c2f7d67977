"""Agents at the master: they register, are pinged, and are given up. The stand-ins' own protocol."""

from __future__ import annotations

import asyncio
import json
import time

from standin import web
from standin.web import Answer, Request, Stream

from .. import daemon
from ..resources import Json
from ..tasks import Task
from . import access, allocator
from .state import Agent, Framework, State, status

PATH = "/stand-in/agent"


async def handle(state: State, request: Request) -> Answer:
    """Take a message of an agent; one that registers hears the master's in the answer."""
    message = json.loads(request.body)
    if not (state.leads and state.registrar.recovered):
        state.counters["master/dropped_messages"] += 1
        return web.error(503)
    if message["type"] == "REGISTER":
        return _refusal(state, request, message) or await _register(state, message)
    agent = state.agents.get(message["agent_id"])
    if not agent:
        return web.error(404)
    if message["type"] == "PONG":
        agent.answered = True
    elif message["type"] == "UPDATE":
        _update(state, message)
    elif message["type"] == "UNREGISTER":
        await remove(state, agent, "unregistered", "TASK_LOST", "Agent unregistered")
    return web.Response(202)


def _refusal(state: State, request: Request, message: Json) -> Answer | None:
    """Return the answer to one that is not let in: 401 to a wrong secret, a shutdown to who may not."""
    try:
        principal = access.authenticated(state, request, message["pid"])
    except access.Refused as error:
        return web.error(401, str(error))
    why = access.agents_fault(state, message, principal)
    return _shut_down(why) if why else None


def _shut_down(why: str) -> Answer:
    stream = Stream(lambda ended: None)
    stream.put({"type": "SHUTDOWN", "message": why})
    stream.close()
    return stream


async def remove(state: State, agent: Agent, why: str, kind: str, text: str) -> None:
    """Give an agent up; its frameworks learn that its tasks are lost."""
    if state.agents.pop(agent.id, None) is None:
        return
    daemon.log.info("Removing agent %s at %s: %s", agent.id, agent.pid, text)
    state.counters["master/slave_removals"] += 1
    state.counters[f"master/slave_removals/reason_{why}"] += 1
    allocator.take_back(state, state.offers_of(agent))
    agent.hang_up()
    await state.registrar.remove(agent.id, "unreachable" if why == "unhealthy" else "")
    for task in state.tasks_of(agent):
        framework = state.frameworks.get(task.framework_id)
        aware = framework and "PARTITION_AWARE" in framework.capabilities
        lost = status(task, kind if aware else "TASK_LOST", "REASON_AGENT_REMOVED", f"Agent {text}")
        state.update(lost, task.framework_id)
        state.tasks.pop((task.framework_id, task.id), None)
    for framework in state.frameworks.values():
        framework.put({"type": "FAILURE", "failure": {"agent_id": {"value": agent.id}}})


async def _register(state: State, message: Json) -> Answer:
    agent_id = message["info"].get("id", {}).get("value")
    known = state.agents.get(agent_id) if agent_id else None
    if agent_id in state.registrar.listed("gone"):
        return _shut_down("Agent has been marked gone")
    state.counters[f"master/messages_{'re' * bool(agent_id)}register_slave"] += 1
    if not agent_id:
        await _replace(state, message["pid"])
    agent = await _admit(state, message, known)
    _take_tasks(state, agent, message)
    stream = Stream(lambda ended: _disconnected(state, agent, ended))
    old, agent.stream = agent.stream, stream
    if old:
        old.close()
    seconds = state.flags.seconds("agent_ping_timeout") * state.flags.number("max_agent_ping_timeouts")
    stream.put({"type": "REGISTERED", "agent_id": agent.id, "ping_timeout": seconds})
    # One that was away when something was reserved does not know of it.
    agent.put({"type": "CHECKPOINT", "reserved": agent.reserved})
    if not known:
        daemon.spawn(_observe(state, agent))
    asyncio.get_running_loop().call_soon(allocator.allocate, state)
    return stream


async def _replace(state: State, pid: str) -> None:
    """Give up an agent that has come back with a new id to the same address."""
    for old in [agent for agent in state.agents.values() if agent.pid == pid]:
        await remove(state, old, "registered", "TASK_LOST", "A new agent registered at the same address")


async def _admit(state: State, message: Json, known: Agent | None) -> Agent:
    info = message["info"]
    if known:
        if known.info != info:
            await state.registrar.admit(info)
        known.info, known.pid, known.reregistered, known.answered = info, message["pid"], time.time(), True
        state.counters["master/slave_reregistrations"] += 1
        return known
    again = "id" in info
    info = info if again else {**info, "id": {"value": state.new_id("S")}}
    agent = Agent(info, message["pid"], reregistered=time.time() if again else None)
    agent.reserved = message["reserved"]
    if state.absent.pop(agent.id, None) is None:
        await state.registrar.admit(info)
    state.counters[f"master/slave_{'re' * again}registrations"] += 1
    state.agents[agent.id] = agent
    return agent


def _take_tasks(state: State, agent: Agent, message: Json) -> None:
    """Believe an agent what runs there; what it does not know any more is lost."""
    for info in message["frameworks"]:
        if info["id"]["value"] in state.completed:
            # Sent once it hears.
            loop = asyncio.get_running_loop()
            loop.call_soon(agent.put, {"type": "SHUTDOWN_FRAMEWORK", "framework_id": info["id"]["value"]})
        elif info["id"]["value"] not in state.frameworks:
            state.add(Framework(info, recovered=True))
    there = {(one["framework_id"], one["info"]["task_id"]["value"]): Task(**one) for one in message["tasks"]}
    for task in state.tasks_of(agent):
        if (task.framework_id, task.id) not in there:
            text = "Reconciliation: Task is unknown to the agent"
            state.update(status(task, "TASK_LOST", "REASON_RECONCILIATION", text), task.framework_id)
    for key, task in there.items():
        if key[0] in state.frameworks:
            # What is known of a task here is as new as what its updates have told.
            state.tasks.setdefault(key, task)


def _update(state: State, message: Json) -> None:
    state.counters["master/messages_status_update"] += 1
    state.counters["master/valid_status_updates"] += 1
    state.update(message["status"], message["framework_id"])


def _disconnected(state: State, agent: Agent, ended: Stream) -> None:
    """Offer nothing of an agent whose connection is gone; it may come back."""
    if agent.stream is not ended:
        return
    agent.stream = None
    allocator.take_back(state, state.offers_of(agent))


async def _observe(state: State, agent: Agent) -> None:
    """Ping an agent until it has missed too many."""
    timeout, most = state.flags.seconds("agent_ping_timeout"), state.flags.number("max_agent_ping_timeouts")
    missed = 0
    while missed < most:
        agent.answered = False
        agent.put({"type": "PING"})
        await asyncio.sleep(timeout)
        missed = 0 if agent.answered else missed + 1
        if state.agents.get(agent.id) is not agent:
            return
    state.counters["master/slave_unreachable_scheduled"] += 1
    await remove(state, agent, "unhealthy", "TASK_UNREACHABLE", "health check timed out")
    state.counters["master/slave_unreachable_completed"] += 1
