"""The registry: what a leading master must not forget. Kept by replicas, or in memory alone."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable

from standin import web

from ..flags import Flags
from ..resources import Json
from .replica import Replica


class Registrar:
    """Reads the registry once, as a new leader, and writes every change of it before it counts."""

    def __init__(self, flags: Flags, replica: Replica | None) -> None:
        self.replica = replica
        self.registry: Json = {}
        self.recovered = False
        self._fetch = flags.seconds("registry_fetch_timeout")
        self._store = flags.seconds("registry_store_timeout")
        self._writing = asyncio.Lock()

    async def recover(self, master_info: Json) -> None:
        """Take over the registry in the name of a new leader."""
        registry = await self.replica.fetch(self._fetch) if self.replica else {}
        self.registry = {"slaves": {"slaves": []}, **registry}
        await self.change(lambda registry: registry.update(master={"info": master_info}))
        self.recovered = True

    async def change(self, change: Callable[[Json], object]) -> None:
        """Change the registry, durably."""
        async with self._writing:
            changed = copy.deepcopy(self.registry)
            change(changed)
            if self.replica:
                await self.replica.store(changed, self._store)
            self.registry = changed

    @property
    def agents(self) -> list[Json]:
        """Return the SlaveInfo of every admitted agent."""
        return [one["info"] for one in self.registry["slaves"]["slaves"]]

    def show(self) -> Json:
        """Return what the endpoint shows: nothing before the registry is known."""
        return self.registry if self.recovered else {}

    @property
    def size(self) -> float:
        """Return the registry's size in bytes."""
        return float(len(web.compact(self.registry)))

    async def admit(self, info: Json) -> None:
        """Add an agent, or replace what is known of it."""
        await self.change(lambda registry: _put(registry, info))

    async def remove(self, agent_id: str, why: str = "") -> None:
        """Remove an agent; `why` names the list, "unreachable" or "gone", that it goes to."""
        await self.change(lambda registry: _drop(registry, agent_id, why))

    def listed(self, why: str) -> list[str]:
        """Return the ids on one of those lists."""
        return [one["id"]["value"] for one in self.registry.get(why, {}).get("slaves", [])]


def _put(registry: Json, info: Json) -> None:
    _drop(registry, info["id"]["value"], "")
    registry["slaves"]["slaves"].append({"info": info})


def _drop(registry: Json, agent_id: str, why: str) -> None:
    kept = [one for one in registry["slaves"]["slaves"] if one["info"]["id"]["value"] != agent_id]
    registry["slaves"]["slaves"] = kept
    unreachable = registry.get("unreachable", {}).get("slaves", [])
    if left := [one for one in unreachable if one["id"]["value"] != agent_id]:
        registry["unreachable"] = {"slaves": left}
    else:
        registry.pop("unreachable", None)
    if why:
        registry.setdefault(why, {"slaves": []})["slaves"].append({"id": {"value": agent_id}})
