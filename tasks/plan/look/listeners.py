"""Who listens on which TCP port of a host, from what ss says."""

import re
from collections.abc import Iterator


def listening(text: str) -> dict[int, str]:
    """Give who listens on each TCP port."""
    listeners = {}
    for _, port, line in _sockets(text):
        process = re.search(r'\("([^"]+)",pid=(\d+)', line)
        listeners[port] = f"{process[1]} (pid {process[2]})" if process else "an unknown process"
    return listeners


def on_loopback(text: str) -> frozenset[int]:
    """Give the TCP ports on which somebody listens, but on the loopback alone."""
    at: dict[int, set[str]] = {}
    for address, port, _ in _sockets(text):
        at.setdefault(port, set()).add(re.sub(r"^\[(::ffff:)?|\]$", "", address))
    return frozenset(
        port for port, those in at.items() if all(each == "::1" or each.startswith("127.") for each in those)
    )


def _sockets(text: str) -> Iterator[tuple[str, int, str]]:
    """Give the address and the port of every listener, and its whole line."""
    for line in text.splitlines():
        fields = line.split()
        address, _, port = fields[3].rpartition(":") if len(fields) >= 4 else ("", "", "")
        if port.isdecimal():
            yield address, int(port), line
