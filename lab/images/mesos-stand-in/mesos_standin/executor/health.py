"""Health checks as a TaskInfo asks for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from standin import client

from ..docker import DockerError
from ..resources import Json
from .command import Command
from .container import Container


async def watch(check: Json, task: Command | Container, say: Callable[[bool], None]) -> None:
    """Check until too many checks have failed in a row; what has changed is said."""
    await asyncio.sleep(check.get("delay_seconds", 15.0))
    until = time.monotonic() + check.get("grace_period_seconds", 10.0)
    failures, known = 0, None
    while failures < check.get("consecutive_failures", 3):
        healthy = await _passes(check, task, check.get("timeout_seconds", 20.0))
        if healthy or known or time.monotonic() > until:
            failures = 0 if healthy else failures + 1
            if healthy != known or not healthy:
                say(healthy)
            known = healthy
        if failures < check.get("consecutive_failures", 3):
            await asyncio.sleep(check.get("interval_seconds", 10.0))


async def _passes(check: Json, task: Command | Container, timeout: float) -> bool:
    if check["type"] != "COMMAND":
        told = check[check["type"].lower()]
        return not await client.probe(check["type"], task.host, told["port"], told.get("path", "/"), timeout)
    try:
        return await asyncio.wait_for(task.check(check["command"]), timeout)
    except (OSError, DockerError):
        return False
