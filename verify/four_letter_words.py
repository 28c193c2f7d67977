"""ZooKeeper asked from here: its four-letter words over plain TCP, and sessions of a client."""

import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from kazoo.client import KazooClient
from kazoo.handlers.threading import KazooTimeoutError

from tasks.inventory.cluster import Node

from .evidence import asked
from .findings import fail

SESSION_TIMEOUT = 10
"""Seconds to get a session."""


def ask(address: str, port: int, word: str, timeout: float = 20) -> str:
    """Send `word` and give the whole answer, "" if nobody listens.

    Reads to the end: kazoo's own `command` stops after 8192 bytes, less than mntr of 3.8.
    """
    answer = b""
    try:
        with socket.create_connection((address, port), timeout) as connection:
            connection.sendall(word.encode())
            while chunk := connection.recv(65536):
                answer += chunk
    except OSError:
        answer = b""
    said = answer.decode("utf-8", "replace")
    asked(address, f"{word} to port {port}", said or "no answer")
    return said


def mode_of(srvr: str) -> str:
    """Return what a member says it is: leader, follower, standalone, ...; "" while it does not serve."""
    mode = re.search(r"^Mode: (\S+)", srvr, re.MULTILINE)
    return mode[1] if mode else ""


def version_of(srvr: str) -> str:
    """Return a member's version, "" if it does not say it."""
    version = re.search(r"^Zookeeper version: ([\w.]+)", srvr, re.MULTILINE)
    return version[1] if version else ""


@dataclass(frozen=True)
class Answers:
    """What one member said to srvr, conf and mntr."""

    srvr: str
    conf: Mapping[str, str]
    mntr: Mapping[str, str]

    @property
    def mode(self) -> str:
        """leader, follower, standalone, ...; "" while it does not serve (ServerStats.java)."""
        return mode_of(self.srvr)


def answers(address: str, port: int) -> Answers:
    """Ask one member everything the suite needs to know."""
    return Answers(
        srvr=ask(address, port, "srvr"),
        conf=dict(re.findall(r"^([A-Za-z.]+)=(.*)$", ask(address, port, "conf"), re.MULTILINE)),
        mntr=dict(re.findall(r"^(\S+)\t(.*)$", ask(address, port, "mntr"), re.MULTILINE)),
    )


def serving(members: Sequence[Node]) -> Sequence[Node]:
    """Return the members that serve; all, if none does: then a session is what cannot be had."""
    well = [n for n in members if "Mode: " in ask(n.address, n.settings.zookeeper_client_port, "srvr")]
    return well or members


@contextmanager
def session(*members: Node, client_id: tuple[int, bytes] | None = None) -> Iterator[KazooClient]:
    """Have a session with one of these members, or move an existing one there."""
    servers = ",".join(f"{node.address}:{node.settings.zookeeper_client_port}" for node in members)
    client = KazooClient(servers, client_id=client_id)
    try:
        client.start(SESSION_TIMEOUT)
        asked(members[0].address, f"a session of ZooKeeper with {servers}", "given")
        yield client
    except KazooTimeoutError:
        where = ", ".join(node.name for node in members)
        remedy = "look at `docker logs zookeeper` there"
        fail(where, f"ZooKeeper gives no session within {SESSION_TIMEOUT} s", "one", remedy)
    finally:
        client.stop()
        client.close()
