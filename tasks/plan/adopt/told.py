"""What `fab adopt` says."""

from collections.abc import Iterator

from ...inventory.cluster import Cluster
from ...inventory.edits import Set
from ...inventory.secret import shown
from ..desired import Container
from ..look import by_hand
from ..mesos_master.replicas import BEGINS
from ..names import SERVICES
from ..runbook import CHAPTERS, containers
from ..words import counted, grouped, names
from .adoption import Adoption, Takeover

DRAIN = (
    "Mesos agents: {hosts} {see} the work_dir by another path than the host does, where docker tasks do not "
    "find their sandboxes. Only with --drain a deploy takes them over: it ends their tasks and makes them "
    "new agents, and Marathon starts other tasks. `fab plan --drain` says which end."
)
ENDS = (
    "Mesos agents: the tasks of {hosts} end with the container, in which their executors live; Marathon "
    "starts others. `fab plan` says which end. From then on docker tasks outlive such a restart."
)


def takeovers(found: Adoption) -> Iterator[str]:
    """Say of each member what it is, and what a deploy changes about it."""
    told = []
    for one in found.takeovers:
        down = "" if one.member.seen.is_up else f" (it is {one.member.seen.status})"
        what = f"runs by hand{down}; a deploy replaces it" + (": " if one.changes else "")
        told.append((one.host, f"{one.member.name} {what}{', '.join(one.changes)}"))
    return iter(grouped(told))


def losses(found: Adoption) -> Iterator[str]:
    """Say what a take-over costs, and why."""
    masters = [one for one in found.takeovers if one.member.role == "mesos_master"]
    if any(by_hand.in_memory(one.member.seen) and _changes(one, "REGISTRY") for one in masters):
        yield BEGINS
    agents = [one for one in found.takeovers if one.member.role == "mesos_agent"]
    if drained := [one.host for one in agents if one.drain]:
        yield DRAIN.format(hosts=names(drained), see="sees" if len(drained) == 1 else "see")
    if ending := [one.host for one in agents if not one.drain and _ends_tasks(one)]:
        yield ENDS.format(hosts=names(ending))


def _changes(one: Takeover, word: str) -> bool:
    return any(word.lower() in change.lower() for change in one.changes)


def _ends_tasks(one: Takeover) -> bool:
    own = one.member.seen.options.get("PidMode") == "host" and "docker_mesos_image" in one.member.flags
    return one.member.seen.is_up and not own


def settings(edits: tuple[Set, ...]) -> Iterator[str]:
    """Give the settings as they stand in hosts.ini, those of all hosts first."""
    for edit in sorted(edits, key=lambda each: each.host):
        yield f"  {edit.host or '[all:vars]'}  {edit.setting}={shown(edit.setting, edit.value)}"


def nothing(cluster: Cluster, looked: int) -> str:
    """Say that no member runs by hand."""
    return f"No member of {cluster.settings.cluster_name} was run by hand on {counted(looked, 'host')}."


def absent(cluster: Cluster, found: Adoption, ours: dict[str, frozenset[str]]) -> list[str]:
    """Name the members that are neither run by hand nor made by mesofab: a deploy starts those."""
    taken = {(one.host, one.member.role) for one in found.takeovers}
    told = []
    for node in (node for node in cluster.nodes if node.name in ours):
        lacking: list[Container] = [
            one
            for one in containers(CHAPTERS, cluster, node)
            if (node.name, one.role) not in taken and one.name not in ours[node.name]
        ]
        services = ", ".join(SERVICES[one.role] for one in lacking)
        told += [(node.name, f"no member runs of {services}; a deploy starts one")] if lacking else []
    return grouped(told)
