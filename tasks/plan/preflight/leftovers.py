"""What an older or another cluster has left on a host."""

from collections.abc import Iterator

from ..compare import belonging
from ..desired import DIGEST, Container
from ..zookeeper import members
from ..zookeeper.desired import cfg, data
from .checks import Finding
from .subject import Subject


def containers(host: Subject) -> Iterator[Finding]:
    """Look for containers with the runbook's names that mesofab has not made: it would replace them."""
    for one in host.containers:
        found = host.seen.containers.get(one.name)
        if found and not (found.is_ours or _agreed(one, host)):
            yield host.finding(
                "foreign-container",
                f"the container {one.name} (of {found.image}) has no label {DIGEST}: somebody else made it",
                "if it is a member of this cluster, `fab adopt` says how a deploy takes it over; if not, "
                "remove or rename it",
            )


def _agreed(wanted: Container, host: Subject) -> bool:
    """Tell whether hosts.ini has this container taken over; not beside the one that it names."""
    called = {wanted.name, host.seen.container(wanted.name).called}
    return bool(wanted.adopts) and (wanted.adopts in called or wanted.adopts not in host.seen.containers)


def ensemble(host: Subject) -> Iterator[Finding]:
    """Look for data of another ensemble: a member that starts with it can spread it to all others."""
    wanted = host.playing("zookeeper")
    if wanted is None or not host.facts.ensemble:
        return
    if any(host.seen.container(wanted.name + end).is_ours for end in ("", ".prev")):  # it may be cut short
        return
    old, new = (members.servers(text) for text in (host.seen.path(cfg(host.node)).text, wanted.files[0].text))
    if old and members.has_data(host.node, host.seen):
        return  # who the members of its ensemble are is the plan's business
    if old != new:
        whose = ", ".join(f"server.{id}={address}" for id, address in sorted(old.items()))
        yield host.finding(
            "foreign-data",
            f"{data(host.node)} holds data of {whose or 'an unknown ensemble: there is no zoo.cfg with it'}",
            f"if it may be lost, empty {host.node.settings.zookeeper_dir}/data on this host; if it is this "
            "ensemble's own, deploy with --no-preflight",
        )


def agent(host: Subject) -> Iterator[Finding]:
    """Look for another cluster's agent: its id and its tasks would go on in this one."""
    wanted = host.playing("mesos_agent")
    if wanted is None:
        return
    work_dir = host.node.settings.mesos_agent_work_dir
    remedy = f"leave it if its tasks should go on here; if not, empty {work_dir} while no agent runs"
    known = any(f'"{host.facts.agent}"' in text for text in host.seen.answers.values())
    old = host.seen.container(wanted.name).environment.get("MESOS_MASTER")
    new = dict(wanted.environment)["MESOS_MASTER"]
    if old not in (None, new) and not belonging.elsewhere(host.cluster, old or ""):
        evidence = f"{wanted.name} is an agent of {old}, and would take its tasks along to {new}"
        yield host.finding("foreign-agent", evidence, remedy)
    elif old is None and host.facts.agent and not known:
        evidence = f"{work_dir} is that of agent {host.facts.agent}, which no master here knows"
        yield host.finding("foreign-agent", evidence, remedy)
