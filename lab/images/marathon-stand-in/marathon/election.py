"""ZooKeeper: one session, the election, and the end of the process when the connection is lost."""

from __future__ import annotations

import threading
import uuid
from typing import Any

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import NoNodeError
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.security import make_acl, make_digest_acl

from . import process
from .options import ZK_URL, Options


class Election:
    """One candidate: its session, its latch node, and who leads. Everything here waits for ZooKeeper."""

    def __init__(self, options: Options, address: str) -> None:
        match = ZK_URL.match(options["zk"])
        assert match, "the options were validated"
        self.address, self.path = address, match["path"]
        self._auth: str | None = match["auth"]
        self.client = KazooClient(
            hosts=match["hosts"],
            timeout=options["zk_session_timeout"] / 1000,
            auth_data=[("digest", self._auth)] if self._auth else None,
            default_acl=[self._owner()] if self._auth else None,
        )
        self._patience = options["zk_connection_timeout"] / 1000

    def _owner(self) -> Any:
        user, _, password = str(self._auth).partition(":")
        return make_digest_acl(user, password, all=True)

    def connect(self) -> None:
        """Open the session, or end the process; from then on losing the connection ends it too."""
        try:
            self.client.start(timeout=self._patience)
        except KazooTimeoutError:
            process.die("timed out while waiting for zookeeper connection")
        self.client.add_listener(self._changed)
        process.before_exit(self.client.stop)
        if not self.client.connected:
            self._changed(KazooState.LOST)

    def _changed(self, state: str) -> None:
        if state != KazooState.CONNECTED:
            # In a thread: this one is the client's own, which has to stay free for its farewell.
            reason = f"Lost connection to ZooKeeper ({state}), terminating"
            threading.Thread(target=process.die, args=(reason,)).start()

    def win(self) -> None:
        """Stand, and return when our node is the first: ephemeral, in Curator's form, saying who we are."""
        readable = [self._owner(), make_acl("world", "anyone", read=True)] if self._auth else None
        parent = f"{self.path}/leader-curator"
        self.client.ensure_path(parent, acl=readable)
        name, data = f"{parent}/_c_{uuid.uuid4()}-latch-", self.address.encode()
        latch = self.client.create(name, data, acl=readable, ephemeral=True, sequence=True)
        mine = latch.rpartition("/")[2]
        while True:
            changed = threading.Event()
            children = self.client.get_children(parent, watch=lambda _, event=changed: event.set())
            if mine not in children:
                process.die("Our candidacy is gone from ZooKeeper")
            if _first(children) == mine:
                return
            changed.wait()

    def leader(self) -> str | None:
        """Return host:port of the first candidate, as ZooKeeper says it now."""
        parent = f"{self.path}/leader-curator"
        try:
            first = _first(self.client.get_children(parent))
            return self.client.get(f"{parent}/{first}")[0].decode() if first else None
        except NoNodeError:
            return None


def _first(children: list[str]) -> str | None:
    latches = [name for name in children if "-latch-" in name]
    return min(latches, key=lambda name: name.rsplit("-", 1)[1], default=None)
