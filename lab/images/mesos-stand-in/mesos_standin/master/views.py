"""How the operators' endpoints show what a master knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .. import BUILD, VERSION, reservations, resources
from ..doors import Visitor
from ..resources import Json, Resources, dump, show
from ..tasks import STATES, Task
from .state import Agent, Framework, Offer, State

CAPABILITIES = ["MULTI_ROLE", "HIERARCHICAL_ROLE", "RESERVATION_REFINEMENT"]


def version(state: State) -> Json:
    """/version."""
    return {**BUILD, "version": VERSION}


def flags(state: State) -> Json:
    """/flags."""
    return {"flags": dict(sorted(state.flags.values.items()))}


def visible(known: Mapping[str, Framework], visitor: Visitor) -> list[Framework]:
    """Return the frameworks that somebody may see; of the others nothing is said."""
    return [one for one in known.values() if visitor.may("view_frameworks", one.user)]


def state(state: State, visitor: Visitor) -> Json:
    """/state. Who may not see flags is not told that there are any."""
    leader = state.leader or state.info
    active = sum(agent.active for agent in state.agents.values())
    may_flags = visitor.may("view_flags")
    return {
        "version": VERSION,
        **BUILD,
        "start_time": state.started,
        "elected_time": state.elected,
        "id": state.info["id"],
        "pid": state.info["pid"],
        "hostname": state.info["hostname"],
        "capabilities": ["AGENT_UPDATE"],
        "activated_slaves": float(active),
        "deactivated_slaves": float(len(state.agents) - active),
        "unreachable_slaves": float(len(state.registrar.listed("unreachable"))),
        "leader": leader["pid"],
        "leader_info": {name: leader[name] for name in ("id", "pid", "port", "hostname")},
        **_given(state, "cluster"),
        **({**_given(state, "log_dir", "external_log_file"), **flags(state)} if may_flags else {}),
        "slaves": [slave(state, agent) for agent in state.agents.values()],
        "recovered_slaves": _recovered(state),
        **frameworks(state, visitor),
        "orphan_tasks": [],
    }


def slaves(state: State, visitor: Visitor) -> Json:
    """/slaves."""
    return {
        "slaves": [{**slave(state, one), **_full(state, one, visitor)} for one in state.agents.values()],
        "recovered_slaves": _recovered(state),
    }


def frameworks(state: State, visitor: Visitor) -> Json:
    """/frameworks."""
    return {
        "frameworks": [framework(state, one, visitor) for one in visible(state.frameworks, visitor)],
        "completed_frameworks": [framework(state, one, visitor) for one in visible(state.completed, visitor)],
        "unregistered_frameworks": [],
    }


def summary(state: State, visitor: Visitor) -> Json:
    """/state-summary."""
    return {
        "hostname": state.info["hostname"],
        **_given(state, "cluster"),
        "slaves": [_slave_summary(state, agent) for agent in state.agents.values()],
        "frameworks": [_framework_summary(state, one) for one in visible(state.frameworks, visitor)],
    }


def tasks(state: State, visitor: Visitor, limit: int) -> Json:
    """/tasks: the latest."""
    seen = {one.id for one in visible(state.frameworks, visitor) if visitor.may("view_tasks", one.user)}
    found = [task.show() for task in state.all_tasks() if task.framework_id in seen]
    found.sort(key=lambda one: one["statuses"][0]["timestamp"] if one["statuses"] else 0, reverse=True)
    return {"tasks": found[:limit]}


def quota(state: State, visitor: Visitor) -> Json:
    """/quota."""
    infos = state.registrar.registry.get("quotas", {}).get("infos", [])
    seen = [one for one in infos if visitor.may("get_quotas", one["role"])]
    return {"infos": seen} if seen else {}


def weights(state: State, visitor: Visitor) -> list[Json]:
    """/weights."""
    known = state.registrar.registry.get("weights", [])
    return [one for one in known if visitor.may("view_roles", one["role"])]


def roles(state: State, visitor: Visitor) -> Json:
    """/roles: those with frameworks or a weight."""
    weighed = {one["role"]: one["weight"] for one in state.registrar.registry.get("weights", [])}
    names = sorted({one.role for one in state.frameworks.values()} | set(weighed))
    seen = [name for name in names if visitor.may("view_roles", name)]
    return {"roles": [_role(state, name, weighed.get(name, 1.0)) for name in seen]}


def slave(state: State, agent: Agent) -> Json:
    """Show an agent as /state does."""
    again = {"reregistered_time": agent.reregistered} if agent.reregistered else {}
    return {
        "id": agent.id,
        "hostname": agent.info["hostname"],
        "port": agent.info["port"],
        "attributes": resources.show_attributes(agent.info.get("attributes", [])),
        "pid": agent.pid,
        "registered_time": agent.registered,
        **again,
        "resources": show(agent.resources),
        "used_resources": show(state.used(agent)),
        "offered_resources": show(state.offered(agent)),
        "reserved_resources": reservations.shown(agent.reserved),
        "unreserved_resources": show(agent.unreserved),
        "active": agent.active,
        "version": VERSION,
        "capabilities": CAPABILITIES,
    }


def framework(state: State, one: Framework, visitor: Visitor) -> Json:
    """Show a framework as /state does."""
    may_tasks = visitor.may("view_tasks", one.user)
    again = {"reregistered_time": one.reregistered} if one.reregistered else {}
    known: Json = {name: one.info[name] for name in ("principal", "labels") if name in one.info}
    return {
        **_framework_head(state, one),
        "user": one.user,
        "failover_timeout": float(one.info.get("failover_timeout", 0)),
        "checkpoint": one.info.get("checkpoint", False),
        "registered_time": one.registered,
        "unregistered_time": one.unregistered,
        **again,
        **known,
        "resources": show(resources.total((state.used(one), state.offered(one)))),
        "role": one.role,
        "tasks": [task.show() for task in state.tasks_of(one) if may_tasks],
        "unreachable_tasks": [],
        "completed_tasks": [task.show() for task in one.completed if may_tasks],
        "offers": [_offer(offer) for offer in state.offers_of(one)],
        "executors": [],
    }


def allocated(tasks: Iterable[Task], visitor: Visitor) -> list[Json]:
    """Return what tasks use, with the roles it is allocated to, as far as somebody may see those."""
    by_role: dict[str, list[Resources]] = {}
    for task in tasks:
        if not task.terminal and visitor.may("view_roles", task.role):
            by_role.setdefault(task.role, []).append(task.resources)
    return [one for role, parts in by_role.items() for one in dump(resources.total(parts), "*", role)]


def _framework_head(state: State, one: Framework) -> Json:
    connected = one.stream is not None
    return {
        "id": one.id,
        "name": one.info["name"],
        "used_resources": show(state.used(one)),
        "offered_resources": show(state.offered(one)),
        "capabilities": one.capabilities,
        "hostname": one.info.get("hostname", ""),
        "webui_url": one.info.get("webui_url", ""),
        "active": connected,
        "connected": connected,
        "recovered": one.recovered,
    }


def _full(state: State, agent: Agent, visitor: Visitor) -> Json:
    seen = [one for one in state.offers_of(agent) if visitor.may("view_roles", one.framework.role)]
    offers = (dump(offer.resources, "*", offer.framework.role) for offer in seen)
    return {
        "reserved_resources_full": reservations.by_role(agent.reserved),
        "unreserved_resources_full": dump(agent.unreserved),
        "used_resources_full": allocated(state.tasks_of(agent), visitor),
        "offered_resources_full": [one for offer in offers for one in offer],
    }


def _slave_summary(state: State, agent: Agent) -> Json:
    there = state.tasks_of(agent)
    ids = sorted({task.framework_id for task in there})
    return {**slave(state, agent), **_counts(state, there), "framework_ids": ids}


def _framework_summary(state: State, one: Framework) -> Json:
    there = state.tasks_of(one)
    ids = sorted({task.agent_id for task in there})
    return {**_framework_head(state, one), **_counts(state, [*there, *one.completed]), "slave_ids": ids}


def _counts(state: State, tasks: Iterable[Task]) -> dict[str, int]:
    counted = state.counted(tasks)
    return {name: counted[name] for name in STATES}


def _role(state: State, name: str, weight: float) -> Json:
    there = [one for one in state.frameworks.values() if one.role == name]
    used = resources.total(resources.total((state.used(one), state.offered(one))) for one in there)
    # Here, and only here, Mesos writes nothing as an integer.
    shown = {key: value or 0 for key, value in show(used).items()}
    return {"frameworks": [one.id for one in there], "name": name, "resources": shown, "weight": weight}


def _offer(offer: Offer) -> Json:
    return {
        "id": offer.id,
        "framework_id": offer.framework.id,
        "slave_id": offer.agent.id,
        "resources": show(offer.resources),
    }


def _recovered(state: State) -> list[Json]:
    return [
        {
            "id": agent_id,
            "hostname": info["hostname"],
            "port": info["port"],
            "attributes": resources.show_attributes(info.get("attributes", [])),
        }
        for agent_id, info in state.absent.items()
    ]


def _given(state: State, *names: str) -> dict[str, Any]:
    return {name: state.flags.values[name] for name in names if name in state.flags.values}
