"""Who is at work on a host: the lease that a run holds there, as a look reads it without taking it."""

import re
from dataclasses import dataclass

from ...inventory.printable import printable

LEASE = "/run/mesofab.lease"
"""Locked for as long as a run that changes the host lives; its text tells whose run that is."""

IF_HELD = f"{{ flock -n -s 6 || [ $? != 1 ] || cat {LEASE}; }} 2>/dev/null 6<{LEASE}"
"""Prints the text of a lease that is held; a file that nobody locks is a dead run's."""

HELD = "mesofab_held"
"""A shell's variable that says whether it holds the lease itself; then a look starts no program to ask."""

ASK = f"""\
part lease # a run empties its lease at its end, unless it is killed
if [ -z "${{{HELD}-}}" ] && [ -s {LEASE} ] && [ -r {LEASE} ]; then
  {IF_HELD}
fi"""
"""Asks who holds the lease."""


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


def fence(run: str) -> str:
    """Give the shell function that lets step $1 begin only while this very run holds the lease.

    Its connection may be older than that: a laptop that slept for a minute has lost the host, and
    another run may have it by now.
    """
    return (
        "fence() {\n"
        f"its=$({IF_HELD}) || true\n"
        f'case $its in *{run}) ;; *) say lost "$1"; printf \'%s\\n\' "$its"; exit 1 ;; esac\n'
        "}\n"
    )


def read(text: str) -> Lease | None:
    """Read the text of a lease that is held; None if nobody holds one. Its first line tells whose it is."""
    line = printable(text.strip().partition("\n")[0])[:200]
    told = re.fullmatch(r"(.+), since (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC: (.*)", line, re.ASCII)
    if told:
        return Lease(told[1], f"{told[2]}T{told[3]}Z", told[4])
    return Lease(line) if line else None
