"""The Mesos masters' group in ZooKeeper: joining it, and knowing who leads it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException, NoAuthError, NoNodeError
from kazoo.protocol.states import KazooState
from kazoo.retry import KazooRetry
from kazoo.security import CREATOR_ALL_ACL, READ_ACL_UNSAFE

MasterInfo = dict[str, Any]
T = TypeVar("T")


class BadUrl(ValueError):
    """Not the address of a group in ZooKeeper."""


class NotAllowed(Exception):
    """The tree is closed to who we are there."""


@dataclass(frozen=True)
class Url:
    """Where the group is: zk://[user:password@]host:port,host:port/path."""

    servers: str
    path: str
    authentication: str = ""

    @staticmethod
    def parse(text: str) -> Url:
        """Read what --zk and --master say."""
        if not text.startswith("zk://"):
            raise BadUrl(f"Expecting 'zk://' at the beginning of the URL '{text}'")
        rest, slash, path = text.removeprefix("zk://").partition("/")
        if not path.strip("/"):
            raise BadUrl("Expecting a (chroot) path for ZooKeeper ('/' is not supported)")
        authentication, _, servers = rest.rpartition("@")
        return Url(servers, "/" + path.strip("/"), authentication)


class Group:
    """A session with ZooKeeper, for life: what joined with it leaves when it expires, never before."""

    def __init__(self, url: Url, timeout: float, client: Callable[..., KazooClient] = KazooClient) -> None:
        self.path = url.path
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._connected = self._expired = False
        self._patience: asyncio.TimerHandle | None = None
        self._joined: dict[str, str] = {}
        self._client = client(
            hosts=url.servers,
            timeout=timeout,
            auth_data=[("digest", url.authentication)] if url.authentication else None,
            default_acl=[*CREATOR_ALL_ACL, *READ_ACL_UNSAFE] if url.authentication else None,
            connection_retry=KazooRetry(max_tries=-1, delay=0.1, max_delay=2),
        )
        self._client.add_listener(lambda state: self._loop.call_soon_threadsafe(self._state, state))

    async def connect(self) -> None:
        """Wait for a session, for as long as it takes."""
        await asyncio.to_thread(self._client.start_async().wait)
        await self._do(self._client.ensure_path, self.path)

    async def join(self, path: str, data: bytes) -> None:
        """Add a node with the next number, which goes when the session does; fails with NotAllowed."""
        try:
            made = await self._do(
                self._client.create, path, data, ephemeral=True, sequence=True, makepath=True
            )
        except NoAuthError:
            why = f"Failed to create ephemeral node at '{path}' in ZooKeeper: not authenticated"
            raise NotAllowed(why) from None
        self._joined[path] = made

    async def stay(self, path: str, data: bytes) -> None:
        """Be a member for ever: join again wherever the node of `path` has gone with its session."""
        while True:
            self._changed.clear()
            try:
                joined = self._joined.get(path)
                if self._connected and not (joined and await self._do(self._client.exists, joined)):
                    await self.join(path, data)
            except KazooException:
                self._loop.call_later(0.2, self._changed.set)
            await self._changed.wait()

    async def members(self, path: str) -> list[bytes] | None:
        """Return the data of all nodes below a path; None while ZooKeeper cannot be asked."""
        if not self._connected:
            return None
        try:
            children = await asyncio.wait_for(self._do(self._client.get_children, path), self._timeout)
            return [(await self._do(self._client.get, f"{path}/{child}"))[0] for child in sorted(children)]
        except (TimeoutError, KazooException):
            return None

    async def leaders(self) -> AsyncIterator[MasterInfo | None]:
        """Yield who leads, or None, whenever that changes; at first nobody is known to."""
        known: MasterInfo | None = None
        while True:
            self._changed.clear()
            found = None if self._expired else await self._leader(known)
            # Said once even where a new session has followed at once.
            self._expired = False
            if found != known:
                known = found
                yield found
            await self._changed.wait()

    async def _leader(self, known: MasterInfo | None) -> MasterInfo | None:
        if not self._connected:
            return known
        try:
            return await asyncio.wait_for(self._smallest(), self._timeout)
        except (TimeoutError, KazooException):
            self._loop.call_later(0.2, self._changed.set)
            return known

    async def _smallest(self) -> MasterInfo | None:
        children = await self._do(self._client.get_children, self.path, watch=self._woken)
        candidates = [child for child in children if child.rpartition("_")[2].isdigit()]
        for name in sorted(candidates, key=lambda child: int(child.rpartition("_")[2])):
            try:
                data, _ = await self._do(self._client.get, f"{self.path}/{name}")
            except NoNodeError:
                continue
            info: MasterInfo = json.loads(data)
            return info
        return None

    async def _do(self, work: Callable[..., T], *arguments: Any, **options: Any) -> T:
        return await asyncio.to_thread(work, *arguments, **options)

    def _woken(self, event: object) -> None:
        self._loop.call_soon_threadsafe(self._changed.set)

    def _state(self, state: str) -> None:
        """Take a lost session for expired after its timeout, as the real client does, not when told."""
        if self._patience:
            self._patience.cancel()
        if state == KazooState.CONNECTED:
            self._connected = True
        elif state == KazooState.SUSPENDED:
            self._connected = False
            self._patience = self._loop.call_later(self._timeout, self._give_up)
        else:
            self._connected = False
            self._expire()
        self._changed.set()

    def _expire(self) -> None:
        """Have no session any more; what joined with it may stand there for a while yet."""
        self._expired = True
        self._joined.clear()

    def _give_up(self) -> None:
        self._expire()
        self._changed.set()
        self._loop.run_in_executor(None, self._renew)

    def _renew(self) -> None:
        """Ask for another session: a ZooKeeper that has lost its data never takes the old one back."""
        self._client.stop()
        self._client.start_async()


async def leaders(master: str, timeout: float) -> AsyncIterator[MasterInfo | None]:
    """Yield who leads whenever that changes: of the group at zk://..., or ever the same HOST:PORT."""
    if not master.startswith("zk://"):
        ip, _, port = master.partition(":")
        yield {"pid": f"master@{ip}:{port or 5050}", "address": {"ip": ip, "port": int(port or 5050)}}
        await asyncio.Event().wait()
    group = Group(Url.parse(master), timeout)
    await group.connect()
    async for leader in group.leaders():
        yield leader
