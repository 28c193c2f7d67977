"""A task that is a command."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

from ..resources import Json


class Command:
    """A process, with a session of its own, in the sandbox."""

    network: list[Json] = []
    data = ""
    host = "127.0.0.1"

    def __init__(self, task: Json, sandbox: str) -> None:
        self._command = task["command"]
        self._sandbox = sandbox
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; its output goes where the executor's does."""
        self._process = await asyncio.create_subprocess_exec(
            *argv(self._command),
            cwd=self._sandbox,
            env={**_environment(self._sandbox), **variables(self._command)},
            start_new_session=True,
        )
        print(f"Forked command at {self._process.pid}", flush=True)

    async def wait(self) -> tuple[bool, str]:
        """Wait for its end; tell whether it went well, and how it ended."""
        assert self._process
        code = await self._process.wait()
        self._signal(signal.SIGKILL)
        if code < 0:
            return False, f"Command terminated with signal {signal.strsignal(-code)}"
        return code == 0, f"Command exited with status {code}"

    async def kill(self, grace: float) -> None:
        """Ask it to end, then end it."""
        self._signal(signal.SIGTERM)
        await asyncio.sleep(grace)
        self._signal(signal.SIGKILL)

    async def check(self, command: Json) -> bool:
        """Run a health check's command beside it."""
        process = await asyncio.create_subprocess_exec(
            *argv(command), cwd=self._sandbox, env={**_environment(self._sandbox), **variables(self._command)}
        )
        try:
            return await process.wait() == 0
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    def _signal(self, number: signal.Signals) -> None:
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


def argv(command: Json) -> list[str]:
    """Return a CommandInfo as what is executed."""
    if command.get("shell", True):
        return ["/bin/sh", "-c", command.get("value", "")]
    return list(command.get("arguments") or [command["value"]])


def variables(command: Json) -> dict[str, str]:
    """Return a CommandInfo's environment."""
    return {one["name"]: one.get("value", "") for one in command.get("environment", {}).get("variables", [])}


def _environment(sandbox: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**own, "MESOS_SANDBOX": sandbox, "MESOS_TASK_SANDBOX": sandbox}
