"""All checks of all hosts."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from ...inventory.cluster import Cluster
from .. import runbook
from ..runbook import Chapter
from ..step import Blocker
from . import docker, flavours, fleet, leftovers, machine, members
from .checks import CHECKS, Finding, Severity
from .subject import Look, Subject

OF_A_HOST = (
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
    docker.images,
    leftovers.containers,
    leftovers.strays,
    leftovers.ensemble,
    leftovers.agent,
)
OF_ALL_HOSTS = (fleet.machines, fleet.agents, fleet.clocks)


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
    hosts = [
        Subject(cluster, node, runbook.wanted(chapters, cluster, node), looks[node.name])
        for node in cluster.nodes
        if node.name in looks
    ]
    plans = runbook.plans(
        chapters, cluster, [host.node for host in hosts], {host.node.name: host.seen for host in hosts}
    )
    found = list(lost.values())
    for host in hosts:
        plan = plans[host.node.name]
        # What stands in the way of a plan is decided there, and only told here.
        found += [_told(host, each) for each in plan.blockers if not _follows(host, each)]
        found += members.troubles(host, plan.troubles)
        found += [one for check in OF_A_HOST for one in check(host)]
    found += [one for check in OF_ALL_HOSTS for one in check(hosts)]
    ignored = cluster.settings.preflight_ignore
    found = [replace(one, overruled=one.check in ignored) for one in found]
    names = [node.name for node in cluster.nodes]
    return Report(
        hosts=tuple(name for name in names if name in looks or name in lost),
        lost=tuple(name for name in names if name in lost),
        findings=tuple(sorted(dict.fromkeys(found), key=_place(names))),
    )


def _follows(host: Subject, blocker: Blocker) -> bool:
    """Tell whether a blocker only says that nobody could ask, for a reason that is told anyway."""
    match blocker.check:
        case "address":
            return "ip" in host.facts.lacking or "ip" in host.facts.unfit
        case "lock":
            return "flock" in host.facts.unfit  # it cannot wait, so it seems as if another run had the host
        case "docker":
            without_rights = host.seen.user != 0 and "permission denied" in host.seen.engine_error
            another = any(list(check(host)) for check in (flavours.podman, flavours.snap, flavours.rootless))
            return without_rights or another
    return False


def _told(host: Subject, blocker: Blocker) -> Finding:
    evidence = blocker.seen if blocker.title == blocker.check else f"{blocker.title}: {blocker.seen}"
    return host.finding(blocker.check, evidence, blocker.remedy)


def _place(names: Sequence[str]) -> Callable[[Finding], tuple[int, bool, int]]:
    checks = list(CHECKS)
    return lambda one: (names.index(one.host), one.severity != "error", checks.index(one.check))
