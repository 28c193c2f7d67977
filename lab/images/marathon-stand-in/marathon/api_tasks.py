"""/v2/tasks, /v2/apps/.../tasks, /v2/deployments, /v2/queue, /v2/groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from standin.web import Headers, Request, Response

from . import clock, views
from .api_apps import deploy, deployment_body
from .apps import path_id
from .deployments import Change, Task
from .web import Problem, Routes, answer, asked, body_of, wants
from .world import World

_STATES = {"running": ("TASK_RUNNING",), "staging": ("TASK_STAGING", "TASK_STARTING")}


class Tasks:
    """Answers for tasks, and for what keeps them from coming."""

    def __init__(self, world: World, kill: Callable[[Task], None]) -> None:
        self._world, self._kill = world, kill

    def add_to(self, routes: Routes) -> None:
        """Register the paths; before those of the apps, whose ids would swallow them."""
        routes.add("GET", "/v2/tasks", self.index)
        routes.add("POST", "/v2/tasks/delete", self.delete_listed)
        routes.add("GET", "/v2/apps/(.+)/tasks", self.of_app)
        routes.add("DELETE", "/v2/apps/(.+)/tasks/([^/]+)", self.delete_one)
        routes.add("GET", "/v2/deployments", self.deployments)
        routes.add("DELETE", "/v2/deployments/([^/]+)", self.undo)
        routes.add("GET", "/v2/queue", lambda _: answer(views.queue_view(self._world)))
        routes.add("GET", "/v2/pods", lambda _: answer([]))
        routes.add("GET", "/v2/plugins", lambda _: answer({"plugins": []}))
        routes.add("GET", "/v2/groups(?:/(.*))?", self.group)

    def index(self, request: Request) -> Response:
        """List all tasks, or those in a state."""
        names = asked(request, "status", "status[]")
        states = [state for name in names for state in _STATES.get(name, ())]
        found = [task for task in self._world.tasks.values() if not names or task.state in states]
        return answer({"tasks": [views.task_view(self._world, task, True) for task in found]})

    def of_app(self, _: Request, key: str) -> Response:
        """List an app's tasks."""
        return answer({"tasks": self._views(self._tasks(key))})

    def _tasks(self, key: str) -> list[Task]:
        if path_id(key) not in self._world.apps:
            raise Problem(404, f"App '{path_id(key)}' does not exist")
        return self._world.tasks_of(path_id(key))

    def _views(self, tasks: list[Task]) -> list[views.Json]:
        return [views.task_view(self._world, task) for task in tasks]

    def delete_one(self, request: Request, key: str, task_id: str) -> Response:
        """Kill one task."""
        chosen = [task for task in self._tasks(key) if task.id == task_id]
        if not chosen:
            raise Problem(404, f"Task '{task_id}' does not exist")
        return self._end(chosen, request, {"task": views.instance_view(self._world, chosen[0])})

    def delete_listed(self, request: Request) -> Response:
        """Kill the tasks whose ids are given; unknown ones are passed over."""
        body = body_of(request)
        ids = body.get("ids") if isinstance(body, dict) else None
        if not isinstance(ids, list):
            raise Problem(422, "Invalid JSON", details=[{"path": "/ids", "errors": ["error.path.missing"]}])
        chosen = [task for task in self._world.tasks.values() if task.id in ids]
        return self._end(chosen, request, {"tasks": self._views(chosen)})

    def _end(self, tasks: list[Task], request: Request, shown: dict[str, Any]) -> Response:
        """Kill tasks. With scale=true their apps want as many fewer, which is a deployment."""
        if wants(request, "scale") and wants(request, "wipe"):
            raise Problem(400, "You cannot use scale and wipe at the same time.")
        header: Headers = {}
        if wants(request, "scale"):
            apps = sorted({task.app for task in tasks})
            changes = [self._fewer(app, sum(task.app == app for task in tasks)) for app in apps]
            shown = deployment_body(deploy(self._world, changes, wants(request, "force")))
            header = {"Marathon-Deployment-Id": shown["deploymentId"]}
        for task in tasks:
            self._kill(task)
        return answer(shown, headers=header)

    def _fewer(self, key: str, count: int) -> Change:
        before, version = self._world.apps[key], clock.now()
        times = {**before["versionInfo"], "lastScalingAt": version}
        instances = max(0, before["instances"] - count)
        after = {**before, "instances": instances, "version": version, "versionInfo": times}
        return Change(key, before, after)

    def deployments(self, _: Request) -> Response:
        """List what is on its way: an empty list means that all is settled."""
        return answer([each.as_json() for each in self._world.deployments.values()])

    def undo(self, request: Request, key: str) -> Response:
        """Roll a deployment back by another one, or with force=true just stop it where it is."""
        found = self._world.deployments.get(key)
        if found is None:
            raise Problem(404, f"DeploymentPlan {key} does not exist")
        if wants(request, "force"):
            self._world.close(found, success=False)
            return Response(202)
        back = [self._back(change) for change in found.changes]
        return answer(deployment_body(deploy(self._world, back, force=True)))

    def _back(self, change: Change) -> Change:
        now = self._world.apps.get(change.app)
        return Change(change.app, now, change.before and {**change.before, "version": clock.now()})

    def group(self, _: Request, key: str | None) -> Response:
        """Show the group that app ids make."""
        view = views.group_view(self._world, path_id(key or ""))
        if view is None:
            raise Problem(404, f"Group '{path_id(key or '')}' does not exist")
        return answer(view)
