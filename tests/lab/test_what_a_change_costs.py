"""What a run says its change has cost, beside what others saw of it at the same time."""

import re
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise, takewhile
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import requests
from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.handlers.threading import KazooTimeoutError
from operators import (
    AGENT,
    INVENTORY,
    MARATHON,
    SOON,
    TRIO,
    Inventory,
    Run,
    inside,
    pid_of_the_app,
    running_task,
    start,
    zookeeper_client,
)

from tasks.plan.availability.services import PACE
from verify.apps import eventually

PAUSE = 0.25
"""Seconds that a user rests between two tries."""

TRY = 1
"""Seconds that a user, and the run, wait for an answer."""

TOLERANCE = 2 * ((PAUSE + TRY) + (PACE + len(TRIO) * TRY))
"""Seconds that a gap as a run tells it may differ from its users'. Each of the two may notice its beginning
and its end later than it was: a user by one try, the run by one question to each member. Which of them is
nearer to the truth is no matter for a test; nor is how near, on a machine that does much beside."""

GAP = re.compile(
    r"^(ZooKeeper|Mesos|Marathon) (?:always )?(?:accepted|had|answered)\b[^;\n]*?"
    r"(?: throughout, except for (?:[^;\n]*longest )?([0-9.]+) s[^;\n]*)?; the leader ",
    re.M,
)


class Users:
    """Use the services as their users do, a thread for each member, and note when that went well."""

    def __init__(self) -> None:
        self.well: dict[str, list[float]] = {"ZooKeeper": [], "Mesos": [], "Marathon": []}
        self._over = Event()
        self._path = f"/users-{uuid.uuid4()}"
        self._clients = [zookeeper_client([node]) for node in TRIO]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let them work while the block runs."""
        for client in self._clients:
            client.start(SOON)
        self._clients[0].create(self._path)
        uses = [("ZooKeeper", partial(self._writes, client)) for client in self._clients]
        uses += [("Mesos", partial(leads, node)) for node in TRIO]
        uses += [("Marathon", partial(names_its_leader, node)) for node in TRIO]
        threads = [Thread(target=self._keep_on, args=use) for use in uses]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()
            self._clients[0].retry(self._clients[0].delete, self._path)
            for client in self._clients:
                client.stop()
                client.close()

    def gaps(self) -> dict[str, float]:
        """Give each service's longest time between two successes, through whichever member.

        A gap begins somewhere in the rest after the last success, and the rest before the next one may
        outlast its end: half a rest too much each, on an average.
        """
        return {
            service: max(after - before for before, after in pairwise(sorted(times))) - PAUSE
            for service, times in self.well.items()
        }

    def _keep_on(self, service: str, use: Callable[[], bool]) -> None:
        while not self._over.wait(PAUSE):
            if use():
                self.well[service].append(time.monotonic())

    def _writes(self, client: KazooClient) -> bool:
        try:
            client.set_async(self._path, b"").get(timeout=TRY)
        except (KazooException, KazooTimeoutError):
            return False
        return True


def leads(node: str) -> bool:
    """Ask a master for what only the leading one answers."""
    try:
        return (
            requests.get(f"http://{node}:5050/frameworks", timeout=TRY, allow_redirects=False).status_code
            == 200
        )
    except requests.RequestException:
        return False


def names_its_leader(node: str) -> bool:
    """Ask a Marathon who leads."""
    try:
        answer = requests.get(f"http://{node}:8080/v2/info", timeout=TRY)
        return answer.status_code == 200 and bool(answer.json()["leader"])
    except requests.RequestException:
        return False


def told(said: str) -> dict[str, float]:
    """Read each service's longest gap from what a run said; 0 if it had none."""
    return {service: float(gap or 0) for service, gap in GAP.findall(said)}


def tells(said: str, gaps: dict[str, float]) -> bool:
    """Tell whether a run said of every service what was seen; "always" is a gap of 0."""
    assert told(said).keys() == gaps.keys(), said
    return all(abs(gap - gaps[service]) <= TOLERANCE for service, gap in told(said).items())


