"""The hosts of a ProxyJump, in every form that ssh_config takes. No effects."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

HOP = re.compile(
    r"""
    (?: (?P<user>.+) @ )?
    (?: \[ (?P<bracketed>[^\]]+) \] | (?P<host>[^:@\[\]/]+) | (?P<bare>[0-9a-f:.]*(?::[0-9a-f:.]*){2}[%\w]*) )
    (?: (?<!:) : (?P<port>\d+) )?
    /?
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""`host`, `user@host`, `host:port`, `[2001:db8::1]:port`, and an IPv6 address alone."""


class BadJump(ValueError):
    """A ProxyJump that names no host; `str()` is the part that is wrong."""


@dataclass(frozen=True)
class Hop:
    """One host on the way, with what stands beside it."""

    host: str
    user: str | None = None
    port: int | None = None


def last(text: str) -> tuple[Hop, str]:
    """Give the last host of a ProxyJump, from which the target is reached, and the way to it, "" for none.

    Raises BadJump.
    """
    rest, _, hop = text.rpartition(",")
    return parse(hop), rest


def parse(text: str) -> Hop:
    """Read one hop. Raises BadJump."""
    is_uri = text.lower().startswith("ssh://")
    match = HOP.fullmatch(text[len("ssh://") :] if is_uri else text.removesuffix("/"))
    port = int(match["port"] or 22) if match else 0
    if match is None or not 0 < port < 65536:
        raise BadJump(text)
    user = match["user"] and (unquote(match["user"]) if is_uri else match["user"])
    host = match["bracketed"] or match["host"] or match["bare"]
    return Hop(host, user, port if match["port"] else None)
