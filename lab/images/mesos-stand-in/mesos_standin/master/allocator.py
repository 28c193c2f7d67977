"""Offers: who is offered what, and what becomes of it."""

from __future__ import annotations

import time

from .. import resources
from ..resources import Json, Resources, dump
from .state import Agent, Framework, Offer, State

REFUSE_SECONDS = 5.0


def allocate(state: State) -> None:
    """Offer what is free, an agent's all to one framework: the one that uses least."""
    for agent in state.agents.values():
        free = state.free(agent)
        if agent.active and (free.get("cpus") or free.get("mem")):
            takers = [one for one in state.frameworks.values() if _wants(one, agent, free)]
            if takers:
                _offer(state, min(takers, key=lambda one: _share(state, one)), agent, free)


def take_back(state: State, offers: list[Offer]) -> None:
    """Rescind offers."""
    for offer in offers:
        del state.offers[offer.id]
        offer.framework.put({"type": "RESCIND", "rescind": {"offer_id": {"value": offer.id}}})


def decline(state: State, offer: Offer, filters: Json, left: Resources) -> None:
    """Note what a framework left of an offer, which it shall not see for a while."""
    seconds = float(filters.get("refuse_seconds", REFUSE_SECONDS))
    if seconds > 0 and left:
        offer.framework.declined[offer.agent.id] = (time.time() + seconds, left)


def _wants(framework: Framework, agent: Agent, free: Resources) -> bool:
    if not framework.stream or framework.suppressed:
        return False
    until, left = framework.declined.get(agent.id, (0.0, {}))
    return time.time() >= until or not resources.contains(left, free)


def _share(state: State, framework: Framework) -> float:
    used = resources.total((state.used(framework), state.offered(framework)))
    total = resources.total(agent.resources for agent in state.agents.values())
    shares = (used.get(name, 0.0) / total[name] for name in ("cpus", "mem") if total.get(name))
    return max(shares, default=0.0)


def _offer(state: State, framework: Framework, agent: Agent, free: Resources) -> None:
    offer = Offer(state.new_id("O"), framework, agent, free)
    state.offers[offer.id] = offer
    framework.put({"type": "OFFERS", "offers": {"offers": [_message(offer)]}})


def _message(offer: Offer) -> Json:
    info, framework = offer.agent.info, offer.framework
    ip = offer.agent.pid.partition("@")[2].partition(":")[0]
    address = {"hostname": info["hostname"], "ip": ip, "port": info["port"]}
    role = framework.role if "MULTI_ROLE" in framework.capabilities else None
    attributes = {"attributes": info["attributes"]} if info.get("attributes") else {}
    return {
        "id": {"value": offer.id},
        "framework_id": {"value": framework.id},
        "agent_id": {"value": offer.agent.id},
        "hostname": info["hostname"],
        "url": {"scheme": "http", "address": address, "path": "/slave(1)"},
        "resources": dump(offer.resources, "*", role),
        **attributes,
    }
