"""What differs from hosts.ini, as a status tells it: once, and not what its troubles say anyway."""

from collections.abc import Iterator

from ..words import counted, grouped
from .status import Component, Status

REFUSED = "a deploy would be refused: `fab plan` tells why"
"""What is said of what a person must mend before a deploy does."""


def differences(status: Status) -> list[str]:
    """Say what differs, once for all hosts, unless a trouble says it."""
    return grouped((host, f"{whose}{_and_more(drift)}") for host, whose, drift in differing(status))


def how_many(status: Status) -> int:
    """Count what differs: what is the same on many hosts once."""
    return sum(len(drift) for _, drift in {(whose, drift) for _, whose, drift in differing(status)})


def differing(status: Status) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Give what differs by host and service; "" is the host itself.

    `fab plan` tells how what is absent comes to run; but what keeps it from that is told.
    """
    for host in status.hosts:
        yield from ((host.name, "", (each,)) for each in host.drift)
        for one in host.components:
            found = one.blocked if one.state == "absent" else one.drift
            if drift := tuple(filter(None, (_untold(each, one) for each in found))):
                yield host.name, f"{one.service}: ", drift


def _untold(drift: str, one: Component) -> str:
    """Leave out of a difference what a trouble says anyway; "" if that is all of it."""
    for trouble in one.troubles:
        drift = drift.replace(f", {trouble.seen}", "")
    for trouble in one.troubles:
        drift = drift.removesuffix(trouble.seen)
    return "" if drift.endswith(": ") else drift


def _and_more(drift: tuple[str, ...]) -> str:
    return drift[0] + (f" (and {counted(len(drift) - 1, 'more difference')})" if drift[1:] else "")
