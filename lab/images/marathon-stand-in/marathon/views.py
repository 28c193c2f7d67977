"""How /v2 shows apps, tasks, the queue and groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from . import clock
from .apps import Definition, service_ports
from .deployments import Task
from .world import Launch, World

Json = dict[str, Any]
_STAGED = ("TASK_STAGING", "TASK_STARTING")
_ACTIVE = (*_STAGED, "TASK_RUNNING", "TASK_KILLING")


def app_view(world: World, app: Definition, embed: Collection[str] = ()) -> Json:
    """Return an app with its counts and deployments, and with what is to be embedded."""
    tasks = world.tasks_of(app["id"])
    mine = [each.id for each in world.deployments.values() if app["id"] in each.apps]
    view: Json = {**app, **counts(world, tasks), "deployments": [{"id": each} for each in mine]}
    if "apps.tasks" in embed:
        view["tasks"] = [task_view(world, task) for task in tasks]
    if "apps.lastTaskFailure" in embed and app["id"] in world.failures:
        view["lastTaskFailure"] = world.failures[app["id"]]
    return view


def counts(world: World, tasks: Collection[Task]) -> Json:
    """Count an app's tasks. Without health checks nothing is healthy and nothing unhealthy."""
    checked = [task for task in tasks if world.apps.get(task.app, {}).get("healthChecks")]
    return {
        "tasksStaged": sum(task.state in _STAGED for task in tasks),
        "tasksRunning": sum(task.state == "TASK_RUNNING" for task in tasks),
        "tasksHealthy": sum(task.healthy is True for task in checked),
        "tasksUnhealthy": sum(task.healthy is False for task in checked),
    }


def task_view(world: World, task: Task, with_service_ports: bool = False) -> Json:
    """Return a task; times, ports and version only while it is active."""
    app = world.apps.get(task.app, {})
    view: Json = {
        "id": task.id,
        "slaveId": task.agent,
        "host": task.host,
        "state": task.state,
        "appId": task.app,
        "ipAddresses": task.addresses,
    }
    if task.state in _ACTIVE:
        view |= {
            "stagedAt": task.staged,
            "startedAt": task.started,
            "ports": task.ports,
            "version": task.version,
        }
    if with_service_ports and app and (ports := service_ports(app)):
        view["servicePorts"] = ports
    if results := world.health.get(task.id):
        view["healthCheckResults"] = [_result(result) for _, result in sorted(results.items())]
    return view


def instance_view(world: World, task: Task) -> Json:
    """Return a task as Marathon itself keeps it, which is what killing one is answered with."""
    condition = {"str": task.state.removeprefix("TASK_").lower()}
    network = {"hostName": task.host, "hostPorts": task.ports, "ipAddresses": task.addresses}
    status = {"stagedAt": task.staged, "startedAt": task.started, "mesosStatus": ""}
    kept = {"taskId": task.id, "runSpecVersion": task.version}
    attributes = [{"name": name, "text": text} for name, text in task.attributes.items()]
    return {
        "instanceId": {"idString": task.instance},
        "agentInfo": {"host": task.host, "agentId": task.agent, "attributes": attributes},
        "tasksMap": {task.id: {**kept, "status": {**status, "condition": condition, "networkInfo": network}}},
        "runSpecVersion": task.version,
        "state": {"condition": condition, "since": task.started, "activeSince": task.started},
        "unreachableStrategy": world.apps[task.app]["unreachableStrategy"],
    }


def _result(result: Json) -> Json:
    absent: Json = dict.fromkeys(("firstSuccess", "lastFailure", "lastSuccess", "lastFailureCause"))
    return {**absent, **result}


def queue_view(world: World) -> Json:
    """Return what waits for offers, and why none would do."""
    items = [_queued(world.apps[key], each) for key, each in world.launches.items() if each.count]
    return {"queue": items}


def _queued(app: Definition, launch: Launch) -> Json:
    unused = sum(launch.reasons.values())
    return {
        "app": app,
        "count": launch.count,
        "since": launch.since,
        "delay": {"timeLeftSeconds": int(launch.left), "overdue": launch.left == 0},
        "processedOffersSummary": {
            "processedOffersCount": launch.processed,
            "unusedOffersCount": unused,
            **launch.seen,
            "rejectSummaryLastOffers": _rejections(launch.last, 1 if launch.processed else 0),
            "rejectSummaryLaunchAttempt": _rejections(launch.reasons, launch.processed),
        },
    }


_REASONS = (
    "UnfulfilledRole",
    "UnfulfilledConstraint",
    "NoCorrespondingReservationFound",
    "InsufficientCpus",
    "InsufficientMemory",
    "InsufficientDisk",
    "InsufficientGpus",
    "InsufficientPorts",
    "DeclinedScarceResources",
)


def _rejections(reasons: Counter[str], processed: int) -> list[Json]:
    """Count down the reasons in the order they are looked at: what failed at one never reached the next."""
    rows = []
    for reason in _REASONS:
        rows.append({"reason": reason, "declined": reasons[reason], "processed": processed})
        processed -= reasons[reason]
    return rows


def group_view(world: World, path: str) -> Json | None:
    """Return the group that app ids make, with the groups within; None if there is none."""
    prefix = path.rstrip("/") + "/"
    inside = {key: app for key, app in world.apps.items() if key.startswith(prefix)}
    if not inside and path != "/":
        return None
    names = {key[len(prefix) :].split("/")[0] for key in inside if "/" in key[len(prefix) :]}
    groups = [group_view(world, prefix + name) for name in sorted(names)]
    return {
        "id": path,
        "dependencies": [],
        "version": max((app["version"] for app in inside.values()), default=clock.stamp(clock.EPOCH)),
        "apps": [app for key, app in inside.items() if "/" not in key[len(prefix) :]],
        "groups": groups,
        "pods": [],
    }
