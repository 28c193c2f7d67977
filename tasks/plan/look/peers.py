"""Who is connected to ZooKeeper: asked of its leader's host only where somebody may take part unnamed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..gate import Question
from ..shell import at_once
from . import sections
from .sections import ASK, LIMIT, asking, split


@dataclass(frozen=True)
class Peers:
    """Addresses of those who are connected: of clients by their session, of all members that follow."""

    clients: Mapping[str, str]
    followers: tuple[str, ...] = ()


def script(connections: Mapping[str, Question], peer_port: int, boundary: str) -> str:
    """Give the script that asks every member for its `connections`, and a leader's host who follows it.

    `boundary` must be random. No four-letter word tells a follower's address; the leader alone listens on
    the peer port.
    """
    follow = f"part followers; ss -tn 'sport = :{peer_port}' 2>/dev/null"
    return sections.script(boundary, LIMIT + ASK, at_once([*asking(connections), follow]))


def read(output: str, boundary: str) -> Peers:
    """Read the answer. Raises Unreadable."""
    parts = split(output, boundary)
    followers = parts.pop("followers", "")
    told = "\n".join(parts.values())
    clients = re.findall(r"^ /([0-9.]+):[0-9]+\[.*[,(]sid=(0x[0-9a-f]{1,16})[,)]", told, re.MULTILINE)
    peers = re.findall(r"^ESTAB .*[ :]([0-9]+(?:\.[0-9]+){3})\]?:[0-9]+\s*$", followers, re.MULTILINE)
    return Peers({session: address for address, session in clients}, tuple(sorted(peers)))