def test_a_run_tells_the_gaps_that_its_users_saw_and_loses_no_task(
    docker_app: dict[str, Any], fab: Run, inventory: Inventory
) -> None:
    pid, users = pid_of_the_app(), Users()
    wanted = inventory("zookeeper_sync_limit=6")
    with users.at_work():
        done = fab("deploy-cluster", inventory=wanted)
    assert done.code == 0, done.said
    assert tells(done.said, users.gaps()), (users.gaps(), done.said)
    assert told(done.said)["ZooKeeper"] > 0
    changed = r"^ZooKeeper accepted writes .*; the leader changed (once|\d+ times)\."
    assert re.search(changed, done.said, re.M), done.said
    assert "Tasks: 1 of 1 run on, 0 lost." in done.said
    assert (pid_of_the_app(), running_task()["id"]) == (pid, docker_app["id"])
    (listed,) = fab("runs", inventory=wanted).said.splitlines()
    assert f"  ZooKeeper {told(done.said)['ZooKeeper']:.1f} s" in listed
    assert listed.split("  ")[-2].strip() == "done" and "ZooKeeper" in Path(listed.split()[-1]).read_text()
    next_time = fab("plan", inventory=inventory("zookeeper_sync_limit=7"))
    assert "longest gaps in the last run: " in next_time.said, next_time.said


def test_a_change_that_costs_more_than_its_budget_is_carried_out_and_ends_as_a_failure(
    docker_app: dict[str, Any], fab: Run, inventory: Inventory
) -> None:
    pid, users = pid_of_the_app(), Users()
    text = INVENTORY.read_text().replace("zookeeper_gap_budget=120", "zookeeper_gap_budget=0.01")
    budgets = inventory("zookeeper_max_client_cnxns=77\nlost_tasks_budget=0", text=text)
    with users.at_work():
        run = start(["deploy-cluster"], budgets, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert run.stdout is not None
        said = "".join(takewhile(lambda line: "replace zookeeper" not in line, run.stdout))
        chief = eventually("a leading master", lambda: next(filter(leads, TRIO), None), SOON)
        inside(chief, f"docker restart -t 0 mesos-master-0{TRIO.index(chief) + 1}")
        said += run.stdout.read()
    assert run.wait() == 11, said
    assert re.search(
        r"^ZooKeeper's longest gap was [0-9.]+ s, and zookeeper_gap_budget allows 0.01 s\.$", said, re.M
    )
    assert "mesos_gap_budget" not in said and "lost_tasks_budget" not in said
    assert tells(said, users.gaps()), (users.gaps(), said)
    assert told(said)["Mesos"] > 1  # the session of the killed one has to end before another leads
    assert pid_of_the_app() == pid
    assert "Nothing to do" in fab("deploy-cluster", inventory=budgets).said


@pytest.fixture
def command_app(cluster: None) -> Iterator[None]:
    """Two tasks that are commands, and no containers of docker."""
    app = {"id": "/jobs/cron", "cmd": "exec sleep 3600", "cpus": 0.1, "mem": 32, "instances": 2}
    requests.post(f"{MARATHON}/v2/apps", json=app, timeout=15).raise_for_status()

    def running() -> bool:
        tasks = requests.get(f"{MARATHON}/v2/apps//jobs/cron/tasks", timeout=15).json()["tasks"]
        return [task["state"] for task in tasks] == ["TASK_RUNNING"] * 2

    eventually("two running tasks of /jobs/cron", running, SOON)
    yield
    requests.delete(f"{MARATHON}/v2/apps//jobs/cron?force=true", timeout=15)


def test_the_tasks_that_a_plan_said_it_would_lose_are_those_that_are_lost(
    docker_app: dict[str, Any], command_app: None, fab: Run, inventory: Inventory
) -> None:
    changed = inventory('mesos_agent_environment="MESOS_GC_DELAY=3days"')
    foretold = "restarts mesos-slave, active; loses 2 tasks: 2 of /jobs/cron; 1 docker task runs on"
    planned = fab("plan", inventory=changed)
    assert f"({foretold})\n" in planned.said and "--drain moves none" in planned.said
    done = fab("deploy-cluster", inventory=changed)
    assert f"{AGENT}  replace mesos-slave: {foretold}." in done.said
    assert "Tasks: 1 of 3 run on, 2 lost: 2 of /jobs/cron." in done.said
    assert running_task()["id"] == docker_app["id"]
    assert fab("deploy-cluster").code == 0
