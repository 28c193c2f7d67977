"""All checks of all hosts."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ...inventory.cluster import Cluster
from .. import runbook
from ..compare import advice
from ..runbook import Chapter
from ..step import Blocker
from . import docker, flavours, fleet, leftovers, machine, members, mesos, others
from .checks import CHECKS, Finding, Severity
from .subject import Look, Subject

OF_A_HOST = (
    others.run,
    machine.tools,
    machine.architecture,
    machine.hostname,
    machine.logins,
    machine.memory,
    machine.disk,
    flavours.podman,
    flavours.snap,
    flavours.rootless,
    flavours.remapped,
    flavours.trust,
    flavours.selinux,
    flavours.context,
    docker.version,
    docker.api,
    docker.init,
    docker.boot,
    docker.cgroups,
    docker.extra_flags,
    docker.tls,
    docker.images,
    leftovers.containers,
    leftovers.ensemble,
    leftovers.agent,
)
OF_ALL_HOSTS = (
    others.members,
    fleet.machines,
    fleet.agents,
    fleet.clocks,
    fleet.flows,
    mesos.ahead,
    mesos.outdated,
)


@dataclass(frozen=True)
class Report:
    """What a preflight found: by host in the inventory's order, errors first.

    `hosts` are all that were asked, `lost` those that could not be looked at.
    """

    hosts: tuple[str, ...]
    lost: tuple[str, ...]
    findings: tuple[Finding, ...]

    def having(self, severity: Severity) -> list[Finding]:
        """Give the findings of one severity."""
        return [finding for finding in self.findings if finding.severity == severity]

    def without(self, checks: Collection[str]) -> "Report":
        """Leave out the findings of these checks."""
        return replace(self, findings=tuple(one for one in self.findings if one.check not in checks))


def judge(
    chapters: Sequence[Chapter], cluster: Cluster, looks: Mapping[str, Look], lost: Mapping[str, Finding]
) -> Report:
    """Say what is wrong with the hosts. `lost` are those that could not be looked at, and why."""
    names = [node.name for node in cluster.nodes]
    wrong = _wrong(chapters, cluster, looks)
    told = advice.advised(
        cluster,
        looks,
        {name: [one for one in wrong if one.host == name] for name in names},
        lambda after: _errors(_wrong(chapters, after, _supposed(after, looks))),
    )
    found = [*lost.values(), *(one for those in told.values() for one in those)]
    return Report(
        hosts=tuple(name for name in names if name in looks or name in lost),
        lost=tuple(name for name in names if name in lost),
        findings=tuple(sorted(dict.fromkeys(found), key=_place(names))),
    )


def _wrong(chapters: Sequence[Chapter], cluster: Cluster, looks: Mapping[str, Look]) -> list[Finding]:
    """Give what is wrong with the hosts that could be looked at, with changes that nobody has tried yet."""
    hosts = [
        Subject(cluster, node, runbook.wanted(chapters, cluster, node), looks[node.name])
        for node in cluster.nodes
        if node.name in looks
    ]
    seen = {host.node.name: host.seen for host in hosts}
    plans = runbook.unadvised(chapters, cluster, [host.node for host in hosts], seen)
    found: list[Finding] = []
    for host in hosts:
        plan = plans[host.node.name]
        # What stands in the way of a plan is decided there, and only told here.
        found += [_told(host, each) for each in plan.blockers if not _follows(host, each)]
        found += members.troubles(host, plan.troubles)
        found += [one for check in OF_A_HOST for one in check(host)]
    found += [one for check in OF_ALL_HOSTS for one in check(hosts)]
    ignored = cluster.settings.preflight_ignore
    return [replace(one, overruled=one.check in ignored) for one in found]


def _supposed(cluster: Cluster, looks: Mapping[str, Look]) -> dict[str, Look]:
    seen = runbook.supposed(cluster, {name: look.seen for name, look in looks.items()})
    return {name: replace(look, seen=seen[name]) for name, look in looks.items()}


def _errors(found: Iterable[Finding]) -> set[tuple[str, tuple[str, ...]]]:
    return {(one.host, one.what) for one in found if one.severity == "error"}


def _follows(host: Subject, blocker: Blocker) -> bool:
    """Tell whether a blocker only says that nobody could ask, for a reason that is told anyway."""
    match blocker.check:
        case "address":
            return "ip" in host.facts.lacking or "ip" in host.facts.unfit
        case "lock":
            # Without a fit one it cannot wait, so it seems as if another run had the host.
            return "flock" in host.facts.unfit or any(others.run(host))
        case "docker":
            without_rights = host.seen.user != 0 and "permission denied" in host.seen.engine_error
            another = any(list(check(host)) for check in (flavours.podman, flavours.snap, flavours.rootless))
            return without_rights or another
    return False


def _told(host: Subject, blocker: Blocker) -> Finding:
    evidence = blocker.seen if blocker.title == blocker.check else f"{blocker.title}: {blocker.seen}"
    return host.finding(blocker.check, evidence, blocker.remedy, *blocker.changes)


def _place(names: Sequence[str]) -> Callable[[Finding], tuple[int, bool, int]]:
    checks = list(CHECKS)
    return lambda one: (names.index(one.host), one.severity != "error", checks.index(one.check))
