"""Apps on a running cluster: launched through Marathon, watched, removed."""

import time
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from typing import Any, TypeVar

import pytest
import requests

from tasks.inventory.cluster import Cluster, Node

from .asking import as_operator, request
from .evidence import stretch
from .findings import fail, findings_of, refuse, require

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """Seconds for an app to reach a wanted state, for a task to answer on its port, between two looks.

    Offers come every second, images may be pulled.
    """

    app: float = 90
    task: float = 30
    pause: float = 0.2


PATIENCE = Patience()

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
    what: str,
    ask: Callable[[], T | None],
    timeout: float = PATIENCE.app,
    where: str = "cluster",
    pause: float = PATIENCE.pause,
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
        time.sleep(pause)
    after = f"after {timeout:.0f} s there is {last}"
    fail(where, after, what, LOGS)


class App:
    """One app of ours, on whatever Marathon of a cluster it is asked through."""

    def __init__(
        self, cluster: Cluster, through: Node, definition: dict[str, Any], patience: Patience = PATIENCE
    ) -> None:
        self.id = f"/mesofab-verify-{uuid.uuid4().hex[:12]}"
        self.through, self._patience = through, patience
        self.definition = {"id": self.id, "cpus": 0.1, "mem": 32, "instances": 1, **definition}
        self._marathons = cluster.having("marathon")
        self._allowed = cluster.settings.verify_failed_launches
        self._ran: set[str] = set()
        self._killed: set[str] = set()
        self._failed: dict[str, dict[str, Any]] = {}

    def call(self, method: str, path: str = "", **options: Any) -> requests.Response:
        """Call Marathon's API; between two leaders, again."""
        what = f"an answer to {method} /v2/apps{path}"
        ask = partial(_ask, self.through, method, path, **options)
        return self._eventually(what, ask)

    def launch(self) -> None:
        """Launch it and wait until it runs."""
        # 409: nobody else has its id, so it was taken before, and the answer got lost.
        with stretch("launched"):
            self._accepted(self.call("POST", json=self.definition), 201, 409)
            self.runs(self.definition["instances"])

    def scale(self, instances: int) -> None:
        """Change the number of instances and wait until so many run."""
        with stretch(f"scaled to {instances}"):
            self._accepted(self.call("PUT", f"/{self.id}?force=true", json={"instances": instances}), 200)
            self.runs(instances)

    def kill(self, task: dict[str, Any]) -> None:
        """Kill a task, which does not count as running any more."""
        self._killed.add(task["id"])
        with stretch("killed"):
            self.call("DELETE", f"/{self.id}/tasks/{task['id']}")

    def _accepted(self, answer: requests.Response, *statuses: int) -> None:
        seen = f"Marathon answers {answer.status_code} for {self.id}: {answer.text[:200]}"
        require(answer.status_code in statuses, self.through.name, seen, str(statuses[0]), LOGS)

    def tasks(self) -> list[dict[str, Any]]:
        """Return its running tasks."""
        return self._running(self._told())

    def _running(self, app: dict[str, Any]) -> list[dict[str, Any]]:
        tasks = app.get("tasks", [])
        return [t for t in tasks if t["state"] == "TASK_RUNNING" and t["id"] not in self._killed]

    def runs(self, instances: int) -> list[dict[str, Any]]:
        """Wait until exactly so many tasks run and no deployment is left; give them.

        Marathon launches another task for one that fails, and would do so for ever: too many end the wait.
        """

        def settled() -> list[dict[str, Any]]:
            app = self._told()
            running, deploys = self._running(app), bool(app.get("deployments"))
            if len(running) == instances and not deploys:
                return running
            told = (
                ", ".join(sorted(f"a task in {task['state']}" for task in app.get("tasks", []))) or "no task"
            )
            raise NotYet(told + " and a deployment that goes on" * deploys)

        what = f"{instances} running tasks of {self.id}"
        return self._eventually(what, settled)

    def _eventually(self, what: str, ask: Callable[[], T | None]) -> T:
        return eventually(what, ask, self._patience.app, self.through.name, self._patience.pause)

    def _told(self) -> dict[str, Any]:
        """Return what Marathon tells of it, after a look at the only failed task in there: the last one."""
        app = dict(self.call("GET", f"/{self.id}").json().get("app", {}))
        self._ran |= {task["id"] for task in self._running(app)}
        failure, listed = app.get("lastTaskFailure") or {}, {task["id"] for task in app.get("tasks", [])}
        if failure and failure.get("taskId") not in {*listed, *self._killed, *self._failed}:
            self._judge(failure)
        return app

    def _judge(self, failure: dict[str, Any]) -> None:
        """Fail if the task had run, or if too many launches have failed before theirs did."""
        where, became = str(failure.get("host")), f"became {failure.get('state')}: {failure.get('message')}"
        if failure.get("taskId") in self._ran:
            fail(where, f"a task of {self.id} ran and {became}", "it to go on", LOGS)
        self._failed[str(failure.get("taskId"))] = failure
        seen = f"{_launches(self._failed, f' of {self.id}')}, the last task {became}"
        few = len(self._failed) <= self._allowed
        require(few, where, seen, f"at most {self._allowed} (verify_failed_launches)", LOGS)

    def forgiven(self) -> str:
        """Say how many launches failed on the way, where, why the last one; "" if none did, or too many."""
        if not 0 < len(self._failed) <= self._allowed:
            return ""
        where = ", ".join(sorted({str(failure.get("host")) for failure in self._failed.values()}))
        why = " ".join(str([*self._failed.values()][-1].get("message")).split())
        before = "before it ran" if len(self._failed) == 1 else "before they ran"
        allows = f"verify_failed_launches allows {self._allowed}"
        return f"{self.id[1:]}: {_launches(self._failed)} on {where} {before} ({allows}): {why}"

    def says(self, task: dict[str, Any]) -> str:
        """Ask the task's own port from here and give what it says; fails with why it failed, if it did."""
        self._ran.add(task["id"])

        def ask() -> str:
            try:
                return request("GET", f"http://{task['host']}:{task['ports'][0]}/", timeout=5).text
            except requests.ConnectionError:
                self._told()
                raise

        what = f"an answer of {task['id']} on port {task['ports'][0]}"
        with stretch(f"reached on {task['host']}"):
            return str(eventually(what, ask, self._patience.task, task["host"], self._patience.pause))

    def remove(self) -> None:
        """Remove it, through whichever Marathon answers, and wait until that knows nothing of it."""
        ways = cycle((self.through, *(node for node in self._marathons if node != self.through)))

        def gone() -> bool:
            answer = _ask(next(ways), "DELETE", f"/{self.id}")
            if answer is not None and answer.status_code != 404:
                raise NotYet(f"an answer {answer.status_code} to DELETE")
            return answer is not None

        with stretch("removed"):
            self._eventually(f"{self.id} to be gone", gone)


