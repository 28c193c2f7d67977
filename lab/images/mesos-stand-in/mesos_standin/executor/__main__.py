"""mesos-executor and mesos-docker-executor, as the lab stands in for them: one task, from start to end."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from .. import daemon
from ..docker import Docker, DockerError
from ..flags import nanoseconds
from ..resources import Json
from . import health
from .command import Command
from .container import Container
from .link import Link

# Half of what the agent gives, as the real ones reckon it; docker's comes on top.
_GRACE = 3.0
_DOCKER_GRACE = 5.0


class Executor:
    """Holds one task."""

    def __init__(self, options: dict[str, str]) -> None:
        names = {"framework_id": "framework", "task_id": "task", "container_id": "container"}
        whoami = {name: options[option] for name, option in names.items()}
        self._options = options
        self._link = Link(options["agent"], whoami, nanoseconds(options["recovery_timeout"]) / 10**9)
        self._task: Command | Container | None = None
        self._info: Json = {}
        self._says_killing = self._killed = self._unhealthy = False
        self._watching: asyncio.Task[None] | None = None
        self._sending = daemon.spawn(self._link.send())

    async def run(self) -> None:
        """Do what the agent says, until the task has ended and that is told."""
        async for event in self._link.events():
            if event["type"] == "LAUNCHED" and not self._info:
                self._info = event["task"]["info"]
                able = event["framework"].get("capabilities", [])
                self._says_killing = {"type": "TASK_KILLING_STATE"} in able
                daemon.spawn(self._hold())
            elif event["type"] == "KILL":
                daemon.spawn(
                    self._kill(event["kill"].get("kill_policy") or self._info.get("kill_policy") or {})
                )
            elif event["type"] == "SHUTDOWN":
                break
        await self._kill({})
        daemon.finish(0)

    async def _hold(self) -> None:
        """See the task from its start to its end, and end with it."""
        self._task = task = self._make()
        self._link.say("TASK_STARTING")
        try:
            await task.start()
        except (OSError, DockerError) as error:
            self._link.say("TASK_FAILED", f"Failed to run: {error}", reason="REASON_COMMAND_EXECUTOR_FAILED")
        else:
            data: dict[str, Any] = {"data": task.data} if task.data else {}
            self._link.say("TASK_RUNNING", **data, **self._more())
            self._watching = daemon.spawn(self._watch(task))
            well, how = await task.wait()
            self._watching.cancel()
            self._say_end(well, how)
        self._link.finish()
        await self._sending
        daemon.finish(0)

    def _say_end(self, well: bool, how: str) -> None:
        if self._killed:
            self._link.say(
                "TASK_KILLED", how, **self._more(), **({"healthy": False} if self._unhealthy else {})
            )
        elif well:
            self._link.say("TASK_FINISHED", how, **self._more())
        else:
            self._link.say("TASK_FAILED", how, reason="REASON_COMMAND_EXECUTOR_FAILED", **self._more())

    async def _watch(self, task: Command | Container) -> None:
        """Check the task's health, and kill what fails too often."""
        if check := self._info.get("health_check"):
            await health.watch(check, task, self._say_health)
            self._unhealthy = True
            daemon.spawn(self._kill({}))

    def _say_health(self, healthy: bool) -> None:
        reason = "REASON_TASK_HEALTH_CHECK_STATUS_UPDATED"
        self._link.say("TASK_RUNNING", healthy=healthy, reason=reason, **self._more())

    async def _kill(self, policy: Json) -> None:
        if not self._task or self._killed:
            return
        self._killed = True
        # What is being killed is not called unhealthy.
        if self._watching:
            self._watching.cancel()
        if self._says_killing:
            self._link.say("TASK_KILLING", **self._more())
        given = policy.get("grace_period", {}).get("nanoseconds")
        usual = _DOCKER_GRACE if isinstance(self._task, Container) else _GRACE
        await self._task.kill(usual if given is None else given / 10**9)

    def _make(self) -> Command | Container:
        options, sandbox = self._options, self._options["sandbox"]
        print(f"Starting task {options['task']}", flush=True)
        if self._info.get("container", {}).get("type") != "DOCKER":
            return Command(self._info, sandbox)
        docker, name = Docker(options["docker_socket"]), f"mesos-{options['container']}"
        return Container(self._info, sandbox, docker, name, options["mapped_directory"])

    def _more(self) -> dict[str, Any]:
        """Return the addresses of a task that has its own."""
        return {"network_infos": self._task.network} if self._task and self._task.network else {}


def main() -> None:
    """Start an executor."""
    options = dict(argument[2:].partition("=")[::2] for argument in sys.argv[1:])
    daemon.run(_hold_one(options))


async def _hold_one(options: dict[str, str]) -> None:
    await Executor(options).run()


if __name__ == "__main__":
    main()
