"""Which tasks end when an agent's container does, by the agent's own word.

A command task lives in the cgroup of the agent's container and ends with it. A docker task runs on if its
executor has a container of its own (docker_mesos_image), the agent sees the host's processes and the
framework checkpoints: all of it seen on the real 1.5.0. The leading master's list has only counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...inventory.cluster import Node
from ...inventory.printable import printable
from .. import http
from ..availability.apps import by_app
from ..gate import Question
from ..look.observed import Observed
from ..membership import Plans
from ..names import Id
from ..step import HostPlan, Step
from ..words import counted, grouped
from .desired import CONTAINER, farewell
from .room import ALIVE
from .service import agent

RESTARTED = "A command task ends with its agent's container; Marathon starts another one."
MADE_NEW = "An agent that is made new ends all of its tasks, those of docker as well; Marathon starts others."
"""Why a change loses tasks."""

ADVICE = (
    "To keep all instances of an app up meanwhile, move them to other agents first: fab host.drain HOST, and "
    "fab host.resume HOST afterwards. --drain moves none: it ends docker tasks, too."
)
"""What an operator can do about tasks that a change loses."""


@dataclass(frozen=True)
class Task:
    """A task that an agent runs: its id, and whether it is a docker container that runs on without it."""

    id: str
    stays: bool


Told = Mapping[str, Sequence[Task] | None]
"""What agents said that they run, by node; None for one that did not say."""


def question(node: Node) -> Question:
    """Return what to ask the agent on `node`: its own state, with its executors and their tasks."""
    return Question(node.address, node.settings.mesos_agent_port, http.get("/state"))


def read(text: str, node: Node, seen: Observed) -> tuple[Task, ...] | None:
    """Read an agent's answer; None if it did not say, as while it recovers or wants a password.

    Of no task at all the leading master's word is good enough.
    """
    answer = http.read(text)
    said = http.table(answer.json)
    if answer.status != 200 or not isinstance(said.get("frameworks"), list):
        known = agent(node, seen.answers)
        return () if known and not known.tasks else None
    apart = bool(http.text(http.table(said.get("flags")).get("docker_mesos_image")))
    apart = apart and seen.container(CONTAINER).options.get("PidMode") == "host"
    return tuple(_tasks(said, apart))


def _tasks(said: Mapping[str, object], apart: bool) -> Iterator[Task]:
    for framework in _listed(said, "frameworks"):
        lasting = apart and framework.get("checkpoint") is True
        for executor in _listed(framework, "executors"):
            for task in (*_listed(executor, "tasks"), *_listed(executor, "queued_tasks")):
                if task.get("state") in ALIVE:
                    docker = http.table(task.get("container")).get("type") == "DOCKER"
                    yield Task(printable(http.text(task.get("id"))), lasting and docker)


def _listed(owner: Mapping[str, object], name: str) -> Iterator[Mapping[str, object]]:
    return map(http.table, http.items(owner.get(name)))


def ends(step: Step) -> bool:
    """Tell whether a step ends the container of a running agent: whatever it does to it at a risk."""
    return step.id is Id.AGENT_RUN and step.risk != "none"


def touched(plan: HostPlan | None) -> bool:
    """Tell whether a plan ends the container of a running agent."""
    return plan is not None and any(map(ends, plan.steps))


def foretold(plan: HostPlan, node: Node, seen: Observed, tasks: Sequence[Task] | None) -> HostPlan:
    """Have the steps that end the container of the agent on `node` say what becomes of its tasks."""
    steps = (replace(s, effect=_effect(s, node, seen, tasks)) if ends(s) else s for s in plan.steps)
    return replace(plan, steps=tuple(steps))


def _effect(step: Step, node: Node, seen: Observed, tasks: Sequence[Task] | None) -> str:
    if not _makes_it_new(step):
        fate = _unknown(node, seen) if tasks is None else _fate(tasks)
        return "; ".join(filter(None, (step.effect, fate)))
    if tasks is None:
        return step.effect
    which = f" ({by_app(task.id for task in tasks)})" if tasks else ""
    return farewell(f"{counted(len(tasks), 'task')}{which}")


def _fate(tasks: Sequence[Task]) -> str:
    if not tasks:
        return "no task runs there"
    lost, staying = [task.id for task in tasks if not task.stays], sum(task.stays for task in tasks)
    said = f"loses {counted(len(lost), 'task')}: {by_app(lost)}" if lost else "loses no task"
    on = f"{counted(staying, 'docker task')} {'runs' if staying == 1 else 'run'} on"
    return f"{said}; {on}" if staying else said


def _unknown(node: Node, seen: Observed) -> str:
    """Say what is known without the agent's word: how many tasks the leading master counts there."""
    known = agent(node, seen.answers)
    number = f"its {counted(known.tasks, 'task')}" if known else "its tasks"
    return f"loses those of {number} that are no docker tasks: the agent did not say how many"


def costs(plans: Plans, told: Told) -> list[str]:
    """Say which plans lose or end tasks, what is true of many hosts once, and what can be done about it."""
    losing = [
        (name, step)
        for name, plan in plans.items()
        for step in plan.steps
        if ends(step) and _costs(step, told[name])
    ]
    lines = grouped((name, f"{step.title}: {step.effect}.") for name, step in losing)
    new = {_makes_it_new(step) for _, step in losing}
    why = [text for text, is_new in ((RESTARTED, False), (MADE_NEW, True)) if is_new in new]
    return [*lines, " ".join([*why, ADVICE])] if lines else []


def _costs(step: Step, tasks: Sequence[Task] | None) -> bool:
    return tasks is None or any(_makes_it_new(step) or not task.stays for task in tasks)


def _makes_it_new(step: Step) -> bool:
    """Tell whether the agent forgets who it was, drained or without its work_dir; then every task ends."""
    return step.risk == "data"
