"""What others have to do with a host: their runs, and members that hosts.ini does not name."""

from collections.abc import Iterator

from .checks import Finding
from .subject import Subject


def run(host: Subject) -> Iterator[Finding]:
    """Look for another run that lives: it holds the lease, without which no other one changes the host."""
    if host.seen.at_work and "flock" not in host.facts.unfit:
        yield host.finding("lock", str(host.seen.at_work), "wait for that run to end")
