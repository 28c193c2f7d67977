"""The election: one session that is there for nothing else, its latch, and who leads."""

from __future__ import annotations

import threading
import uuid

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException, NoNodeError
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.protocol.states import KazooState
from kazoo.security import make_acl

from . import zookeeper
from .zookeeper import Place

_FAREWELL = 2.0
"""Seconds that ZooKeeper may take to remove a latch."""


class Election:
    """One candidate. Everything here waits for ZooKeeper.

    A standby outlives the loss of its connection: it comes back with the same session and the same latch.
    A leader does not.
    """

    def __init__(self, place: Place, address: str, hang: float = 0) -> None:
        self.address = address
        self._parent, self._owner = f"{place.path}/leader-curator", place.owner
        self._client: KazooClient = place.client()
        self._connect = place.connect
        self._hang = hang
        self._latch = ""
        self._broken = False

    def connect(self) -> None:
        """Open our session; fails with KazooTimeoutError."""
        self._connect(self._client)

    def stand(self) -> None:
        """Make our latch: ephemeral, in Curator's form, saying who we are."""
        readable = [self._owner, make_acl("world", "anyone", read=True)] if self._owner else None
        self._client.retry(self._client.ensure_path, self._parent, acl=readable)
        name, data = f"{self._parent}/_c_{uuid.uuid4()}-latch-", self.address.encode()
        self._latch = self._client.create(name, data, acl=readable, ephemeral=True, sequence=True)

    def win(self) -> None:
        """Return when our latch is the first; where it has gone, another is made. Then connections matter."""
        while True:
            changed = threading.Event()
            mine = self._latch.rpartition("/")[2]
            children = self._client.retry(
                self._client.get_children, self._parent, watch=lambda _, event=changed: event.set()
            )
            if mine not in children:
                self.stand()
            elif _first(children) == mine:
                self._client.add_listener(self._heard)
                return zookeeper.vital(self._client)
            else:
                changed.wait()

    def _heard(self, state: str) -> None:
        """Remember that a leader's connection broke: it may be back before the process has ended."""
        self._broken = self._broken or state != KazooState.CONNECTED

    def leader(self) -> str | None:
        """Return host:port of the first candidate, as ZooKeeper says it now; None if it cannot be asked."""
        if not self._client.connected:
            return None
        try:
            first = _first(self._client.get_children(self._parent))
            return self._client.get(f"{self._parent}/{first}")[0].decode() if first else None
        except KazooException:
            return None

    def resign(self) -> float:
        """Take our latch back, or leave it to expire; return for how long Marathon hangs over that."""
        return 0.0 if self._withdrawn() else self._hang

    def _withdrawn(self) -> bool:
        if not self._latch:
            return True
        if self._broken or not self._client.connected:
            return False
        try:
            self._client.delete_async(self._latch).get(timeout=_FAREWELL)
        except NoNodeError:
            return True
        except (KazooException, KazooTimeoutError):
            return False
        return True


def _first(children: list[str]) -> str | None:
    latches = [name for name in children if "-latch-" in name]
    return min(latches, key=lambda name: name.rsplit("-", 1)[1], default=None)
