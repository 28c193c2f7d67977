"""What a leading master knows: agents, frameworks, tasks and offers."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from standin.web import Stream

from .. import reservations, resources
from ..doors import Door
from ..flags import Flags
from ..resources import Json, Resources
from ..tasks import Task
from .registrar import Registrar


class Connected:
    """Somebody known by an id, to whom things are told while the connection, `stream`, is there."""

    info: Json
    stream: Stream | None

    @property
    def id(self) -> str:
        """Return its id."""
        return str(self.info["id"]["value"])

    def put(self, message: Json) -> None:
        """Tell it something, if it hears."""
        if self.stream:
            self.stream.put(message)

    def hang_up(self) -> None:
        """End the connection once all is told."""
        if self.stream:
            self.stream.close()
            self.stream = None


@dataclass(eq=False)
class Agent(Connected):
    """An admitted agent."""

    info: Json
    pid: str
    stream: Stream | None = None
    registered: float = field(default_factory=time.time)
    reregistered: float | None = None
    answered: bool = True
    # Resource messages; the agent keeps them, too, and tells them to the next master.
    reserved: list[Json] = field(default_factory=list)

    @property
    def resources(self) -> Resources:
        """Return all that it has."""
        return resources.load(self.info["resources"])

    @property
    def unreserved(self) -> Resources:
        """Return what of it is kept for nobody."""
        return resources.without(self.resources, reservations.amount(self.reserved))

    @property
    def active(self) -> bool:
        """Tell whether it is connected, so that it can be offered."""
        return self.stream is not None


@dataclass(eq=False)
class Offer:
    """What one framework may use of one agent."""

    id: str
    framework: Framework
    agent: Agent
    resources: Resources


@dataclass(eq=False)
class Framework(Connected):
    """A framework, connected while its scheduler is."""

    info: Json
    stream: Stream | None = None
    stream_id: str = ""
    # Of one with a driver: the principal that the master has noted for its connection.
    noted: str | None = None
    recovered: bool = False
    suppressed: bool = False
    registered: float = field(default_factory=time.time)
    reregistered: float | None = None
    unregistered: float = 0.0
    completed: list[Task] = field(default_factory=list)
    # Per agent: until when it wants to see nothing that fits into what it declined.
    declined: dict[str, tuple[float, Resources]] = field(default_factory=dict)

    @property
    def role(self) -> str:
        """Return the one role it has."""
        return str(self.info.get("role", "*"))

    @property
    def principal(self) -> str:
        """Return the principal that it is known by, "" if none."""
        return str(self.info.get("principal", ""))

    @property
    def user(self) -> str:
        """Return as whom it runs tasks that do not say."""
        return str(self.info["user"])

    @property
    def capabilities(self) -> list[str]:
        """Return the names of what it can do."""
        return [one["type"] for one in self.info.get("capabilities", [])]


@dataclass(eq=False)
class State:
    """One master and, if it leads, all that it leads."""

    flags: Flags
    info: Json
    registrar: Registrar
    door: Door = field(default_factory=Door)
    started: float = field(default_factory=time.time)
    elected: float = 0.0
    leader: Json | None = None
    hangs: bool = False
    agents: dict[str, Agent] = field(default_factory=dict)
    absent: dict[str, Json] = field(default_factory=dict)
    frameworks: dict[str, Framework] = field(default_factory=dict)
    completed: dict[str, Framework] = field(default_factory=dict)
    tasks: dict[tuple[str, str], Task] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)
    counters: Counter[str] = field(default_factory=Counter)
    # Principals that this master counts: of frameworks that it added, not of those that failed over to it.
    principals: set[str] = field(default_factory=set)
    _numbers: Counter[str] = field(default_factory=Counter)

    @property
    def leads(self) -> bool:
        """Tell whether this master is the leading one."""
        return self.leader is not None and self.leader["id"] == self.info["id"]

    def new_id(self, letter: str) -> str:
        """Return a new id: of an agent (S), an offer (O), or a framework (no letter)."""
        number = self._numbers[letter]
        self._numbers[letter] += 1
        return f"{self.info['id']}-{letter}{number}" if letter else f"{self.info['id']}-{number:04d}"

    def add(self, framework: Framework) -> None:
        """Begin to know a framework, and to count for its principal."""
        self.frameworks[framework.id] = framework
        if framework.principal:
            self.principals.add(framework.principal)

    def tasks_of(self, owner: Agent | Framework) -> list[Task]:
        """Return the tasks on an agent, or of a framework, that nobody has forgotten yet."""
        if isinstance(owner, Agent):
            return [task for task in self.tasks.values() if task.agent_id == owner.id]
        return [task for task in self.tasks.values() if task.framework_id == owner.id]

    def offers_of(self, owner: Agent | Framework) -> list[Offer]:
        """Return the outstanding offers of an agent, or to a framework."""
        return [offer for offer in self.offers.values() if owner in (offer.agent, offer.framework)]

    def used(self, owner: Agent | Framework) -> Resources:
        """Return what running tasks use."""
        return sum_of(task for task in self.tasks_of(owner) if not task.terminal)

    def offered(self, owner: Agent | Framework) -> Resources:
        """Return what is offered and not yet answered."""
        return resources.total(offer.resources for offer in self.offers_of(owner))

    def free(self, agent: Agent) -> Resources:
        """Return what can be offered of an agent."""
        return resources.without(self.unused(agent), self.offered(agent))

    def unused(self, agent: Agent) -> Resources:
        """Return what can be reserved of an agent: offers are taken back for it."""
        return resources.without(agent.unreserved, self.used(agent))

    def update(self, status: Json, framework_id: str) -> None:
        """Note a task's status, and tell its framework."""
        framework = self.frameworks.get(framework_id)
        if task := self.tasks.get((framework_id, status["task_id"]["value"])):
            before = task.state
            task.take(status)
            if task.terminal and before != task.state:
                self.counters[f"master/{task.state.lower().replace('task_', 'tasks_')}"] += 1
            # Without a uuid nobody will acknowledge it.
            if task.terminal and "uuid" not in status:
                self.forget(task)
        if framework:
            framework.put({"type": "UPDATE", "update": {"status": status}})

    def forget(self, task: Task) -> None:
        """Move a task that has ended to its framework's completed ones."""
        self.tasks.pop((task.framework_id, task.id), None)
        if framework := self.frameworks.get(task.framework_id) or self.completed.get(task.framework_id):
            most = self.flags.number("max_completed_tasks_per_framework")
            framework.completed = [*framework.completed, task][-most:]

    def counted(self, tasks: Iterable[Task]) -> Counter[str]:
        """Count tasks by state."""
        return Counter(task.state for task in tasks)

    def all_tasks(self) -> Iterator[Task]:
        """Yield every task that is known, completed ones of present frameworks too."""
        yield from self.tasks.values()
        for framework in self.frameworks.values():
            yield from framework.completed


def sum_of(tasks: Iterable[Task]) -> Resources:
    """Return what tasks use together."""
    return resources.total(task.resources for task in tasks)


def status(task: Task, state: str, reason: str, message: str, **more: Any) -> Json:
    """Make a status that comes from the master itself."""
    agent = {"agent_id": {"value": task.agent_id}} if "agent_id" in task.info else {}
    return {
        "task_id": {"value": task.id},
        "state": state,
        "message": message,
        "source": "SOURCE_MASTER",
        "reason": reason,
        **agent,
        "timestamp": time.time(),
        **more,
    }


def new_uuid() -> str:
    """Return a new UUID as text."""
    return str(uuid.uuid4())
