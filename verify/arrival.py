"""Which hosts can be judged: all are logged in to before the first check, and asked whose run is at work."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from testinfra.host import Host

from tasks.inventory.printable import printable

from . import lease
from .findings import Finding, finding
from .reach import Lost

SUDO = "give its password: ansible_become_password in hosts.ini, or FABRIC_SUDO_PASSWORD in the environment"
REACH = "see whether it is up, and whether `ssh` gets there with the settings of hosts.ini"


@dataclass(frozen=True)
class Why:
    """What keeps a host from being judged."""

    seen: str
    wanted: str = "it to answer"
    remedy: str = REACH

    def told_of(self, name: str) -> Finding:
        """Say it of the host of this name."""
        return finding(name, self.seen, self.wanted, self.remedy)


UNJUDGED = pytest.StashKey[dict[str, Why]]()
"""Why a host is not judged, by its name."""

BUSY = pytest.StashKey[tuple[str, ...]]()
"""What is said if a run is at work: then nothing is judged."""


def arrive(hosts: Mapping[str, Host], at_once: int) -> dict[str, Why]:
    """Log in to all of these hosts; give those that cannot be judged."""
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        found = dict(zip(hosts, pool.map(_hindrance, hosts.values()), strict=True))
    return {name: why for name, why in found.items() if why}


def _hindrance(host: Host) -> Why | None:
    try:
        said = host.run(lease.ASK)
    except Lost as error:
        return Why(f"it cannot be reached over SSH: {error.why}")
    if said.rc != 0:
        return Why(f"sudo does not act for us there: {said.stderr.strip()}", remedy=SUDO)
    if at_work := lease.told(said.stdout):
        return Why(at_work, lease.WANTED, lease.WAIT)
    return None


def lost(unjudged: Mapping[str, Why]) -> dict[str, str]:
    """Return the names of the hosts that cannot be reached, by what is said of them."""
    return {printable(str(why.told_of(name))): name for name, why in unjudged.items() if why.remedy == REACH}


def at_work(unjudged: Mapping[str, Why]) -> Iterator[Finding]:
    """Say of every run that is at work on which hosts it is."""
    where: dict[Why, list[str]] = {}
    for name, why in unjudged.items():
        if why.wanted == lease.WANTED:
            where.setdefault(why, []).append(name)
    for why, names in where.items():
        yield why.told_of(", ".join(names))
