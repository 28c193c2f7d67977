"""The calls of a subscribed scheduler, one function each."""

from __future__ import annotations

import time
from collections.abc import Callable

from .. import resources
from ..resources import Json
from ..tasks import Task
from . import allocator
from .state import Framework, Offer, State, status


def remove(state: State, framework: Framework) -> None:
    """End a framework and everything of it."""
    for agent in state.agents.values():
        agent.put({"type": "SHUTDOWN_FRAMEWORK", "framework_id": framework.id})
    for task in state.tasks_of(framework):
        if not task.terminal:
            task.state = "TASK_KILLED"
            state.counters["master/tasks_killed"] += 1
        state.forget(task)
    framework.unregistered = time.time()
    state.completed[framework.id] = state.frameworks.pop(framework.id)
    drop_offers(state, framework)
    framework.hang_up()


def drop_offers(state: State, framework: Framework) -> None:
    """Forget the offers of a framework that no longer waits for them."""
    for offer in state.offers_of(framework):
        del state.offers[offer.id]


def reconcile(state: State, framework: Framework, call: Json) -> None:
    """Tell the latest of the tasks asked for, or of all."""
    state.counters["master/messages_reconcile_tasks"] += 1
    for one in call.get("tasks", []):
        if known := _latest(state, framework, one):
            framework.put({"type": "UPDATE", "update": {"status": known}})
    if not call.get("tasks"):
        for task in state.tasks_of(framework):
            framework.put({"type": "UPDATE", "update": {"status": _known(task)}})


def _accept(state: State, framework: Framework, call: Json) -> None:
    state.counters["master/messages_launch_tasks"] += 1
    ids = [one["value"] for one in call.get("offer_ids", [])]
    offers = [offer for offer in state.offers_of(framework) if offer.id in ids]
    launches = [one["launch"]["task_infos"] for one in call.get("operations", []) if one["type"] == "LAUNCH"]
    infos = [info for launch in launches for info in launch]
    for offer in offers:
        del state.offers[offer.id]
    if len(offers) != len(ids) or not offers:
        gone = next((one for one in ids if one not in {offer.id for offer in offers}), "")
        why = f"Task launched with invalid offers: Offer {gone} is no longer valid"
        lost = "TASK_DROPPED" if "PARTITION_AWARE" in framework.capabilities else "TASK_LOST"
        return _refuse(state, framework, infos, lost, "REASON_INVALID_OFFERS", why)
    left = resources.total(offer.resources for offer in offers)
    for info in infos:
        task = Task(info, framework.id, framework.role)
        if fault := _fault(state, framework, task, left):
            _refuse(state, framework, [info], "TASK_ERROR", *fault)
            continue
        left = resources.without(left, task.resources)
        state.tasks[(framework.id, task.id)] = task
        offers[0].agent.put({"type": "LAUNCH", "framework": framework.info, "task": task.dump()})
    allocator.decline(state, offers[0], call.get("filters", {}), left)


def _fault(
    state: State, framework: Framework, task: Task, left: resources.Resources
) -> tuple[str, str] | None:
    """Return why a task cannot be: a reason and a sentence."""
    user = task.info.get("command", {}).get("user") or framework.user
    if not state.door.acls.allow("run_tasks", framework.principal or None, user):
        return "REASON_TASK_UNAUTHORIZED", f"Not authorized to launch as user '{user}'"
    why = _wrong(task, left)
    return ("REASON_TASK_INVALID", why) if why else None


def _wrong(task: Task, left: resources.Resources) -> str:
    if "executor" in task.info or "command" not in task.info:
        return "Task should have at least one (but not both) of CommandInfo or ExecutorInfo present"
    if not resources.contains(left, task.resources):
        used, available = resources.show(task.resources), resources.show(left)
        return f"Task uses more resources {used} than available {available}"
    return ""


def _refuse(state: State, framework: Framework, infos: list[Json], kind: str, reason: str, why: str) -> None:
    for info in infos:
        told = status(Task(info, framework.id), kind, reason, why)
        state.counters[f"master/tasks_{kind.removeprefix('TASK_').lower()}"] += 1
        framework.put({"type": "UPDATE", "update": {"status": told}})


def _decline(state: State, framework: Framework, call: Json) -> None:
    state.counters["master/messages_decline_offers"] += 1
    for one in call.get("offer_ids", []):
        offer: Offer | None = state.offers.get(one["value"])
        if offer and offer.framework is framework:
            del state.offers[offer.id]
            allocator.decline(state, offer, call.get("filters", {}), offer.resources)


def _revive(state: State, framework: Framework, call: Json) -> None:
    state.counters["master/messages_revive_offers"] += 1
    framework.suppressed = False
    framework.declined.clear()
    allocator.allocate(state)


def _suppress(state: State, framework: Framework, call: Json) -> None:
    state.counters["master/messages_suppress_offers"] += 1
    framework.suppressed = True


def _kill(state: State, framework: Framework, call: Json) -> None:
    state.counters["master/messages_kill_task"] += 1
    task = state.tasks.get((framework.id, call["task_id"]["value"]))
    agent = state.agents.get(task.agent_id) if task else None
    if not task or not agent:
        return reconcile(state, framework, {"tasks": [call]})
    agent.put({"type": "KILL", "framework_id": framework.id, "task_id": task.id, "kill": call})


def _acknowledge(state: State, framework: Framework, call: Json) -> None:
    state.counters["master/messages_status_update_acknowledgement"] += 1
    task = state.tasks.get((framework.id, call["task_id"]["value"]))
    agent = state.agents.get(call["agent_id"]["value"])
    if agent:
        known = {"framework_id": framework.id, "task_id": call["task_id"]["value"], "uuid": call["uuid"]}
        agent.put({"type": "ACKNOWLEDGE", **known})
        state.counters["master/valid_status_update_acknowledgements"] += 1
    if task and task.terminal and task.statuses and task.statuses[-1].get("uuid") == call["uuid"]:
        state.forget(task)


def _latest(state: State, framework: Framework, one: Json) -> Json | None:
    """Return a status for a task that is asked for; None while an agent may still come back with it."""
    if task := state.tasks.get((framework.id, one["task_id"]["value"])):
        return _known(task)
    agent_id = one.get("agent_id", {}).get("value", "")
    if agent_id in state.absent:
        return None
    aware, reason = "PARTITION_AWARE" in framework.capabilities, "REASON_RECONCILIATION"
    unknown = Task({"name": "", **one}, framework.id)
    if agent_id in state.registrar.listed("unreachable"):
        kind, why = "TASK_UNREACHABLE", "Task is unreachable"
    elif agent_id in state.agents:
        kind, why = "TASK_GONE", "Task is unknown to the agent"
    else:
        kind, why = "TASK_UNKNOWN", "Task is unknown"
    return status(unknown, kind if aware else "TASK_LOST", reason, f"Reconciliation: {why}")


def _known(task: Task) -> Json:
    last = task.statuses[-1] if task.statuses else {}
    more = {name: last[name] for name in ("healthy", "container_status", "labels") if name in last}
    return status(task, task.state, "REASON_RECONCILIATION", "Reconciliation: Latest task state", **more)


KNOWN: dict[str, Callable[[State, Framework, Json], None]] = {
    "ACCEPT": _accept,
    "DECLINE": _decline,
    "REVIVE": _revive,
    "SUPPRESS": _suppress,
    "KILL": _kill,
    "ACKNOWLEDGE": _acknowledge,
    "RECONCILE": reconcile,
    "TEARDOWN": lambda state, framework, call: remove(state, framework),
}
BARE = ("TEARDOWN", "REVIVE", "SUPPRESS")
