"""Deployments: which steps a change takes, what each app still needs, when a step is done. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from typing import Any

from .apps import Definition

Action = tuple[str, str]
_OF_THE_VERSION = ("version", "versionInfo")


@dataclass
class Task:
    """One task of an app, as far as it has to be remembered."""

    id: str
    instance: str
    app: str
    version: str
    config: str
    agent: str
    host: str
    ports: list[int]
    staged: str
    attributes: dict[str, str]
    state: str = "TASK_STAGING"
    started: str | None = None
    addresses: list[dict[str, str]] = field(default_factory=list)
    healthy: bool | None = None
    unreachable: str | None = None
    killed: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what Task(**it) makes this of again."""
        return asdict(self)


@dataclass
class Change:
    """One app before and after; None where it is not there."""

    app: str
    before: Definition | None
    after: Definition | None

    def actions(self) -> list[Action]:
        """Return what has to be done, one after the other."""
        if self.after is None:
            return [("StopApplication", self.app)]
        if self.before is None:
            return [("StartApplication", self.app), ("ScaleApplication", self.app)]
        if (
            self.before["versionInfo"]["lastConfigChangeAt"]
            != self.after["versionInfo"]["lastConfigChangeAt"]
        ):
            return [("RestartApplication", self.app)]
        return [("ScaleApplication", self.app)] if self.before["instances"] != self.after["instances"] else []


@dataclass
class Deployment:
    """Changes on their way, and how far they have come."""

    id: str
    version: str
    changes: list[Change]
    step: int = 0

    @property
    def steps(self) -> list[list[Action]]:
        """Return the steps, each with the actions that are done at the same time."""
        rows = zip_longest(*(change.actions() for change in self.changes))
        return [[action for action in row if action] for row in rows]

    @property
    def apps(self) -> list[str]:
        """Return the ids of the apps that change."""
        return [change.app for change in self.changes]

    def as_json(self) -> dict[str, Any]:
        """Return it as /v2/deployments shows it."""
        steps = [[{"action": action, "app": app} for action, app in step] for step in self.steps]
        now = steps[self.step] if self.step < len(steps) else []
        return {
            "id": self.id,
            "version": self.version,
            "affectedApps": self.apps,
            "affectedPods": [],
            "steps": [{"actions": actions} for actions in steps],
            "currentActions": [{**action, "readinessCheckResults": []} for action in now],
            "currentStep": min(self.step + 1, len(steps)),
            "totalSteps": len(steps),
        }

    def stored(self) -> dict[str, Any]:
        """Return what restored() makes this of again."""
        return asdict(self)


def restored(data: dict[str, Any]) -> Deployment:
    """Make a deployment of what was stored."""
    return Deployment(data["id"], data["version"], [Change(**each) for each in data["changes"]], data["step"])


def same_config(one: Definition, other: Definition) -> bool:
    """Tell whether running tasks may stay: nothing differs but how many there are."""
    ignored = (*_OF_THE_VERSION, "instances")
    kept = [{name: value for name, value in each.items() if name not in ignored} for each in (one, other)]
    return kept[0] == kept[1]


@dataclass(frozen=True)
class Need:
    """What an app's tasks lack."""

    launch: int = 0
    kill: Sequence[Task] = ()


def need(app: Definition, tasks: Sequence[Task], ready: Callable[[Task], bool]) -> Need:
    """Say how many to launch and which to kill now, keeping to the upgrade strategy."""
    config, target = app["versionInfo"]["lastConfigChangeAt"], app["instances"]
    living = [task for task in tasks if not task.killed]
    new = [task for task in living if task.config == config]
    old = [task for task in living if task.config != config]
    surplus = _to_go(app, new, len(new) - target)
    if not old:
        return Need(max(0, target - len(new)), surplus)
    least, most = capacities(app)
    room = max(0, most - len(tasks))
    spare = max(0, sum(map(ready, living)) - least)
    idle = [task for task in old if not ready(task)]
    serving = [task for task in old if ready(task)]
    return Need(max(0, min(target - len(new), room)), [*surplus, *idle, *serving[:spare]])


def capacities(app: Definition) -> tuple[int, int]:
    """Return how many must serve and how many there may be during a restart."""
    target, strategy = app["instances"], app["upgradeStrategy"]
    least = math.ceil(target * strategy["minimumHealthCapacity"])
    most = target + int(target * strategy["maximumOverCapacity"])
    # Else nothing could ever be replaced.
    return least, most + 1 if least == most else most


def _to_go(app: Definition, tasks: Sequence[Task], count: int) -> list[Task]:
    youngest_first = app["killSelection"] == "YOUNGEST_FIRST"
    return sorted(tasks, key=lambda task: task.staged, reverse=youngest_first)[: max(0, count)]


def settled(app: Definition, tasks: Sequence[Task], ready: Callable[[Task], bool]) -> bool:
    """Tell whether an app is what it should be: as many as wanted, all serving, none of the past."""
    config = app["versionInfo"]["lastConfigChangeAt"]
    current = [task for task in tasks if task.config == config and not task.killed and ready(task)]
    return len(current) == len(tasks) == int(app["instances"])
