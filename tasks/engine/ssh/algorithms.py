"""Which ciphers and MACs a host is offered: not all that paramiko still knows."""

import re

WEAK = re.compile(r"-cbc|3des|arcfour|rc4|md5|sha1|-96")

DEFAULTS_MARK = "hmac-sha1-etm@openssh.com"
"""Stands beside hmac-sha1 in the list that ssh has if nobody asks for one; paramiko does not know it."""


def offered(known: tuple[str, ...], asked: tuple[str, ...]) -> tuple[str, ...]:
    """Give the strong ones of those that paramiko knows, then the weak ones that ssh_config asks for.

    `asked` is ssh's list, be it ssh's own; in that one hmac-sha1 was asked for by nobody.
    """
    strong = tuple(name for name in known if not WEAK.search(name))
    weak = tuple(name for name in known if WEAK.search(name) and name in asked)
    return strong + tuple(name for name in weak if name != "hmac-sha1" or DEFAULTS_MARK not in asked)


def names(value: str) -> tuple[str, ...]:
    """Read the value of Ciphers or MACs; only where there is no ssh client a sign stands before it."""
    return () if value.startswith("-") else tuple(filter(None, value.lstrip("+^").split(",")))
