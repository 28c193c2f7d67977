"""All hosts are rebooted in one command, and an app of two instances always has one that answers."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import killed
import pytest
import requests
from operators import AGENT, MARATHON, SOON, TRIO, Run, inside

from lab import host, hosts
from verify.apps import eventually

APP = "/rebooted"
EVERYBODY = (*TRIO, AGENT)


def boots() -> dict[str, int]:
    """How often each host has rebooted itself, by the machine's engine."""
    return {node: host.get(hosts.find(node)).attrs["RestartCount"] for node in EVERYBODY}


def places() -> list[tuple[str, int]]:
    """Where instances of the app are said to answer."""
    tasks = requests.get(f"{MARATHON}/v2/apps/{APP}/tasks", timeout=15).json()["tasks"]
    return [(task["host"], task["ports"][0]) for task in tasks if task["state"] == "TASK_RUNNING"]


def answers(place: tuple[str, int]) -> bool:
    with suppress(requests.RequestException):
        return requests.get("http://{}:{}/".format(*place), timeout=2).ok
    return False


@pytest.fixture
def app(two: Path) -> Iterator[None]:
    """An app of two web servers, up when they answer."""
    body: dict[str, Any] = {
        "id": APP,
        "cmd": "mkdir served && cd served && exec python3 -m http.server $PORT0",
        "cpus": 0.1,
        "mem": 32,
        "instances": 2,
        "portDefinitions": [{"port": 0}],
        "healthChecks": [{"protocol": "HTTP", "path": "/", "intervalSeconds": 1, "gracePeriodSeconds": 60}],
    }
    requests.post(f"{MARATHON}/v2/apps", json=body, timeout=15).raise_for_status()
    eventually("two that answer", lambda: len(places()) == 2 and all(map(answers, places())), SOON)
    yield
    requests.delete(f"{MARATHON}/v2/apps/{APP}?force=true", timeout=15)
    eventually("its end", lambda: requests.get(f"{MARATHON}/v2/deployments", timeout=15).json() == [], SOON)


@contextmanager
def watched() -> Iterator[list[float]]:
    """Note when no instance answers, wherever one has ever been, while the block runs."""
    known, silent, over = {*places()}, list[float](), Event()

    def watch() -> None:
        with ThreadPoolExecutor(8) as pool:
            while not over.wait(0.1):
                if not any(pool.map(answers, sorted(known))):
                    silent.append(time.monotonic())
                with suppress(requests.RequestException, KeyError, ValueError):
                    known.update(places())  # nobody leads just now, and what runs goes on

    thread = Thread(target=watch)
    thread.start()
    try:
        yield silent
    finally:
        over.set()
        thread.join()


EVERY = 8
"""How many steps a run goes on before it is killed; `nightly` kills it at each."""


def test_all_hosts_are_rebooted_once_by_killed_runs_and_the_app_answers_throughout(
    two: Path, app: None, fab: Run
) -> None:
    before = boots()
    told = fab("reboot", "--preview", inventory=two)
    assert told.code == 0 and "are drained, rebooted and used again" in told.said, told.said
    with watched() as silent:
        done, kills = killed.throughout(["reboot"], two, EVERY, again=[3, 6])
    assert done.code == 0 and kills and "by the run that this one went on with" in done.said, done.said
    assert boots() == {node: count + 1 for node, count in before.items()}, done.said
    assert silent == []
    assert fab("status", inventory=two).code == 0
    assert " reboot " in fab("runs", inventory=two).said
    for node in EVERYBODY:
        inside(node, "! test -e /var/lib/mesofab/rebooting")
