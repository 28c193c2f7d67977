"""Who is at work on a host: the lease that a run holds there, as a look reads it without taking it."""

import re
from dataclasses import dataclass

from ...inventory.printable import printable

LEASE = "/run/mesofab.lease"
"""Locked for as long as a run that changes the host lives; its text tells whose run that is."""

ASK = f"""\
part lease; if [ -s {LEASE} ] && [ -r {LEASE} ]; then # a run empties it at its end, unless it is killed
  {{ flock -n -s 6 2>/dev/null; [ $? != 1 ] || cat {LEASE}; }} 6<{LEASE}
fi"""
"""Asks for the text of a lease that is held; a file that nobody locks is a dead run's."""


@dataclass(frozen=True)
class Lease:
    """Whose run is at work on a host, since when (UTC), and what it does; "" what its text does not say."""

    who: str
    since: str = ""
    doing: str = ""

    def __str__(self) -> str:
        if not self.since:
            return f"{self.who} is at work here"
        since = self.since.replace("T", " ").removesuffix("Z")
        return f"{self.who} has been at work here since {since} UTC: {self.doing}"


def read(text: str) -> Lease | None:
    """Read the text of a lease that is held; None if nobody holds one."""
    line = printable(text.strip().partition("\n")[0])[:200]
    told = re.fullmatch(r"(.+), since (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC: (.*)", line, re.ASCII)
    if told:
        return Lease(told[1], f"{told[2]}T{told[3]}Z", told[4])
    return Lease(line) if line else None
