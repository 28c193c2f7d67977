"""What others have to do with the hosts: their runs, and members that hosts.ini does not name."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from .. import runbook
from ..look.docker import GENERATIONS
from .checks import Finding
from .subject import Subject

NAMES = (
    ("zookeeper", "zookeeper"),
    ("mesos_master", "mesos-master-"),
    ("marathon", "marathon-"),
    ("mesos_agent", "mesos-slave"),
)
"""How the names of each role's containers begin."""


def run(host: Subject) -> Iterator[Finding]:
    """Look for another run that lives: it holds the lease, without which no other one changes the host."""
    if host.seen.at_work and "flock" not in host.facts.unfit:
        yield host.finding("lock", str(host.seen.at_work), "wait for that run to end")


def members(hosts: Sequence[Subject]) -> Iterator[Finding]:
    """Look for members of services that have no place in hosts.ini, and for containers of such members.

    A stranger is seen by one host and told of another. Where its container is seen, too, it is one thing.
    """
    by = {host.node.name: host for host in hosts}
    cluster = hosts[0].cluster if hosts else None
    found = (
        runbook.strangers(runbook.CHAPTERS, cluster, {n: h.seen for n, h in by.items()}) if cluster else []
    )
    for one in found:
        yield replace(by[one.by].finding("stranger", one.seen, one.remedy), about=one.host)
    told = {(one.host, one.service) for one in found}
    for host in hosts:
        for name in _strays(host):
            if not any(name.startswith(begin) and (host.node.name, role) in told for role, begin in NAMES):
                yield _stray(host, name)


def _strays(host: Subject) -> list[str]:
    containers = runbook.containers(runbook.CHAPTERS, host.cluster, host.node)
    wanted = {one.name + end for one in containers for end in ("", *GENERATIONS)}
    return [name for name in host.seen.clusters if name not in wanted]


def _stray(host: Subject, name: str) -> Finding:
    return host.finding(
        "stray-container",
        f"mesofab made the container {name}, for which hosts.ini gives this host no role",
        f"give it the role again, or remove it: docker rm -f {name}",
    )
