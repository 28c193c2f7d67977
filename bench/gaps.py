"""What users of the cluster see while it is changed, asked from this machine, for every contestant alike."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event, Thread

import requests

from lab import spec, waiting

SERVERS = tuple(one.address for one in spec.SERVERS)
MARATHON = f"http://{SERVERS[0]}:8080"

PACE = 0.1
"""Seconds between two questions to a service."""

PATIENCE = 2
"""Seconds after which a member has not answered."""

APP: Mapping[str, object] = {
    "id": "/bench",
    "cmd": "exec sleep 100000",
    "cpus": 0.1,
    "mem": 32,
    "instances": 2,
    "container": {"type": "DOCKER", "docker": {"image": f"{spec.REGISTRY}/lab/mesos-stand-in:1.5.0"}},
    "networks": [{"mode": "host"}],
}


def _zookeeper_serves(address: str) -> bool:
    with socket.create_connection((address, 2181), PATIENCE) as connection:
        connection.settimeout(PATIENCE)
        connection.sendall(b"srvr")
        return b"Mode: " in b"".join(iter(lambda: connection.recv(4096), b""))


def _leads(address: str) -> bool:
    """Only the leading master answers itself; the others redirect."""
    question = {"type": "GET_HEALTH"}
    url = f"http://{address}:5050/api/v1"
    return requests.post(url, json=question, allow_redirects=False, timeout=PATIENCE).status_code == 200


def _marathon_answers(address: str) -> bool:
    """Have a Marathon list the apps, for which it asks the leader."""
    return requests.get(f"http://{address}:8080/v2/apps", timeout=PATIENCE).status_code == 200


SERVICES: Mapping[str, Callable[[str], bool]] = {
    "ZooKeeper": _zookeeper_serves,
    "Mesos": _leads,
    "Marathon": _marathon_answers,
}
"""By service, whether it does for a user what it is there for, asked of one member."""


@contextmanager
def watched() -> Iterator[dict[str, float]]:
    """Ask every service while the block runs; gives the longest time without any good answer, in seconds."""
    gaps: dict[str, float] = {}
    over = Event()
    watches = [Thread(target=_watch, args=(name, over, gaps)) for name in SERVICES]
    for each in watches:
        each.start()
    try:
        yield gaps
    finally:
        over.set()
        for each in watches:
            each.join()


def _watch(name: str, over: Event, gaps: dict[str, float]) -> None:
    first = SERVERS[0]
    last, gaps[name] = time.monotonic(), 0.0
    while not over.wait(PACE):
        good = next((one for one in (first, *SERVERS) if _well(name, one)), None)
        if good:
            first = good  # it is asked first from now on
            now = time.monotonic()
            gaps[name], last = max(gaps[name], now - last), now


def _well(name: str, member: str) -> bool:
    with suppress(OSError, requests.RequestException):
        return SERVICES[name](member)
    return False


def run_app() -> None:
    """Run an app of two docker tasks, and wait until they run."""
    waiting.until("a Marathon that takes an app", 60, lambda: _trouble(lambda: _post(APP)))
    waiting.until("the app", 60, lambda: _trouble(lambda: len(tasks()) == APP["instances"]))


def _trouble(done: Callable[[], bool]) -> str | None:
    """Tell what is in the way, as long as that may pass."""
    try:
        return None if done() else "not yet"
    except requests.RequestException as error:
        return str(error)


def _post(app: Mapping[str, object]) -> bool:
    """Post an app; one that is there already has been taken by an answer that was lost."""
    return requests.post(f"{MARATHON}/v2/apps", json=app, timeout=10).status_code in (201, 409)


def tasks() -> set[str]:
    """Return the ids of the app's tasks that run."""
    answer = requests.get(f"{MARATHON}/v2/apps{APP['id']}/tasks", timeout=10).json()
    return {each["id"] for each in answer["tasks"] if each["state"] == "TASK_RUNNING"}
