"""Agents, apps and a Marathon in miniature, on which a drain is tried: one thing happens at a time."""

import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import parse_qsl

from tasks.plan.gate import Question
from tasks.plan.mesos_agent import room
from tasks.plan.mesos_agent.moving import Kill, Move, Reserve, Scale, Unreserve
from tasks.plan.mesos_agent.picture import App, Picture
from tasks.plan.mesos_agent.room import Reserved, Resource
from tasks.plan.step import Step

HERE = "S0"
"""The agent that is drained."""

PORTS = Resource("ports", ranges=((31000, 31004),))


@dataclass
class Task:
    """A task of an app, which takes a thousandth of its agent's cpus for each thousandth of a core."""

    id: str
    agent: str
    running: bool = False


@dataclass
class Wanted:
    """An app as Marathon has it; with `unique` no two of its tasks come to one agent."""

    instances: int
    tasks: list[Task] = field(default_factory=list)
    unique: bool = False

    @property
    def running(self) -> int:
        """How many of its tasks run."""
        return sum(task.running for task in self.tasks)

    @property
    def changing(self) -> bool:
        """Whether a deployment of it is under way."""
        return not self.running == len(self.tasks) == self.instances


@dataclass
class World:
    """How things are: what each agent has room for, what of the drained one is reserved, the apps."""

    rooms: dict[str, int]
    apps: dict[str, Wanted]
    ports: bool = True
    reserved: list[Reserved] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)
    crashes: int = 0

    def begin(self) -> None:
        """Have all apps run, on the agent that is drained first."""
        for app in self.apps.values():
            while len(app.tasks) < app.instances and (agent := self.places(app)):
                self.launch(app, agent[0])
                app.tasks[-1].running = True

    def free(self) -> list[Resource]:
        """What of the drained agent nobody has."""
        left = [Resource("cpus", self.rooms[HERE] * 1000 - self.used(HERE) * 1000)]
        left += [PORTS] if self.ports else []
        for part in self.reserved:
            left = [each.without(part.resource) for each in left]
        return [each for each in left if each]

    def used(self, agent: str) -> int:
        """How many tasks an agent has."""
        return sum(task.agent == agent for app in self.apps.values() for task in app.tasks)

    def _room(self, agent: str) -> int:
        if agent != HERE:
            return self.rooms[agent] - self.used(agent)
        return sum(each.thousandths for each in self.free() if each.name == "cpus") // 1000

    def places(self, app: Wanted) -> list[str]:
        """The agents on which a task of the app can be launched."""
        taken = {task.agent for task in app.tasks} if app.unique else set()
        return [agent for agent in self.rooms if agent not in taken and self._room(agent) >= 1]

    def launch(self, app: Wanted, agent: str) -> None:
        """Launch one more task."""
        app.tasks.append(Task(f"t{next(self.numbers)}", agent))

    def happenings(self) -> list[tuple[str, Wanted, str]]:
        """What Marathon can do next: launch on some agent, or see a task run."""
        found = [
            ("launch", app, agent)
            for app in self.apps.values()
            if len(app.tasks) < app.instances
            for agent in self.places(app)
        ]
        found += [("run", app, t.id) for app in self.apps.values() for t in app.tasks if not t.running]
        return found

    def happen(self, what: str, app: Wanted, where: str) -> None:
        """Have one of these happen."""
        if what == "launch":
            self.launch(app, where)
        else:
            next(task for task in app.tasks if task.id == where).running = True

    def crash(self, app: Wanted) -> None:
        """End one task that runs, for a reason of its own."""
        running = [task for task in app.tasks if task.running]
        if running:
            app.tasks.remove(running[0])
            self.crashes += 1

    def look(self) -> Picture:
        """What a drain sees."""
        noted = {note.app for part in self.reserved if (note := part.note)}
        apps = {id: self._app(id, app) for id, app in self.apps.items()}
        shown = {id: app for id, app in apps.items() if app.here or id in noted}
        return Picture(HERE, tuple(self.free()), tuple(self.reserved), shown)

    def _app(self, id: str, app: Wanted) -> App:
        here = sorted((task for task in app.tasks if task.agent == HERE), key=lambda task: task.running)
        lacks = "InsufficientCpus" if len(app.tasks) < app.instances and not self.places(app) else ""
        ids = tuple(task.id for task in here)
        return App(id, app.instances, ids, app.running, app.changing, lacks=lacks)

    def do(self, move: Move) -> None:
        """Do what is asked for, or refuse it as Mesos and Marathon do: 409."""
        if isinstance(move, Reserve):
            self._reserve(move)
        elif isinstance(move, Unreserve):
            self._unreserve(move)
        elif isinstance(move, Scale):
            self._scale(move)
        else:
            self._kill(move)

    def _reserve(self, move: Reserve) -> None:
        left = self.free()
        for part in move.parts:
            own = [each for each in left if each.name == part.resource.name]
            if not own or part.resource.without(own[0]):
                return
            left = [each.without(part.resource) for each in left]
        self.reserved = merged([*self.reserved, *move.parts])

    def _unreserve(self, move: Unreserve) -> None:
        kept = list(self.reserved)
        for part in move.parts:
            (whole,) = [
                each
                for each in kept
                if each.labels == part.labels and each.resource.name == part.resource.name
            ]
            assert not part.resource.without(whole.resource)
            kept[kept.index(whole)] = Reserved(whole.resource.without(part.resource), whole.labels)
        self.reserved = [each for each in kept if each.resource]

    def _scale(self, move: Scale) -> None:
        app = self.apps[move.app]
        if app.changing and not move.force:
            return
        app.instances = move.to
        for task in sorted(app.tasks, key=lambda task: task.running)[: max(0, len(app.tasks) - move.to)]:
            app.tasks.remove(task)

    def _kill(self, move: Kill) -> None:
        for app in self.apps.values():
            killed = [task for task in app.tasks if task.id in move.tasks and not app.changing]
            app.instances -= len(killed)
            app.tasks = [task for task in app.tasks if task not in killed]


