"""A host is drained and used again, with apps on two agents that never have fewer tasks than they want."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import requests
from operators import AGENT, INVENTORY, MARATHON, OTHER, SOON, Run, slaves, start

from verify.apps import eventually

COUNTS = {"/drained/web": 3, "/drained/cron": 2}
"""Docker containers, and commands."""


def reserved(host: str) -> dict[str, Any]:
    """What is reserved of a host's agent."""
    found: dict[str, Any] = next(each for each in slaves() if each["hostname"] == host)["reserved_resources"]
    return found


def running(app: str) -> list[str]:
    """The hosts of an app's running tasks."""
    tasks = requests.get(f"{MARATHON}/v2/apps/{app}/tasks", timeout=15).json()["tasks"]
    return [task["host"] for task in tasks if task["state"] == "TASK_RUNNING"]


def wanted() -> dict[str, int]:
    """How many instances each app wants."""
    apps = requests.get(f"{MARATHON}/v2/apps", timeout=15).json()["apps"]
    return {app["id"]: app["instances"] for app in apps if app["id"] in COUNTS}


@pytest.fixture
def apps(two: Path) -> Iterator[None]:
    """An app of docker containers and one of commands, some of each on the agent that is drained."""
    image = next(
        line.partition("=")[2]
        for line in INVENTORY.read_text().splitlines()
        if line.startswith("mesos_image")
    )
    docker = {"container": {"type": "DOCKER", "docker": {"image": f"10.70.0.2:5000/{image}"}}}
    for app, count in COUNTS.items():
        body = {
            "id": app,
            "cmd": "exec sleep 3600",
            "cpus": 0.1,
            "mem": 32,
            "instances": count,
            "portDefinitions": [],
            **(docker if app == "/drained/web" else {}),
        }
        requests.post(f"{MARATHON}/v2/apps", json=body, timeout=15).raise_for_status()
    eventually("all tasks", lambda: all(len(running(app)) == count for app, count in COUNTS.items()), SOON)
    yield
    for app in COUNTS:
        requests.delete(f"{MARATHON}/v2/apps/{app}?force=true", timeout=15)
    eventually("their end", lambda: requests.get(f"{MARATHON}/v2/deployments", timeout=15).json() == [], SOON)


@contextmanager
def watched() -> Iterator[dict[str, int]]:
    """Note the fewest running tasks that each app has while the block runs."""
    fewest = dict(COUNTS)
    over = Event()

    def watch() -> None:
        while not over.wait(0.1):
            for app in COUNTS:
                try:
                    fewest[app] = min(fewest[app], len(running(app)))
                except (requests.RequestException, KeyError, ValueError):
                    continue  # nobody leads just now, and what runs goes on

    thread = Thread(target=watch)
    thread.start()
    try:
        yield fewest
    finally:
        over.set()
        thread.join()


def place() -> str:
    """The agent that has the most tasks of the apps: there is something to move."""
    hosts = [host for app in COUNTS for host in running(app)]
    return max(hosts, key=hosts.count)


def nothing_left(host: str) -> bool:
    """Tell whether no app has a task on a host, and all have what they want."""
    there = [running(app) for app in COUNTS]
    return (
        wanted() == COUNTS
        and [len(each) for each in there] == [*COUNTS.values()]
        and host not in sum(there, [])
    )


def test_a_host_is_drained_and_resumed_and_no_app_is_ever_below_its_instances(
    two: Path, apps: None, fab: Run
) -> None:
    host = place()
    told = fab("host.drain", host, "--preview", inventory=two)
    assert told.code == 0 and f"{host}  moves " in told.said, told.said
    assert reserved(host) == {}
    with watched() as fewest:
        done = fab("host.drain", host, inventory=two)
    assert done.code == 0, done.said
    assert fewest == COUNTS and nothing_left(host), done.said
    again = fab("host.drain", host, inventory=two)
    assert again.code == 0 and "scale" not in again.said, again.said
    deployed = fab("deploy-cluster", inventory=two).said
    assert "Nothing to do" in deployed and f"{host} takes no new tasks until `fab host.resume" in deployed
    back = fab("host.resume", host, inventory=two)
    assert back.code == 0 and f"{host} takes tasks again" in back.said, back.said
    assert reserved(host) == {} and wanted() == COUNTS


@pytest.mark.parametrize("then", ["host.drain", "host.resume"])
def test_a_drain_that_is_killed_is_finished_or_given_back(two: Path, apps: None, fab: Run, then: str) -> None:
    host = place()
    with watched() as fewest:
        run = start(["host.drain", host], two, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert run.stdout is not None
        for line in run.stdout:
            if "  4.2 scale " in line:
                break
        run.send_signal(signal.SIGKILL)
        run.wait()
        ended = time.monotonic() + SOON
        while (done := fab(then, host, inventory=two)).code == 6 and time.monotonic() < ended:
            pass  # its lease ends with its connection, and a step with itself
    assert done.code == 0, done.said
    assert fewest == COUNTS and wanted() == COUNTS
    assert bool(reserved(host)) is (then == "host.drain")
    assert then == "host.resume" or nothing_left(host)
    assert fab("host.resume", host, inventory=two).code == 0 and reserved(host) == {}


def test_what_finds_no_room_is_named_and_given_back(two: Path, apps: None, fab: Run) -> None:
    host = place()
    (other,) = {AGENT, OTHER} - {host}
    assert fab("host.drain", other, inventory=two).code == 0
    refused = fab("host.drain", host, inventory=two)
    assert refused.code == 6 and "Everything was given back" in refused.said, refused.said
    assert wanted() == COUNTS and reserved(host) == {}
    left = fab("host.drain", host, "--drain-timeout", "5", inventory=two)
    assert left.code == 0 and "could not be moved: that ends with the host" in left.said, left.said
    assert wanted() == COUNTS and reserved(host) != {}
    for each in (host, other):
        assert fab("host.resume", each, inventory=two).code == 0
