"""/metrics/snapshot of a master."""

from __future__ import annotations

import time
from pathlib import Path

from .. import resources, system
from .state import Agent, Framework, State

_TABLE = Path(__file__).with_name("metrics.txt")
_STATES = ("staging", "starting", "running", "killing", "unreachable")
_STORE = ("", "/count", "/min", "/max", "/p50", "/p90", "/p95", "/p99", "/p999", "/p9999")


def snapshot(state: State) -> dict[str, float]:
    """Return all metrics."""
    agents = list(state.agents.values())
    tasks = state.counted(state.tasks.values())
    total = resources.total(agent.resources for agent in agents)
    used = resources.total(state.used(agent) for agent in agents)
    return {
        **system.always(_TABLE),
        **{name: float(count) for name, count in state.counters.items()},
        "master/elected": float(state.leads),
        "master/uptime_secs": time.time() - state.started,
        **_people(state),
        **_principals(state),
        **{f"master/tasks_{name}": float(tasks[f"TASK_{name.upper()}"]) for name in _STATES},
        "master/outstanding_offers": float(len(state.offers)),
        "master/slaves_unreachable": float(len(state.registrar.listed("unreachable"))),
        **system.usage("master", total, used),
        **{
            f"allocator/mesos/resources/{name}/{what}": float(part.get(name, 0.0))
            for name in ("cpus", "mem", "disk")
            for what, part in (("total", total), ("offered_or_allocated", used))
        },
        **_shares(state),
        **_registrar(state),
    }


def _people(state: State) -> dict[str, float]:
    groups: dict[str, list[Agent] | list[Framework]] = {
        "slaves": list(state.agents.values()),
        "frameworks": list(state.frameworks.values()),
    }
    found: dict[str, float] = {}
    for name, group in groups.items():
        there = float(sum(one.stream is not None for one in group))
        for yes, no in (("active", "inactive"), ("connected", "disconnected")):
            found[f"master/{name}_{yes}"] = there
            found[f"master/{name}_{no}"] = len(group) - there
    return found


def _principals(state: State) -> dict[str, float]:
    """Return the counters of principals: there are some for each framework that was added with one."""
    kinds = ("messages_processed", "messages_received")
    return {f"frameworks/{one}/{kind}": 0.0 for one in state.principals for kind in kinds}


def _shares(state: State) -> dict[str, float]:
    roles = {one.role for one in state.frameworks.values()}
    shares = {f"allocator/mesos/roles/{role}/shares/dominant": 0.0 for role in roles}
    return {**shares, **{f"allocator/mesos/offer_filters/roles/{role}/active": 0.0 for role in roles}}


def _registrar(state: State) -> dict[str, float]:
    found: dict[str, float] = {}
    if replica := state.registrar.replica:
        found["registrar/log/recovered"] = float(replica.recovered)
        found["registrar/log/ensemble_size"] = float(len(replica.members))
    if state.registrar.recovered:
        found["registrar/registry_size_bytes"] = state.registrar.size
        found["registrar/state_fetch_ms"] = 0.0
        found.update({f"registrar/state_store_ms{suffix}": 0.0 for suffix in _STORE})
    return found
