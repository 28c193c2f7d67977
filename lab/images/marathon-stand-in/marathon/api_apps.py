"""/v2/apps: list, create, change, restart, delete, versions."""

from __future__ import annotations

from collections.abc import Callable

from standin.web import Request, Response

from . import apps, clock, deployments, views
from .apps import Definition, path_id
from .apps_rules import Invalid
from .deployments import Change, Deployment
from .options import Options
from .web import Problem, Routes, answer, asked, body_of, wants
from .world import Locked, World

_APP = r"/v2/apps/(.+?)"


class Apps:
    """Answers for apps. Each change becomes a deployment; tasks follow by themselves."""

    def __init__(self, world: World, options: Options) -> None:
        self._world, self._options = world, options

    def add_to(self, routes: Routes) -> None:
        """Register the paths; what stands below an app first, since ids have slashes in them."""
        routes.add("GET", "/v2/apps", self.index)
        routes.add("POST", "/v2/apps", self.create)
        routes.add("GET", _APP + "/versions", self.versions)
        routes.add("GET", _APP + "/versions/([^/]+)", self.version)
        routes.add("POST", _APP + "/restart", self.restart)
        routes.add("GET", r"/v2/apps(?:/(.+))?/\*", self.below)
        routes.add("GET", _APP, self.show)
        routes.add("PUT", _APP, lambda request, key: self.replace(request, key, False))
        routes.add("PATCH", _APP, lambda request, key: self.replace(request, key, True))
        routes.add("DELETE", _APP, self.delete)

    def index(self, request: Request) -> Response:
        """List the apps, or those with a part of their id."""
        embed, parts = asked(request, "embed", "embed[]"), asked(request, "id")
        found = [app for key, app in self._world.apps.items() if all(part in key for part in parts)]
        return answer({"apps": [views.app_view(self._world, app, embed) for app in found]})

    def show(self, _: Request, key: str) -> Response:
        """Show one app with its tasks."""
        embed = ("apps.tasks", "apps.lastTaskFailure")
        return answer({"app": views.app_view(self._world, self._existing(key), embed)})

    def below(self, _: Request, group: str | None) -> Response:
        """List the apps below a group."""
        prefix = path_id(group or "").rstrip("/") + "/"
        found = [app for key, app in self._world.apps.items() if key.startswith(prefix)]
        return answer({"*": [views.app_view(self._world, app) for app in found]})

    def create(self, request: Request) -> Response:
        """Make a new app."""
        raw = body_of(request)
        app = self._checked(lambda: apps.create(raw, self._options, self._world.taken_ports()))
        if app["id"] in self._world.apps:
            raise Problem(409, f"An app with id [{app['id']}] already exists.")
        deployment = self._deploy(self._change(None, app), request)
        view = {**views.app_view(self._world, self._world.apps[app["id"]]), "tasks": []}
        del view["versionInfo"]
        return answer(view, 201, {"Location": _place(request, app["id"]), **_header(deployment)})

    def replace(self, request: Request, key: str, must_exist: bool) -> Response:
        """Change one app, or make it where that is allowed."""
        raw, key = body_of(request), path_id(key)
        before = self._existing(key) if must_exist else self._world.apps.get(key)
        taken = self._world.taken_ports(but=key)
        named = {**raw, "id": key} if isinstance(raw, dict) else raw
        if before and (must_exist or wants(request, "partialUpdate", default=True)):
            app = self._checked(lambda: apps.update(before, named, self._options, taken))
        else:
            app = self._checked(lambda: apps.create(named, self._options, taken))
        response = _answer(self._deploy(self._change(before, app), request))
        if not before:
            response.status, response.headers["Location"] = 201, _place(request, key)
        return response

    def restart(self, request: Request, key: str) -> Response:
        """Replace all tasks, with the same configuration."""
        before, version = self._existing(key), clock.now()
        times = {"lastScalingAt": version, "lastConfigChangeAt": version}
        after = {**before, "version": version, "versionInfo": times}
        return _answer(self._deploy(Change(before["id"], before, after), request))

    def delete(self, request: Request, key: str) -> Response:
        """Remove an app; this verb alone overrides running deployments unless told not to."""
        before = self._existing(key)
        return _answer(self._deploy(Change(before["id"], before, None), request, force=True))

    def versions(self, _: Request, key: str) -> Response:
        """List an app's versions, the newest first."""
        return answer({"versions": sorted(self._world.history[self._existing(key)["id"]], reverse=True)})

    def version(self, _: Request, key: str, version: str) -> Response:
        """Show an app as it was."""
        known = self._world.history[self._existing(key)["id"]]
        if version not in known:
            raise Problem(404, f"App '{path_id(key)}' does not exist in version {version}")
        return answer(known[version])

    def _existing(self, key: str) -> Definition:
        app = self._world.apps.get(path_id(key))
        if app is None:
            raise Problem(404, f"App '{path_id(key)}' does not exist")
        return app

    def _checked(self, make: Callable[[], Definition]) -> Definition:
        try:
            return make()
        except Invalid as invalid:
            raise Problem(422, invalid.message, details=invalid.details) from None

    def _change(self, before: Definition | None, app: Definition) -> Change:
        """Give an app its version: a new one only if something is new, a new configuration if need be."""
        version = clock.now()
        times = {"lastScalingAt": version, "lastConfigChangeAt": version}
        app = {name: value for name, value in app.items() if name != "version"}
        if before and deployments.same_config(before, app):
            if before["instances"] == app["instances"]:
                return Change(app["id"], before, before)
            times["lastConfigChangeAt"] = before["versionInfo"]["lastConfigChangeAt"]
        return Change(app["id"], before, {**app, "version": version, "versionInfo": times})

    def _deploy(self, change: Change, request: Request, force: bool = False) -> Deployment:
        return deploy(self._world, [change], wants(request, "force", default=force))


def deploy(world: World, changes: list[Change], force: bool) -> Deployment:
    """Hand changes over; 409 if one of their apps is being changed already."""
    try:
        return world.deploy(changes, clock.now(), force)
    except Locked as locked:
        raise Problem(409, str(locked), deployments=[{"id": each} for each in locked.ids]) from None


def deployment_body(deployment: Deployment) -> dict[str, str]:
    """Return the body of an answer to a change."""
    return {"version": deployment.version, "deploymentId": deployment.id}


def _place(request: Request, key: str) -> str:
    return f"http://{request.host}/v2/apps{key}"


def _header(deployment: Deployment) -> dict[str, str]:
    return {"Marathon-Deployment-Id": deployment.id}


def _answer(deployment: Deployment) -> Response:
    return answer(deployment_body(deployment), headers=_header(deployment))
