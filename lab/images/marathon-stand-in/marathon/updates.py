"""Status updates: what a task's new state means for it and for its app."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from . import clock
from .deployments import Task
from .events import Events
from .mesos import Master
from .world import Launch, World

_log = logging.getLogger("marathon.updates")
_ENDED = ["FINISHED", "FAILED", "KILLED", "ERROR", "LOST", "DROPPED", "GONE", "GONE_BY_OPERATOR", "UNKNOWN"]
TERMINAL = tuple(f"TASK_{name}" for name in _ENDED)
# What makes the next launch wait. A task that was killed because we wanted it so is no failure.
WORTH_A_DELAY = ("TASK_FAILED", "TASK_FINISHED", "TASK_ERROR", "TASK_DROPPED", "TASK_GONE", "TASK_LOST")


class Updates:
    """Takes updates one by one: remembers first, acknowledges then."""

    def __init__(self, world: World, master: Master, events: Events) -> None:
        self._world, self._master, self._events = world, master, events

    def take(self, status: dict[str, Any]) -> None:
        """Take one update."""
        task = self._world.tasks.get(status["task_id"]["value"])
        if task:
            self._known(task, status)
        elif status["state"] not in TERMINAL and status["state"] != "TASK_UNREACHABLE":
            # Nobody wants it: a leftover of a time whose state is lost.
            _log.warning("Killing the unknown task %s", status["task_id"]["value"])
            where = {"agent_id": status["agent_id"]} if "agent_id" in status else {}
            self._master.call("KILL", task_id=status["task_id"], **where)
        if "uuid" in status:
            told = {name: status[name] for name in ("agent_id", "task_id", "uuid")}
            self._master.call("ACKNOWLEDGE", **told)

    def _known(self, task: Task, status: dict[str, Any]) -> None:
        state, before = status["state"], task.state
        task.state = state
        infos = status.get("container_status", {}).get("network_infos", [])
        found = [address for info in infos for address in info.get("ip_addresses", [])]
        if found:
            task.addresses = [
                {"ipAddress": each["ip_address"], "protocol": each.get("protocol", "IPv4")} for each in found
            ]
        if state != before or state in TERMINAL:
            self._publish(task, status)
        if state in TERMINAL:
            self._ended(task, status)
        else:
            self._alive(task, status)

    def _alive(self, task: Task, status: dict[str, Any]) -> None:
        if task.state == "TASK_RUNNING" and not task.started:
            task.started = clock.now()
        since = task.unreachable or _moment(status.get("unreachable_time")) or clock.now()
        task.unreachable = since if task.state == "TASK_UNREACHABLE" else None
        if "healthy" in status:
            self._world.judge(task, self._mesos_check(task), status["healthy"], status.get("message", ""))
        self._world.keep(task)

    def _mesos_check(self, task: Task) -> int:
        checks = self._world.apps.get(task.app, {}).get("healthChecks", [])
        on_agent = [n for n, each in enumerate(checks) if each["protocol"].startswith(("MESOS_", "COMMAND"))]
        return on_agent[0] if on_agent else 0

    def _ended(self, task: Task, status: dict[str, Any]) -> None:
        _log.info("%s: %s %s", task.id, task.state, status.get("message", ""))
        if task.state in WORTH_A_DELAY and task.app in self._world.apps:
            self._world.failed(self._failure(task, status))
            self._delay(task)
        self._world.forget(task)

    def _delay(self, task: Task) -> None:
        """Make the next launch wait, and longer each time that tasks end soon after their start."""
        app = self._world.apps[task.app]
        launch = self._world.launches.setdefault(task.app, Launch())
        longer = launch.delay * app["backoffFactor"]
        lasting = launch.delay and clock.age(task.started or task.staged) > app["maxLaunchDelaySeconds"]
        first = not launch.delay or lasting
        launch.delay = min(app["backoffSeconds"] if first else longer, app["maxLaunchDelaySeconds"])
        launch.failed = clock.now()

    def _failure(self, task: Task, status: dict[str, Any]) -> dict[str, Any]:
        return {
            "appId": task.app,
            "host": task.host,
            "message": status.get("message", ""),
            "state": task.state,
            "taskId": task.id,
            "timestamp": clock.now(),
            "version": task.version,
            "slaveId": task.agent,
        }

    def _publish(self, task: Task, status: dict[str, Any]) -> None:
        self._events.publish(
            "status_update_event",
            slaveId=task.agent,
            taskId=task.id,
            taskStatus=task.state,
            message=status.get("message", ""),
            appId=task.app,
            host=task.host,
            ipAddresses=task.addresses,
            ports=task.ports,
            version=task.version,
        )


def _moment(told: dict[str, Any] | None) -> str | None:
    """Read Mesos' TimeInfo."""
    return clock.stamp(datetime.fromtimestamp(told["nanoseconds"] / 1e9, UTC)) if told else None
