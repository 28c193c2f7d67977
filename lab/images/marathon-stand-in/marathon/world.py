"""What the leader knows: apps, their tasks, deployments. In ZooKeeper before in memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from . import clock, deployments
from .apps import Definition, service_ports
from .deployments import Change, Deployment, Task
from .events import Events
from .store import Store

LOCKED = (
    "App is locked by one or more deployments. Override with the option '?force=true'. "
    "View details at '/v2/deployments/<DEPLOYMENT_ID>'."
)


class Locked(Exception):
    """A deployment is on its way that the change would interfere with."""

    def __init__(self, ids: list[str]) -> None:
        super().__init__(LOCKED)
        self.ids = ids


@dataclass
class Launch:
    """An app's place in the launch queue: how many wait, for how long, and why no offer would do."""

    count: int = 0
    since: str = ""
    delay: float = 0.0
    failed: str = ""
    processed: int = 0
    seen: dict[str, str] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    last: Counter[str] = field(default_factory=Counter)

    @property
    def left(self) -> float:
        """Return how many seconds of the delay are left."""
        return max(0.0, self.delay - clock.age(self.failed)) if self.failed else 0.0


class World:
    """All state of a leader; `changed` is set when there may be something to do."""

    def __init__(self, store: Store, events: Events) -> None:
        self.changed = asyncio.Event()
        self._store, self._events = store, events
        self.framework_id: str | None = store.framework_id
        self.master_url: str | None = None
        self.apps: dict[str, Definition] = {app["id"]: app for app in store.all("apps")}
        self.history = {key: store.versions("apps", key) for key in self.apps}
        self.tasks = {task.id: task for task in (Task(**data) for data in store.all("instance"))}
        self.failures: dict[str, Any] = {each["appId"]: each for each in store.all("taskFailures")}
        self.deployments = {each["id"]: deployments.restored(each) for each in store.all("deployment")}
        self.launches: dict[str, Launch] = {}
        self.health: dict[str, dict[int, dict[str, Any]]] = {}

    def register(self, framework_id: str | None, master_url: str | None) -> None:
        """Keep the framework id: without it the next leader would be another framework."""
        if framework_id != self.framework_id:
            self._store.framework_id = framework_id
        self.framework_id, self.master_url = framework_id, master_url

    def tasks_of(self, app_id: str) -> list[Task]:
        """Return an app's tasks, the oldest first."""
        return sorted(
            (task for task in self.tasks.values() if task.app == app_id), key=lambda task: task.staged
        )

    def active(self, app_id: str) -> list[Task]:
        """Return those that count: what was unreachable for too long does not."""
        return [task for task in self.tasks_of(app_id) if not self.inactive(task)]

    def inactive(self, task: Task) -> bool:
        """Tell whether a task has been unreachable for so long that it is replaced."""
        strategy = self.apps.get(task.app, {}).get("unreachableStrategy", {})
        if not task.unreachable or strategy == "disabled":
            return False
        patience: float = strategy.get("inactiveAfterSeconds", 0)
        return clock.age(task.unreachable) >= patience

    def ready(self, task: Task) -> bool:
        """Tell whether a task serves: it runs, and is healthy where somebody looks."""
        checked = self.apps.get(task.app, {}).get("healthChecks")
        return task.state == "TASK_RUNNING" and (task.healthy is True or not checked)

    def taken_ports(self, but: str = "") -> set[int]:
        """Return the service ports of all apps but one."""
        return {port for key, app in self.apps.items() if key != but for port in service_ports(app)}

    def keep(self, task: Task) -> None:
        """Remember a task, for the next leader too."""
        self._store.put("instance", task.instance, task.as_json())
        self.tasks[task.id] = task
        self.changed.set()

    def forget(self, task: Task) -> None:
        """Forget a task that is no more."""
        self._store.drop("instance", task.instance)
        self.tasks.pop(task.id, None)
        self.health.pop(task.id, None)
        self.changed.set()

    def judge(self, task: Task, check: int, alive: bool, cause: str) -> int:
        """Take the result of a health check; return how often in a row it has failed."""
        results = self.health.setdefault(task.id, {})
        result = results.setdefault(check, {"consecutiveFailures": 0, "instanceId": task.instance})
        failures = 0 if alive else result["consecutiveFailures"] + 1
        result |= {"alive": alive, "consecutiveFailures": failures}
        result["lastSuccess" if alive else "lastFailure"] = now = clock.now()
        result |= {"firstSuccess": result.get("firstSuccess", now)} if alive else {"lastFailureCause": cause}
        checks = self.apps.get(task.app, {}).get("healthChecks", [])
        healthy = all(each["alive"] for each in results.values()) and len(results) >= len(checks)
        if healthy != task.healthy:
            task.healthy = healthy
            self.keep(task)
        return failures

    def failed(self, failure: dict[str, Any]) -> None:
        """Remember how an app's last task failed."""
        self.failures[failure["appId"]] = failure
        self._store.put("taskFailures", failure["appId"], failure)

    def deploy(self, changes: list[Change], version: str, force: bool) -> Deployment:
        """Accept changes: from here on the apps are as they should become; tasks follow."""
        ids = {change.app for change in changes}
        running = [each for each in self.deployments.values() if ids & set(each.apps)]
        if running and not force:
            raise Locked([each.id for each in running])
        for each in running:
            self.close(each, success=False)
        deployment = Deployment(clock.new_id(), version, changes)
        self._store.put("deployment", deployment.id, deployment.stored())
        self.deployments[deployment.id] = deployment
        for change in changes:
            self._accept(change)
        self.changed.set()
        return deployment

    def _accept(self, change: Change) -> None:
        self.launches.pop(change.app, None)
        if change.after is None:
            self._store.drop("apps", change.app)
            self.apps.pop(change.app, None)
            self.history.pop(change.app, None)
            return
        version = change.after["version"]
        self._store.put("apps", change.app, change.after)
        self._store.put("apps", change.app, change.after, version)
        self.apps[change.app] = change.after
        self.history.setdefault(change.app, {})[version] = change.after

    def close(self, deployment: Deployment, success: bool) -> None:
        """End a deployment."""
        self._store.drop("deployment", deployment.id)
        del self.deployments[deployment.id]
        kind = "deployment_success" if success else "deployment_failed"
        self._events.publish(kind, id=deployment.id, plan=deployment.as_json())

    def advance(self) -> None:
        """Bring every deployment as far as its apps' tasks allow."""
        for deployment in list(self.deployments.values()):
            while deployment.step < len(deployment.steps) and self._done(deployment.steps[deployment.step]):
                deployment.step += 1
            if deployment.step == len(deployment.steps):
                self.close(deployment, success=True)

    def _done(self, actions: Iterable[deployments.Action]) -> bool:
        return all(name == "StartApplication" or self._settled(app) for name, app in actions)

    def _settled(self, app_id: str) -> bool:
        app = self.apps.get(app_id)
        if app is None:
            return not self.tasks_of(app_id)
        return deployments.settled(app, self.active(app_id), self.ready)