def merged(parts: list[Reserved]) -> list[Reserved]:
    """Add up what is reserved with the same labels, as Mesos does."""
    found: dict[tuple[str, room.Labels], Resource] = {}
    for part in parts:
        key, resource = (part.resource.name, part.labels), part.resource
        if (old := found.get(key)) is not None:
            ranges = tuple(sorted((*old.ranges, *resource.ranges)))
            resource = Resource(old.name, old.thousandths + resource.thousandths, ranges)
        found[key] = resource
    return [Reserved(resource, labels) for (_, labels), resource in found.items()]


# The same in the words of the services, for whole runs.


MASTER, MARATHON, AGENT = 5050, 8080, 5051
ALIVE = "TASK_RUNNING"
FRAMEWORK = "f-0"


def says(world: World, leader: str, others: tuple[str, ...] = ()) -> Callable[[Question], str]:
    """Answer as all services do, where the masters and Marathons on one host lead, and an agent is there.

    Tasks of `others` run on the agent that is drained, beside those of the apps.
    """

    def answer(question: Question) -> str:
        path = question.word.split()[1]
        if question.port == MASTER and question.address == leader:
            return said(_master(world, path))
        if question.port == MARATHON:
            return said(_marathon(world, leader, path))
        return said(_agent(others)) if question.port == AGENT else ""

    return answer


def said(body: object) -> str:
    """Give an answer of HTTP."""
    return f"HTTP/1.1 200 OK\r\n\r\n{json.dumps(body)}"


def _master(world: World, path: str) -> object:
    if path == "/metrics/snapshot":
        return {"master/elected": 1.0, "registrar/registry_size_bytes": 1.0}
    reserved = [
        {**part.resource.told, "role": room.ROLE, "reservation": part.told["reservation"]}
        for part in world.reserved
    ]
    used = [Resource("cpus", world.used(HERE) * 1000).told] if world.used(HERE) else []
    unreserved = [Resource("cpus", world.rooms[HERE] * 1000), PORTS]
    for part in world.reserved:
        unreserved = [each.without(part.resource) for each in unreserved]
    slave = {
        "id": HERE,
        "pid": f"slave(1)@10.70.0.20:{AGENT}",
        "active": True,
        "reserved_resources": {room.ROLE: {}} if reserved else {},
        "reserved_resources_full": {room.ROLE: reserved} if reserved else {},
        "unreserved_resources_full": [{**each.told, "role": "*"} for each in unreserved if each],
        "used_resources_full": [{**each, "role": "*"} for each in used],
    }
    return {"slaves": [slave], "recovered_slaves": []}


def _marathon(world: World, leader: str, path: str) -> object:
    if path == "/v2/info":
        master = {"mesos_leader_ui_url": f"http://{leader}:{MASTER}/"}
        return {"leader": f"{leader}:{MARATHON}", "frameworkId": FRAMEWORK, "marathon_config": master}
    if path == "/v2/queue":
        return {"queue": [_queued(id) for id, app in world.apps.items() if len(app.tasks) < app.instances]}
    return {
        "apps": [
            {
                "id": id,
                "instances": app.instances,
                "deployments": [{"id": "d"}] if app.changing else [],
                "tasks": [_task(task) for task in app.tasks],
            }
            for id, app in world.apps.items()
        ]
    }


def _task(task: Task) -> object:
    return {"id": task.id, "slaveId": task.agent, "state": ALIVE if task.running else "TASK_STAGING"}


def _queued(id: str) -> object:
    rejected = [{"reason": "InsufficientCpus", "declined": 1, "processed": 1}]
    return {
        "app": {"id": id},
        "count": 1,
        "delay": {"timeLeftSeconds": 0, "overdue": True},
        "processedOffersSummary": {"rejectSummaryLastOffers": rejected},
    }


def _agent(others: tuple[str, ...]) -> object:
    tasks = [{"id": id, "state": ALIVE} for id in others]
    return {"frameworks": [{"id": "other", "executors": [{"tasks": tasks, "queued_tasks": []}]}]}


def asked(step: Step) -> Move:
    """Read the move back from the shell of its step."""
    call = step.shell.partition("said=$(ask ")[2].partition(") || true")[0]
    head, _, body = shlex.split(call)[2].partition("\r\n\r\n")
    method, path, *_ = head.split()
    if "reserve" in path:
        form = dict(parse_qsl(body))
        assert form["slaveId"] == HERE
        parts = room.ours({"reserved_resources_full": {room.ROLE: json.loads(form["resources"])}})
        return Unreserve(parts) if "unreserve" in path else Reserve(parts)
    if method == "PUT":
        app = path.removeprefix("/v2/apps").partition("?")[0]
        return Scale(app, json.loads(body)["instances"], "force=true" in path)
    assert path == "/v2/tasks/delete?scale=true"
    return Kill("", tuple(json.loads(body)["ids"]))
