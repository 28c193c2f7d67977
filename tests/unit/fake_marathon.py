"""A Marathon of one agent as the suite sees it over HTTP, and the leading master: nothing is waited for."""

import json
import re
from threading import Lock
from typing import Any

import pytest
import requests

AGENT = "10.0.0.8"


class Marathon:
    """Runs every app that it is given, but for launches that are to fail.

    `fails` are messages of launches that fail before they run, oldest first; `always` is that of all others.
    With `lost` the answers to so many POSTs get lost, though Marathon has taken them. Whoever asks how an app
    is gets `error`, if there is one; with `keeps` no app is ever removed.
    """

    def __init__(
        self,
        *fails: str,
        always: str = "",
        lost: int = 0,
        error: type[BaseException] | None = None,
        keeps: bool = False,
    ) -> None:
        self.fails, self.always, self.lost = list(fails), always, lost
        self._error, self._keeps = error, keeps
        self.apps: dict[str, dict[str, Any]] = {}
        self.silent: set[str] = set()
        self.asked: list[str] = []
        self._launched = 0
        self._at_once = Lock()

    def plant(self, patch: pytest.MonkeyPatch) -> None:
        """Be who the suite asks.

        It asks from many places, some of them in a pytest that runs inside of this process, at addresses
        that are not of this machine; and requests has no way to answer for all sessions.
        """
        patch.setattr(
            "requests.Session.request", lambda session, *words, **more: self.request(*words, **more)
        )

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """Answer as `verify.asking.request` does."""
        where, _, path = url.removeprefix("http://").partition("/")
        self.asked.append(f"{method} {url.removeprefix('http://')}")
        if where.partition(":")[0] in self.silent:
            raise requests.ConnectionError
        if path.startswith("v2/apps"):
            with self._at_once:
                return self._app(method, path.removeprefix("v2/apps").removeprefix("/"), options.get("json"))
        said = {
            "v2/info": {"leader": where},
            "metrics/snapshot": {"master/elected": 1},
            "tasks?limit=1000": {"tasks": []},
        }
        return answer(200, said[path]) if path in said else self._task(int(where.partition(":")[2]))

    def fail(self, message: str) -> None:
        """Have every task fail."""
        for app in self.apps.values():
            for task in app["tasks"]:
                app["lastTaskFailure"] = failure(task["id"], message)
            app["tasks"] = []

    def _app(self, method: str, path: str, body: dict[str, Any] | None) -> requests.Response:
        found = re.fullmatch(r"(/[^/?]+)?(?:/tasks/)?([^?]*)(\?.*)?", path)
        assert found is not None, path
        name, task = found[1], found[2]
        if method == "POST" and body:
            return self._post(body)
        if name not in self.apps:
            return answer(404, {"message": f"App '{name}' does not exist"})
        app = self.apps[name]
        if task:
            app["tasks"] = [each for each in app["tasks"] if each["id"] != task]
        elif method == "DELETE" and self._keeps:
            return answer(500, "")
        elif method == "DELETE":
            del self.apps[name]
        elif method == "PUT" and body:
            app["instances"] = body["instances"]
            del app["tasks"][app["instances"] :]
        elif method == "GET":
            if self._error:
                raise self._error
            self._launch(app)
        return answer(200, {"app": app})

    def _post(self, body: dict[str, Any]) -> requests.Response:
        known = body["id"] in self.apps
        self.apps.setdefault(body["id"], {**body, "tasks": [], "deployments": []})
        if self.lost:
            self.lost -= 1
            raise requests.Timeout
        return answer(409 if known else 201, {})

    def _launch(self, app: dict[str, Any]) -> None:
        """Launch one task more if there are too few; it runs, or has failed."""
        if len(app["tasks"]) == app["instances"]:
            return
        self._launched += 1
        task = f"{app['id'][1:]}.{self._launched}"
        if message := self.fails.pop(0) if self.fails else self.always:
            app["lastTaskFailure"] = failure(task, message)
        else:
            app["tasks"] += [
                {"id": task, "host": AGENT, "ports": [31000 + self._launched], "state": "TASK_RUNNING"}
            ]

    def _task(self, port: int) -> requests.Response:
        for app in self.apps.values():
            for task in app["tasks"]:
                if task["ports"] == [port]:
                    return answer(200, task["id"])
        raise requests.ConnectionError


def failure(task: str, message: str, state: str = "TASK_FAILED") -> dict[str, str]:
    """Give what Marathon tells of the task that failed last."""
    return {"taskId": task, "host": AGENT, "state": state, "message": message}


def answer(status: int, said: Any) -> requests.Response:
    """Give an answer with JSON, or with a text."""
    made = requests.Response()
    made.status_code = status
    made._content = (said if isinstance(said, str) else json.dumps(said)).encode()
    return made
