"""What others have to do with the hosts: their runs, and members that hosts.ini does not name."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from .. import runbook
from .checks import Finding
from .subject import Subject


def run(host: Subject) -> Iterator[Finding]:
    """Look for another run that lives: it holds the lease, without which no other one changes the host."""
    if host.seen.at_work and "flock" not in host.facts.unfit:
        yield host.finding("lock", str(host.seen.at_work), "wait for that run to end")


def members(hosts: Sequence[Subject]) -> Iterator[Finding]:
    """Look for members of services that have no place in hosts.ini, and for containers of such members.

    A stranger is seen by one host and told of another.
    """
    by = {host.node.name: host for host in hosts}
    seen = {name: host.seen for name, host in by.items()}
    for one in runbook.strangers(runbook.CHAPTERS, hosts[0].cluster, seen) if hosts else ():
        check = "stray-container" if one.container else "stranger"
        yield replace(by[one.by].finding(check, one.seen, one.remedy), about=one.host)
