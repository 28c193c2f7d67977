"""What an older or another cluster has left on a host."""

import re
from collections.abc import Iterator

from .. import runbook
from ..compare import belonging
from ..desired import Container
from ..look.observed import GENERATIONS
from ..zookeeper import members
from .checks import Finding
from .subject import Subject


def containers(host: Subject) -> Iterator[Finding]:
    """Look for containers with the runbook's names that mesofab has not made: it would replace them."""
    for one in host.containers:
        if one.name in host.seen.objects and not host.is_ours(one.name):
            image = host.seen.objects[one.name].get("Config", {}).get("Image")
            yield host.finding(
                "foreign-container",
                f"the container {one.name} (of {image}) has no label mesofab.digest: somebody else made it",
                "remove or rename it; or, if it shall be replaced, deploy with --no-preflight",
            )


def strays(host: Subject) -> Iterator[Finding]:
    """Look for containers of roles that hosts.ini does not give the host any more: they still take part."""
    items = runbook.wanted(runbook.CHAPTERS, host.cluster, host.node)
    wanted = {item.name + end for item in items if isinstance(item, Container) for end in ("", *GENERATIONS)}
    for name in host.seen.clusters:
        if name not in wanted:
            yield host.finding(
                "stray-container",
                f"mesofab made the container {name}, for which hosts.ini gives this host no role",
                f"give it the role again, or remove it: docker rm -f {name}",
            )


def ensemble(host: Subject) -> Iterator[Finding]:
    """Look for data of another ensemble: a member that starts with it can spread it to all others."""
    wanted = host.playing("zookeeper")
    if wanted is None or not host.facts.ensemble:
        return
    if host.is_ours(wanted.name) or host.is_ours(wanted.name + ".prev"):  # a run may have been cut short
        return
    home = host.node.settings.zookeeper_dir
    if members.servers(host.node, host.seen) and members.has_data(host.node, host.seen):
        return  # who the members of its ensemble are is the plan's business
    old, new = _servers(host.seen.path(f"{home}/conf/zoo.cfg").text), _servers(wanted.files[0].text)
    if old != new:
        whose = ", ".join(sorted(old)) or "an unknown ensemble: there is no zoo.cfg with it"
        yield host.finding(
            "foreign-data",
            f"{home}/data/version-2 holds data of {whose}",
            f"if it may be lost, empty {home}/data on this host; if it is this ensemble's own, deploy with "
            "--no-preflight",
        )


def _servers(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"^server\.[0-9]+=[^:\s]+", text, re.MULTILINE))


def agent(host: Subject) -> Iterator[Finding]:
    """Look for another cluster's agent: its id and its tasks would go on in this one."""
    wanted = host.playing("mesos_agent")
    if wanted is None:
        return
    work_dir = host.node.settings.mesos_agent_work_dir
    remedy = f"let it be, if its tasks shall go on here; if not, empty {work_dir} while no agent runs"
    old, new = _master(host, wanted), dict(wanted.environment)["MESOS_MASTER"]
    if old not in (None, new) and not belonging.elsewhere(host.cluster, old or ""):
        evidence = f"{wanted.name} is an agent of {old}, and would take its tasks along to {new}"
        yield host.finding("foreign-agent", evidence, remedy)
    elif old is None and host.facts.agent and not _is_known(host):
        evidence = f"{work_dir} is that of agent {host.facts.agent}, which no master here knows"
        yield host.finding("foreign-agent", evidence, remedy)


def _master(host: Subject, wanted: Container) -> str | None:
    return host.seen.environment(wanted.name).get("MESOS_MASTER")


def _is_known(host: Subject) -> bool:
    return any(host.facts.agent in text for text in host.seen.answers.values())
