"""Marathon's sessions with ZooKeeper: each process has one for its state and one for the election."""

from __future__ import annotations

from typing import Any

from kazoo.client import KazooClient
from kazoo.protocol.states import KazooState
from kazoo.retry import KazooRetry
from kazoo.security import make_digest_acl

from . import process
from .options import ZK_URL, Options


class Place:
    """Where --zk points: the servers, the path, and who we are there."""

    def __init__(self, options: Options) -> None:
        match = ZK_URL.match(options["zk"])
        assert match, "the options were validated"
        self.path: str = match["path"]
        self._hosts, self._auth = match["hosts"], match["auth"]
        self._timeout = options["zk_session_timeout"] / 1000
        self._patience = options["zk_connection_timeout"] / 1000

    @property
    def owner(self) -> Any:
        """Return the entry of an ACL that allows us everything; None without a password."""
        if not self._auth:
            return None
        user, _, password = self._auth.partition(":")
        return make_digest_acl(user, password, all=True)

    def client(self) -> KazooClient:
        """Return a client that has no session yet; it goes to any of the servers."""
        return KazooClient(
            hosts=self._hosts,
            timeout=self._timeout,
            auth_data=[("digest", self._auth)] if self._auth else None,
            default_acl=[self.owner] if self._auth else None,
            connection_retry=KazooRetry(max_tries=-1, delay=0.1, max_delay=1),
            command_retry=KazooRetry(max_tries=-1, delay=0.1, max_delay=1),
        )

    def connect(self, client: KazooClient) -> None:
        """Open a session; fails with KazooTimeoutError."""
        client.start(timeout=self._patience)


def vital(client: KazooClient) -> None:
    """Have the process end as soon as this client loses its connection: Marathon waits for no other."""

    def changed(state: str) -> None:
        if state != KazooState.CONNECTED:
            process.die_soon(f"Lost connection to ZooKeeper ({state}), terminating")

    client.add_listener(changed)
    if not client.connected:
        changed(KazooState.LOST)
