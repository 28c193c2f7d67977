"""What an agent knows: itself, its master, and what it runs."""

from __future__ import annotations

import base64
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from standin.web import Stream

from .. import resources
from ..credentials import Credential
from ..docker import Docker
from ..doors import Door
from ..flags import Flags
from ..resources import Json, Resources
from ..tasks import Task
from .meta import Meta

# What an executor of Mesos's own gets on top of its task.
_EXECUTOR: Resources = {"cpus": 0.1, "mem": 32.0}


@dataclass(eq=False)
class Run:
    """A task with its executor. `pending` holds the updates that nobody has acknowledged, oldest first."""

    task: Task
    framework: Json
    container_id: str
    pending: list[Json] = field(default_factory=list)
    stream: Stream | None = None
    pid: int | None = None
    ended: bool = False

    @property
    def docker(self) -> bool:
        """Tell whether the task is a Docker container."""
        return bool(self.task.info.get("container", {}).get("type") == "DOCKER")

    @property
    def place(self) -> str:
        """Name its directory below the agent's, for its sandbox and its checkpoint."""
        task = self.task
        return f"frameworks/{task.framework_id}/executors/{task.id}/runs/{self.container_id}"

    @property
    def name(self) -> str:
        """Name the task's container."""
        return f"mesos-{self.container_id}"

    @property
    def resources(self) -> Resources:
        """Return what task and executor use."""
        return resources.total((self.task.resources, _EXECUTOR))

    @property
    def checkpoints(self) -> bool:
        """Tell whether it may outlive the agent."""
        return bool(self.framework.get("checkpoint"))

    def dump(self) -> Json:
        """Return it for a checkpoint."""
        return {
            "task": self.task.dump(),
            "framework": self.framework,
            "container_id": self.container_id,
            "pending": self.pending,
        }

    @staticmethod
    def load(kept: Json) -> Run:
        """Return it from a checkpoint."""
        return Run(**{**kept, "task": Task(**kept["task"])})


@dataclass(eq=False)
class State:
    """An agent."""

    flags: Flags
    info: Json
    ip: str
    meta: Meta
    resources: Resources
    docker: Docker
    door: Door = field(default_factory=Door)
    credential: Credential | None = None
    started: float = field(default_factory=time.time)
    recovered: bool = False
    leaving: bool = False
    leader: Json | None = None
    leader_name: str = ""
    runs: dict[tuple[str, str], Run] = field(default_factory=dict)
    completed: list[Run] = field(default_factory=list)
    counters: Counter[str] = field(default_factory=Counter)

    @property
    def id(self) -> str:
        """Return the agent's id, "" before its first registration."""
        return str(self.info.get("id", {}).get("value", ""))

    @property
    def address(self) -> str:
        """Return where this agent is reached."""
        return f"{self.ip}:{self.info['port']}"

    @property
    def pid(self) -> str:
        """Return the name of this agent's process."""
        return f"slave(1)@{self.address}"

    @property
    def master_pid(self) -> str:
        """Return the name of the leading master's process, "" if nobody leads."""
        return str(self.leader["pid"]) if self.leader else ""

    @property
    def master(self) -> str | None:
        """Return where the leading master is reached."""
        return self.master_pid.partition("@")[2] or None

    def sandbox(self, run: Run) -> str:
        """Return where a task runs."""
        return f"{self.meta.work_dir}/slaves/{self.id}/{run.place}"

    def keep(self, run: Run) -> None:
        """Checkpoint a run, if its framework wants that."""
        if run.checkpoints:
            self.meta.keep(self.id, run.place, run.dump())

    def status(self, run: Run, update: Json) -> Json:
        """Complete what an executor, or the agent itself, says of a task."""
        source = {"source": "SOURCE_EXECUTOR", **update}
        network = source.pop("network_infos", None) or [_network(self.ip)]
        container: dict[str, Any] = {"container_id": {"value": run.container_id}, "network_infos": network}
        if run.pid and not run.docker:
            container["executor_pid"] = run.pid
        return {
            "task_id": {"value": run.task.id},
            **source,
            "agent_id": {"value": self.id},
            "executor_id": {"value": run.task.id},
            "timestamp": time.time(),
            "uuid": base64.b64encode(uuid.uuid4().bytes).decode(),
            "container_status": container,
        }


def _network(ip: str) -> Json:
    return {"ip_addresses": [{"protocol": "IPv4", "ip_address": ip}]}
