"""The registry's replicas: one per master, below its work_dir, found through ZooKeeper.

In place of Mesos's replicated log every write is the whole registry with a position, put to every replica
and done when a quorum has it. Replicas begin together and catch up as the real ones do. There is no Paxos:
a leader that was replaced is kept out only by its lower position.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from standin import client, web, zk
from standin.web import Request, Response
from standin.zk import Group

from .. import daemon
from ..flags import Flags, duration
from ..resources import Json

PROCESS = "/log-replica(1)"
_EMPTY: Json = {"status": "EMPTY", "position": 0, "registry": {}}


class Replica:
    """This master's copy of the registry, and the way to the others'."""

    def __init__(self, flags: Flags, address: str) -> None:
        self.members = [address]
        self._own = address
        self._quorum = int(flags.text("quorum") or 1)
        self._initialise = flags.true("log_auto_initialize")
        self._file = Path(flags.values["work_dir"]) / "replicated_log" / "replica.json"
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self.state: Json = json.loads(self._file.read_text()) if self._file.exists() else dict(_EMPTY)

    @property
    def recovered(self) -> bool:
        """Tell whether this replica may vote; nothing is said of the others."""
        return bool(self.state["status"] == "VOTING")

    def handle(self, request: Request) -> Response:
        """Answer another master: show, or take a write."""
        return self._answer(json.loads(request.body) if request.method == "POST" else None)

    def _answer(self, write: Json | None) -> Response:
        if write:
            changed = {**self.state, **write}
            if not self.recovered or (write["position"] <= self.state["position"] and changed != self.state):
                return web.error(409, "no")
            self._keep(changed)
        return web.answer(self.state)

    async def join(self, group: Group) -> None:
        """Be found, find the others, and recover; goes on for ever."""
        directory = f"{group.path}/log_replicas"
        try:
            await group.join(f"{directory}/", self._own_name().encode())
        except zk.NotAllowed as error:
            daemon.abort(f"Failed to participate in ZooKeeper group: {error}")
        while True:
            found = await group.members(directory)
            if found is not None:
                self.members = sorted({name.decode().partition("@")[2] for name in found})
            if not self.recovered:
                self._advance(await self._states())
            await asyncio.sleep(0.5)

    def alone(self) -> None:
        """Recover without ZooKeeper, as a master without --zk does."""
        self._keep({**self.state, "status": "VOTING"})

    async def fetch(self, timeout: float) -> Json:
        """Return the registry that a quorum agrees on, or abort."""
        for _ in range(int(timeout * 2)):
            voting = [state for state in await self._states() if state["status"] == "VOTING"]
            if self.recovered and len(voting) >= self._quorum:
                newest = max(voting, key=_position)
                self._keep(newest)
                registry: Json = newest["registry"]
                return registry
            await asyncio.sleep(0.5)
        why = f"Failed to perform fetch within {duration(timeout)}"
        daemon.abort(f"Recovery failed: Failed to recover registrar: {why}")

    async def store(self, registry: Json, timeout: float) -> None:
        """Have a quorum keep the registry, or abort."""
        write = {"position": self.state["position"] + 1, "registry": registry}
        for _ in range(int(timeout * 2)):
            acks = await asyncio.gather(*(self._ask(member, "POST", write) for member in self.members))
            if sum(ack is not None for ack in acks) >= self._quorum:
                return
            await asyncio.sleep(0.5)
        why = f"Failed to perform store within {duration(timeout)}"
        daemon.abort(f"Failed to update registry: {why}")

    def _advance(self, states: list[Json]) -> None:
        """Begin when all of 2 * quorum - 1 have nothing, in two steps; or catch up with a quorum."""
        seen = [state["status"] for state in states]
        everyone = len(states) >= 2 * self._quorum - 1 and self._initialise
        if seen.count("VOTING") >= self._quorum:
            voting = [state for state in states if state["status"] == "VOTING"]
            self._keep(max(voting, key=_position))
        elif self.state["status"] == "EMPTY" and everyone and set(seen) <= {"EMPTY", "STARTING"}:
            self._keep({**self.state, "status": "STARTING"})
        elif self.state["status"] == "STARTING" and everyone and set(seen) <= {"STARTING", "VOTING"}:
            self._keep({**self.state, "status": "VOTING"})

    async def _states(self) -> list[Json]:
        answers = await asyncio.gather(*(self._ask(member, "GET") for member in self.members))
        return [one for one in answers if one is not None]

    async def _ask(self, member: str, method: str, body: Json | None = None) -> Json | None:
        if member == self._own:
            answer = self._answer(body)
            return json.loads(answer.body) if answer.status == 200 else None
        try:
            status, content = await client.call(member, method, PROCESS, body, timeout=2)
            return json.loads(content) if status == 200 else None
        except (OSError, ValueError):
            return None

    def _keep(self, state: Json) -> None:
        self.state = state
        daemon.write(self._file, web.compact(state))

    def _own_name(self) -> str:
        return f"{PROCESS[1:]}@{self._own}"


def _position(state: Json) -> int:
    return int(state["position"])
