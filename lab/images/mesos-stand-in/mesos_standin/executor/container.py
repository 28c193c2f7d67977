"""A task that is a Docker container."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

from .. import resources
from ..docker import Docker, DockerError
from ..resources import Json
from .command import argv, variables


class Container:
    """A container named after the task's container id."""

    def __init__(self, task: Json, sandbox: str, docker: Docker, name: str, mapped: str) -> None:
        self._task, self._sandbox, self._docker, self._name, self._mapped = (
            task,
            sandbox,
            docker,
            name,
            mapped,
        )
        self.network: list[Json] = []
        self.host = "127.0.0.1"
        self.data = ""

    async def start(self) -> None:
        """Create and start it."""
        await self._docker.run(self._name, self._body())
        found = await self._docker.inspect(self._name)
        # As the real executor sends it: what `docker inspect` prints.
        self.data = base64.b64encode(json.dumps([found], indent=4).encode()).decode()
        if ip := _ip(found):
            self.network = [{"ip_addresses": [{"protocol": "IPv4", "ip_address": ip}]}]
            self.host = ip
        self._copying = asyncio.create_task(self._copy_output())

    async def wait(self) -> tuple[bool, str]:
        """Wait for its end; tell whether it went well, and how it ended."""
        code = await self._docker.wait(self._name)
        await asyncio.wait({self._copying}, timeout=2)
        return code == 0, f"Container exited with status {code}"

    async def kill(self, grace: float) -> None:
        """Stop it as `docker stop` does."""
        try:
            await self._docker.call(
                "POST", f"/containers/{self._name}/stop?t={int(grace)}", timeout=grace + 60
            )
        except DockerError as error:
            print(f"Failed to stop {self._name}: {error}", flush=True)

    async def check(self, command: Json) -> bool:
        """Run a health check's command inside."""
        return await self._docker.succeeds(self._name, argv(command))

    def _body(self) -> dict[str, Any]:
        command, docker = self._task["command"], self._task["container"]["docker"]
        own = {"MESOS_SANDBOX": self._mapped, "MESOS_CONTAINER_NAME": self._name}
        environment = {**variables(command), **own}
        labels = [one["value"] for one in docker.get("parameters", []) if one["key"] == "label"]
        body: dict[str, Any] = {
            "Image": docker["image"],
            "Env": [f"{name}={value}" for name, value in environment.items()],
            "Labels": dict(label.partition("=")[::2] for label in labels),
            "HostConfig": self._host_config(docker),
        }
        if command.get("user"):
            body["User"] = command["user"]
        if command.get("shell", True) and command.get("value"):
            body.update(Entrypoint=["/bin/sh"], Cmd=["-c", command["value"]])
        elif not command.get("shell", True):
            body["Cmd"] = [
                *([command["value"]] if command.get("value") else []),
                *command.get("arguments", []),
            ]
        mappings = docker.get("port_mappings", [])
        body["ExposedPorts"] = {_port(one): {} for one in mappings}
        return body

    def _host_config(self, docker: Json) -> dict[str, Any]:
        used = resources.load(self._task.get("resources", []))
        bindings: dict[str, list[dict[str, str]]] = {}
        for one in docker.get("port_mappings", []):
            bindings.setdefault(_port(one), []).append({"HostPort": str(one["host_port"])})
        return {
            "Binds": [
                f"{self._sandbox}:{self._mapped}",
                *map(self._bind, self._task["container"].get("volumes", [])),
            ],
            "CpuShares": max(2, int(used.get("cpus", 0.1) * 1024)),
            "Memory": int(max(32.0, used.get("mem", 32.0)) * 2**20),
            "NetworkMode": docker.get("network", "HOST").lower(),
            "PortBindings": bindings,
            "Privileged": docker.get("privileged", False),
        }

    def _bind(self, volume: Json) -> str:
        mode = volume.get("mode", "RW").lower()
        host = volume.get("host_path", "")
        if not host.startswith("/"):
            (Path(self._sandbox) / host).mkdir(parents=True, exist_ok=True)
            host = f"{self._sandbox}/{host}"
        inside = volume["container_path"]
        return f"{host}:{inside if inside.startswith('/') else f'{self._mapped}/{inside}'}:{mode}"

    async def _copy_output(self) -> None:
        paths = (Path(self._sandbox) / name for name in ("stdin", "stdout", "stderr"))
        files = [path.open("ab", buffering=0) for path in paths]
        try:
            async for which, what in self._docker.logs(self._name):
                files[which].write(what)
        except OSError as error:
            print(f"Lost the output of {self._name}: {error}", flush=True)


def _port(mapping: Json) -> str:
    return f"{mapping['container_port']}/{mapping.get('protocol', 'tcp')}"


def _ip(found: Json) -> str:
    networks = found.get("NetworkSettings", {}).get("Networks", {}).values()
    return next((str(one["IPAddress"]) for one in networks if one.get("IPAddress")), "")
