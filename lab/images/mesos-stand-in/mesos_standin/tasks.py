"""A task as master and agent both keep it, and how operators are shown it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from . import resources
from .resources import Json, Resources

STATES = (
    "TASK_STAGING",
    "TASK_STARTING",
    "TASK_RUNNING",
    "TASK_KILLING",
    "TASK_FINISHED",
    "TASK_KILLED",
    "TASK_FAILED",
    "TASK_LOST",
    "TASK_ERROR",
    "TASK_UNREACHABLE",
)
_ALIVE = ("TASK_STAGING", "TASK_STARTING", "TASK_RUNNING", "TASK_KILLING", "TASK_UNREACHABLE")
_SHOWN = ("state", "timestamp", "labels", "container_status", "healthy")


@dataclass
class Task:
    """A task: what was asked for, and what became of it."""

    info: Json
    framework_id: str
    role: str = "*"
    state: str = "TASK_STAGING"
    statuses: list[Json] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Return its id, which only its framework keeps unique."""
        return str(self.info["task_id"]["value"])

    @property
    def agent_id(self) -> str:
        """Return the id of the agent it was launched on."""
        return str(self.info["agent_id"]["value"])

    @property
    def resources(self) -> Resources:
        """Return what it uses."""
        return resources.load(self.info.get("resources", []))

    @property
    def terminal(self) -> bool:
        """Tell whether it has ended."""
        return self.state not in _ALIVE

    def take(self, status: Json) -> None:
        """Note a status; one of the same state replaces the last."""
        self.state = status["state"]
        if self.statuses and self.statuses[-1]["state"] == self.state:
            self.statuses.pop()
        self.statuses.append(status)

    def dump(self) -> Json:
        """Return it for the wire and for checkpoints."""
        return asdict(self)

    def show(self) -> Json:
        """Return it as operators see it."""
        return {
            "id": self.id,
            "name": self.info["name"],
            "framework_id": self.framework_id,
            "executor_id": "",
            "slave_id": self.agent_id,
            "state": self.state,
            "resources": resources.show(self.resources),
            "role": self.role,
            "statuses": [_show_status(status) for status in self.statuses],
            **_optional(self.info),
        }


def _show_status(status: Json) -> Json:
    shown = {name: status[name] for name in _SHOWN if name in status}
    if "container_status" in shown:
        shown["container_status"] = without_pid(shown["container_status"])
    return shown


def without_pid(container: Json) -> Json:
    """Leave out what operators are not shown of a container."""
    return {name: value for name, value in container.items() if name != "executor_pid"}


def _optional(info: Json) -> Json:
    names = ("discovery", "container", "health_check")
    shown: dict[str, Any] = {name: info[name] for name in names if name in info}
    if "user" in info.get("command", {}):
        shown["user"] = info["command"]["user"]
    if labels := info.get("labels", {}).get("labels"):
        shown["labels"] = labels
    return shown
