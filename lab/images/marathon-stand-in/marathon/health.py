"""Health checks that the leading Marathon sends itself: HTTP and TCP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from typing import Any

from standin import client
from standin.process import spawn

from . import clock
from .deployments import Task
from .scheduler import Scheduler
from .world import World

_OURS = ("HTTP", "TCP")
_ROUND = 0.25
Check = Mapping[str, Any]


class Health:
    """Asks every task as often as its app says, and kills what failed too often."""

    def __init__(self, world: World, scheduler: Scheduler) -> None:
        self._world, self._scheduler = world, scheduler
        self._next: dict[tuple[str, int], float] = {}

    async def check_for_ever(self) -> None:
        """Check."""
        while True:
            for task, number, check in list(self._due()):
                spawn(self._check(task, number, check))
            await asyncio.sleep(_ROUND)

    def _due(self) -> Iterator[tuple[Task, int, Check]]:
        now = time.monotonic()
        for task in self._world.tasks.values():
            checks = self._world.apps.get(task.app, {}).get("healthChecks", [])
            if task.state != "TASK_RUNNING" or task.killed:
                continue
            for number, check in enumerate(checks):
                first = self._next.setdefault((task.id, number), now)
                if check["protocol"] in _OURS and now >= first:
                    self._next[task.id, number] = now + check["intervalSeconds"]
                    yield task, number, check

    async def _check(self, task: Task, number: int, check: Check) -> None:
        port = check.get("port") or task.ports[check.get("portIndex", 0)]
        path, timeout = check.get("path") or "/", check["timeoutSeconds"]
        cause = await client.probe(check["protocol"], task.host, port, path, timeout)
        if task.id not in self._world.tasks:
            return
        result = self._world.health.get(task.id, {}).get(number, {})
        young = clock.age(task.started or task.staged) < check["gracePeriodSeconds"]
        if cause and young and not result.get("firstSuccess"):
            return
        failures = self._world.judge(task, number, not cause, cause)
        if cause and 0 < check["maxConsecutiveFailures"] <= failures:
            self._scheduler.kill(task)
