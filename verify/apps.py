"""Apps on a running cluster: launched through Marathon, watched, removed."""

import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

import requests

from tasks.inventory.cluster import Node

from .asking import request
from .findings import fail, require

T = TypeVar("T")

APP_TIMEOUT = 90
"""Seconds for an app to reach a wanted state: offers come every second, images may be pulled."""

TASK_TIMEOUT = 30
"""Seconds for a running task to answer on its port."""

TRANSIENT = (requests.ConnectionError, requests.Timeout, requests.JSONDecodeError)
"""What is no answer yet; a master that has just lost its lead answers without a body."""

BETWEEN_LEADERS = (502, 503, 504)
"""What a standby answers while there is no leader."""

SERVER = (
    "exec perl -MIO::Socket::INET -e '$SIG{TERM} = sub { exit };"
    "$s = IO::Socket::INET->new(LocalPort => $ENV{PORT0}, Listen => 9, ReuseAddr => 1) or die;"
    'while ($c = $s->accept) { <$c>; print $c "HTTP/1.0 200 OK\\r\\n\\r\\n$ENV{MESOS_TASK_ID}"; close $c }\''
)
"""A web server that says its task's id; perl is in every Debian and Ubuntu image."""


LOGS = "look at `docker logs` of the leading Marathon, of the leading master and of mesos-slave on the agents"


class NotYet(Exception):
    """What is waited for is not so yet; the text says what was seen."""


def eventually(
    what: str, ask: Callable[[], T | None], timeout: float = APP_TIMEOUT, where: str = "cluster"
) -> T:
    """Ask until there is an answer (not None, False or empty), and give it; else fail with the last seen.

    `ask` may raise NotYet to tell what that is.
    """
    deadline = time.monotonic() + timeout
    last = "none"
    while time.monotonic() < deadline:
        try:
            seen = ask()
        except TRANSIENT as error:
            last = type(error).__name__
        except NotYet as told:
            last = str(told)
        else:
            if seen is not None and seen is not False and seen != []:
                return seen
            last = "none"
        time.sleep(0.2)
    after = f"after {timeout:.0f} s there is {last}"
    fail(where, after, what, LOGS)


class App:
    """One app of ours, on whatever Marathon it is asked through."""

    def __init__(self, through: Node, definition: dict[str, Any]) -> None:
        self.id = f"/mesofab-verify-{uuid.uuid4().hex[:12]}"
        self.through = through
        self.definition = {"id": self.id, "cpus": 0.1, "mem": 32, "instances": 1, **definition}

    def call(self, method: str, path: str = "", **options: Any) -> requests.Response:
        """Call Marathon's API; between two leaders, again."""

        def ask() -> requests.Response | None:
            url = f"http://{self.through.address}:{self.through.settings.marathon_port}/v2/apps{path}"
            answer = request(method, url, timeout=15, **options)
            return None if answer.status_code in BETWEEN_LEADERS else answer

        what = f"an answer to {method} /v2/apps{path}"
        return eventually(what, ask, where=self.through.name)

    def launch(self) -> None:
        """Launch it and wait until it runs."""
        self._accepted(self.call("POST", json=self.definition), 201)
        self.runs(self.definition["instances"], unless_one_fails=True)

    def scale(self, instances: int) -> None:
        """Change the number of instances and wait until so many run."""
        self._accepted(self.call("PUT", f"/{self.id}?force=true", json={"instances": instances}), 200)
        self.runs(instances)

    def _accepted(self, answer: requests.Response, status: int) -> None:
        seen = f"Marathon answers {answer.status_code} for {self.id}: {answer.text[:200]}"
        require(answer.status_code == status, self.through.name, seen, str(status), LOGS)

    def tasks(self) -> list[dict[str, Any]]:
        """Return its running tasks."""
        return _running(self._all_tasks())

    def _all_tasks(self) -> list[dict[str, Any]]:
        return list(self.call("GET", f"/{self.id}/tasks").json().get("tasks", []))

    def runs(self, instances: int, unless_one_fails: bool = False) -> list[dict[str, Any]]:
        """Wait until exactly so many tasks run and no deployment is left; give them.

        With `unless_one_fails` the first task that fails ends it: Marathon itself would try on for ever.
        """

        def settled() -> list[dict[str, Any]]:
            app = self._told()
            self._refuse(app.get("lastTaskFailure") if unless_one_fails else None)
            tasks = self._all_tasks()
            running, deploys = _running(tasks), bool(app.get("deployments"))
            if len(running) == instances and not deploys:
                return running
            told = ", ".join(sorted(f"a task in {task['state']}" for task in tasks)) or "no task"
            raise NotYet(told + " and a deployment that goes on" * deploys)

        what = f"{instances} running tasks of {self.id}"
        return eventually(what, settled, APP_TIMEOUT, where=self.through.name)

    def _told(self) -> dict[str, Any]:
        return dict(self.call("GET", f"/{self.id}").json().get("app", {}))

    def _refuse(self, failure: dict[str, Any] | None) -> None:
        """Fail with what Marathon says of a task that failed, if there is one."""
        if failure:
            seen = f"a task of {self.id} became {failure.get('state')}: {failure.get('message')}"
            fail(str(failure.get("host")), seen, "it to run", LOGS)

    def says(self, task: dict[str, Any]) -> str:
        """Ask the task's own port from here and give what it says; fails with why it failed, if it did."""

        def ask() -> str:
            try:
                return request("GET", f"http://{task['host']}:{task['ports'][0]}/", timeout=5).text
            except requests.ConnectionError:
                failure = self._told().get("lastTaskFailure") or {}
                self._refuse(failure if failure.get("taskId") == task["id"] else None)
                raise

        what = f"an answer of {task['id']} on port {task['ports'][0]}"
        return str(eventually(what, ask, TASK_TIMEOUT, where=task["host"]))

    def remove(self) -> None:
        """Remove it and wait until Marathon knows nothing of it."""
        self.call("DELETE", f"/{self.id}")
        gone = f"{self.id} to be gone"
        eventually(gone, lambda: self.call("GET", f"/{self.id}").status_code == 404, where=self.through.name)


def _running(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [task for task in tasks if task["state"] == "TASK_RUNNING"]
