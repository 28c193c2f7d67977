"""Docker's engine through its socket, as much of it as tasks need."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from standin import client


class DockerError(Exception):
    """What the engine refused, in its own words."""


class Docker:
    """One engine, by the path of its socket."""

    def __init__(self, socket: str) -> None:
        self.socket = socket

    async def call(self, method: str, target: str, body: Any = None, timeout: float = 60) -> Any:
        """Ask the engine; return its JSON, or nothing."""
        try:
            status, content = await client.call(self.socket, method, target, body, timeout)
        except OSError as error:
            raise DockerError(
                f"Cannot connect to the Docker daemon at unix://{self.socket}: {error}"
            ) from None
        if status >= 400:
            raise DockerError(json.loads(content).get("message", str(status)))
        return json.loads(content) if content else None

    async def provide(self, image: str, anyway: bool = False) -> None:
        """Pull an image that is not here, or any if told so."""
        if not anyway:
            try:
                await self.call("GET", f"/images/{image}/json")
                return
            except DockerError as error:
                if "No such image" not in str(error):
                    raise
        name, colon, tag = image.rpartition(":")
        if not colon or "/" in tag:
            name, tag = image, "latest"
        target = f"/images/create?fromImage={quote(name)}&tag={tag}"
        try:
            async with client.ask(self.socket, "POST", target) as reply:
                said = b"".join([part async for part in reply.good()])
        except OSError as error:
            raise DockerError(f"Failed to pull {image}: {error}") from None
        for line in said.splitlines():
            if line.strip() and (problem := json.loads(line).get("error")):
                raise DockerError(problem)

    async def run(self, name: str, body: dict[str, Any]) -> None:
        """Create and start a container."""
        await self.call("POST", f"/containers/create?name={name}", body)
        await self.call("POST", f"/containers/{name}/start")

    async def inspect(self, name: str) -> dict[str, Any]:
        """Return what `docker inspect` shows."""
        found: dict[str, Any] = await self.call("GET", f"/containers/{name}/json")
        return found

    async def wait(self, name: str) -> int:
        """Wait until a container has ended; return its exit status."""
        ended = await self.call("POST", f"/containers/{name}/wait", timeout=10**8)
        return int(ended["StatusCode"])

    async def logs(self, name: str) -> AsyncIterator[tuple[int, bytes]]:
        """Yield what a container writes, with 1 for stdout and 2 for stderr, until it ends."""
        buffer = b""
        target = f"/containers/{name}/logs?follow=1&stdout=1&stderr=1"
        async with client.ask(self.socket, "GET", target) as reply:
            async for part in reply.good():
                buffer += part
                # Frames: one byte which, three unused, four for the length.
                while len(buffer) >= 8 and len(buffer) >= (end := 8 + int.from_bytes(buffer[4:8], "big")):
                    yield buffer[0], buffer[8:end]
                    buffer = buffer[end:]

    async def succeeds(self, name: str, command: list[str]) -> bool:
        """Run a command in a container; tell whether it ends with 0."""
        made = await self.call("POST", f"/containers/{name}/exec", {"Cmd": command})
        await self.call("POST", f"/exec/{made['Id']}/start", {"Detach": False}, timeout=600)
        ended = await self.call("GET", f"/exec/{made['Id']}/json")
        return bool(ended["ExitCode"] == 0)
