"""An executor's way to its agent: it hears what to do, and says what became of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from standin import client

from ..resources import Json

_PATH = "/stand-in/executor"
_RETRY = 0.2


class Link:
    """Survives the agent's absence for as long as recovery may take, if the framework checkpoints."""

    def __init__(self, agent: str, whoami: Json, recovery_timeout: float) -> None:
        self._agent = agent
        self._whoami = whoami
        self._patience = recovery_timeout
        self._updates: asyncio.Queue[Json | None] = asyncio.Queue()

    def say(self, state: str, message: str = "", **more: Any) -> None:
        """Have an update sent."""
        said = {"message": message} if message else {}
        self._updates.put_nowait({"state": state, **said, "source": "SOURCE_EXECUTOR", **more})

    def finish(self) -> None:
        """Say no more."""
        self._updates.put_nowait(None)

    async def send(self) -> None:
        """Send every update, in order, each until the agent has it; ends after the last."""
        while (update := await self._updates.get()) is not None:
            message = {**self._whoami, "type": "UPDATE", "status": update}
            deadline = time.monotonic() + self._patience
            while not await self._said(message) and time.monotonic() < deadline:
                await asyncio.sleep(_RETRY)

    async def events(self) -> AsyncIterator[Json]:
        """Yield what the agent wants; ends when it wants nothing any more."""
        deadline, checkpoints = time.monotonic() + self._patience, True
        subscription = {**self._whoami, "type": "SUBSCRIBE"}
        while checkpoints and time.monotonic() < deadline:
            try:
                async with client.ask(self._agent, "POST", _PATH, subscription) as reply:
                    if reply.status == 404:
                        return
                    async for event in reply.events():
                        checkpoints = bool(event.get("checkpoint", checkpoints))
                        deadline = time.monotonic() + self._patience
                        yield event
            except OSError:
                pass
            await asyncio.sleep(_RETRY)

    async def _said(self, message: Json) -> bool:
        try:
            status, _ = await client.call(self._agent, "POST", _PATH, message)
            # Nobody wants to know of a task that the agent has forgotten.
            return status in (202, 404)
        except OSError:
            return False
