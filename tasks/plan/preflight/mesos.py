"""Versions of Mesos that do not go together: agents newer than masters, masters too old for the registry."""

from collections.abc import Iterator, Sequence

from ..look import versions
from ..look.versions import Version, shown
from ..mesos_agent.upgrade import GIVEN_UP, SINCE
from ..words import names
from .checks import Finding
from .subject import Subject


def ahead(hosts: Sequence[Subject]) -> Iterator[Finding]:
    """Look for agents newer than a master then, by more than a patch: masters go first (upgrades.md)."""
    masters = _masters(hosts)
    for host in hosts:
        new = _wanted(host, "mesos_agent")
        behind = {name: old for name, old in masters.items() if new and old and old[:2] < new[:2]}
        if behind and _changes(host, "mesos_agent"):
            told = ", ".join(f"that on {name} is of {shown(old)}" for name, old in behind.items())
            yield host.finding(
                "mesos-version",
                f"its agent is to be of {shown(new)}, and of the masters {told}: an agent may lean on what "
                "they do not know",
                "name the image of the masters, too (mesos_master_image), and have their hosts in the run",
            )


def _masters(hosts: Sequence[Subject]) -> dict[str, Version | None]:
    """Give the version of every master as it will be: the wanted one where it is in the run."""
    said = {name: versions.of_text(text) for host in hosts for name, text in host.facts.masters.items()}
    return said | {h.node.name: _wanted(h, "mesos_master") for h in hosts if h.playing("mesos_master")}


def outdated(hosts: Sequence[Subject]) -> Iterator[Finding]:
    """Look for masters that would be too old for the registry: they refuse it, or lose a part of it."""
    demanded = {each for host in hosts for each in host.facts.demands}
    for host in hosts:
        new = _wanted(host, "mesos_master")
        lacking = sorted(each for each in demanded if new and each in SINCE and new < SINCE[each])
        if lacking and _changes(host, "mesos_master"):
            yield host.finding(
                "mesos-version",
                f"its master is to be of {shown(new)}, and the registry demands {names(lacking)}, which "
                f"masters have since {shown(max(SINCE[each] for each in lacking))}",
                "; ".join(GIVEN_UP[each] for each in lacking) + "; then go back",
            )


def _changes(host: Subject, role: str) -> bool:
    one = host.playing(role)
    return one is not None and not host.seen.is_of(one.name, one.image)


def _wanted(host: Subject, role: str) -> Version | None:
    one = host.playing(role)
    return versions.of_image(one.image) if one else None
