"""An agent's HTTP endpoints."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from standin import web
from standin.web import Answer, Request, Response

from .. import BUILD, VERSION, reservations, resources, system
from ..doors import Visitor
from ..resources import Json
from . import runs
from .state import Run, State

_TABLE = Path(__file__).with_name("metrics.txt")
_CAPABILITIES = ["MULTI_ROLE", "HIERARCHICAL_ROLE", "RESERVATION_REFINEMENT"]
_STATES = ("staging", "starting", "running", "killing")


async def handle(state: State, request: Request) -> Answer:
    """Answer one request."""
    if request.path == runs.PATH:
        return await runs.handle(state, request)
    name = request.path.removeprefix("/slave(1)").strip("/")
    visitor = state.door.visitor(name, request)
    if isinstance(visitor, Response):
        return visitor
    if name == "health":
        return Response()
    if name not in _VIEWS:
        return web.error(404)
    if name == "state" and not state.recovered:
        return web.error(503, "Agent has not finished recovery")
    return web.answer(_VIEWS[name](state, visitor))


def _metrics(state: State, visitor: Visitor) -> dict[str, float]:
    """/metrics/snapshot."""
    there = [run for run in state.runs.values() if not run.task.terminal]
    used = resources.total(run.resources for run in there)
    running = float(sum(run.stream is not None for run in there))
    return {
        **system.always(_TABLE),
        **{name: float(count) for name, count in state.counters.items()},
        **{f"slave/tasks_{name}": _count(there, name) for name in _STATES},
        "slave/registered": float(state.leader is not None),
        "slave/uptime_secs": time.time() - state.started,
        "slave/frameworks_active": float(len({run.task.framework_id for run in there})),
        "slave/executors_running": running,
        "slave/executors_registering": len(there) - running,
        "containerizer/fetcher/cache_size_total_bytes": 2.0 * 2**30,
        **system.usage("slave", state.resources, used),
    }


def _count(there: list[Run], name: str) -> float:
    return float(sum(run.task.state == f"TASK_{name.upper()}" for run in there))


def _state(state: State, visitor: Visitor) -> Json:
    reserved = state.meta.reserved
    unreserved = resources.without(state.resources, reservations.amount(reserved))
    used = resources.total(run.resources for run in state.runs.values() if not run.task.terminal)
    return {
        "version": VERSION,
        **BUILD,
        "start_time": state.started,
        "id": state.id,
        "pid": state.pid,
        "hostname": state.info["hostname"],
        "capabilities": _CAPABILITIES,
        "resources": resources.show(state.resources),
        "reserved_resources": reservations.shown(reserved),
        "unreserved_resources": resources.show(unreserved),
        "reserved_resources_full": reservations.by_role(reserved),
        "unreserved_resources_full": resources.dump(unreserved),
        "reserved_resources_allocated": {},
        "unreserved_resources_allocated": resources.show(used),
        "attributes": resources.show_attributes(state.info.get("attributes", [])),
        **({"master_hostname": state.leader_name} if state.leader else {}),
        **(_settings(state, visitor) if visitor.may("view_flags") else {}),
        "frameworks": _frameworks(state, visitor),
        "completed_frameworks": [],
    }


def _settings(state: State, visitor: Visitor) -> Json:
    values = state.flags.values
    return {**({"log_dir": values["log_dir"]} if "log_dir" in values else {}), **_flags(state, visitor)}


def _frameworks(state: State, visitor: Visitor) -> list[Json]:
    by_id: dict[str, list[Run]] = {}
    for run in state.runs.values():
        if visitor.may("view_frameworks", run.framework["user"]):
            by_id.setdefault(run.task.framework_id, []).append(run)
    return [_framework(state, framework_id, mine, visitor) for framework_id, mine in by_id.items()]


def _framework(state: State, framework_id: str, there: list[Run], visitor: Visitor) -> Json:
    info = there[-1].framework
    shown = visitor.may("view_executors", info["user"])
    mine = [run for run in there if shown]
    done = [run for run in state.completed if shown and run.task.framework_id == framework_id]
    return {
        "id": framework_id,
        "name": info["name"],
        "user": info["user"],
        "failover_timeout": float(info.get("failover_timeout", 0)),
        "checkpoint": info.get("checkpoint", False),
        "hostname": info.get("hostname", ""),
        "role": info.get("role", "*"),
        "executors": [_executor(state, run) for run in mine],
        "completed_executors": [_executor(state, run) for run in done],
    }


def _executor(state: State, run: Run) -> Json:
    task = [run.task.show()]
    return {
        "id": run.task.id,
        "name": _name(run),
        "source": run.task.id,
        "container": run.container_id,
        "directory": state.sandbox(run),
        "resources": resources.show(run.resources),
        "role": run.task.role,
        "tasks": [] if run.task.terminal else task,
        "queued_tasks": [],
        "completed_tasks": task if run.task.terminal else [],
    }


def _name(run: Run) -> str:
    command = run.task.info["command"].get("value", "")
    return f"Command Executor (Task: {run.task.id}) (Command: sh -c '{command}')"


def _containers(state: State, visitor: Visitor) -> list[Json]:
    return [
        {
            "container_id": run.container_id,
            **_whose(run),
            **_statistics(run),
            "status": {
                "container_id": {"value": run.container_id},
                **({"executor_pid": run.pid} if run.pid else {}),
            },
        }
        for run in state.runs.values()
        if not run.task.terminal
    ]


def _monitored(state: State, visitor: Visitor) -> list[Json]:
    there = [run for run in state.runs.values() if not run.task.terminal]
    return [{**_whose(run), **statistics} for run in there if (statistics := _statistics(run))]


def _whose(run: Run) -> Json:
    task = run.task
    shown = {"executor_id": task.id, "executor_name": _name(run)}
    return {**shown, "framework_id": task.framework_id, "source": task.id}


def _statistics(run: Run) -> Json:
    """Measure the executor's own process, where it is a child of the agent."""
    try:
        fields = Path(f"/proc/{run.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return {}
    ticks = os.sysconf("SC_CLK_TCK")
    return {
        "statistics": {
            "cpus_limit": run.resources["cpus"],
            "cpus_system_time_secs": int(fields[12]) / ticks,
            "cpus_user_time_secs": int(fields[11]) / ticks,
            "mem_limit_bytes": int(run.resources["mem"] * 2**20),
            "mem_rss_bytes": int(fields[21]) * os.sysconf("SC_PAGE_SIZE"),
            "timestamp": time.time(),
        }
    }


def _flags(state: State, visitor: Visitor) -> Json:
    return {"flags": dict(sorted(state.flags.values.items()))}


_VIEWS: dict[str, Callable[[State, Visitor], Any]] = {
    "metrics/snapshot": _metrics,
    "state": _state,
    "flags": _flags,
    "version": lambda state, _: {**BUILD, "version": VERSION},
    "containers": _containers,
    "monitor/statistics": _monitored,
}