def _ask(node: Node, method: str, path: str, **options: Any) -> requests.Response | None:
    url = f"http://{node.address}:{node.settings.marathon_port}/v2/apps{path}"
    answer = as_operator(method, url, timeout=15, **options)
    return None if answer.status_code in BETWEEN_LEADERS else answer


def _launches(failed: Collection[str], whose: str = "") -> str:
    return f"1 launch{whose} failed" if len(failed) == 1 else f"{len(failed)} launches{whose} failed"


@contextmanager
def launched(
    cluster: Cluster,
    through: Node,
    definition: dict[str, Any],
    note: Callable[[str], None],
    patience: Patience = PATIENCE,
) -> Iterator[App]:
    """Have an app of ours run; it is removed at the end, whatever happened since it was asked for.

    `note` is told of launches that failed on the way.
    """
    app = App(cluster, through, definition, patience)
    try:
        app.launch()
        yield app
    except BaseException as error:
        _remove_after(error, app)
        raise
    else:
        app.remove()
    finally:
        if told := app.forgiven():
            note(told)


def _remove_after(error: BaseException, app: App) -> None:
    """Remove an app after something went wrong; if that fails as well, both are told."""
    try:
        app.remove()
    except pytest.fail.Exception as left:
        if isinstance(error, pytest.fail.Exception):
            refuse((*findings_of(error), *findings_of(left)))
        error.add_note(str(left))
