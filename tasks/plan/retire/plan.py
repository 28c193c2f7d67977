"""What is to be done on one host so that nothing of a cluster is left there, and what stays all the same."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...inventory.cluster import Cluster, Node
from ..compare.firewall import OPEN
from ..desired import Image, of
from ..look.boot import FORGETTING
from ..look.observed import Observed
from ..mesos_agent.desired import CONTAINER as AGENT
from ..mesos_agent.desired import leave
from ..names import SERVICES, TASK, Id
from ..runbook import CHAPTERS, containers, wanted
from ..shell import LEDGER, STATE, quote
from ..step import Action, Blocker, HostPlan, Risk, Step
from ..words import counted
from . import profile
from .leavings import Held, Leavings
from .places import Place, places

RUNS = {
    "mesos_agent": Id.AGENT_RUN,
    "marathon": Id.MARATHON_RUN,
    "mesos_master": Id.MASTER_RUN,
    "zookeeper": Id.ZOOKEEPER_RUN,
}
"""The steps that run containers, in the order in which those go: who is needed by others goes after them."""


@dataclass(frozen=True)
class Retiring:
    """One host of a cluster that is retired: what was seen of it, and whether its data are to stay.

    `loses` says which tasks end with its agent.
    """

    cluster: Cluster
    node: Node
    seen: Observed
    left: Leavings
    keep_data: bool = False
    loses: str = ""

    @property
    def ours(self) -> list[Held]:
        """The containers of this cluster."""
        return [one for one in self.left.containers if one.cluster == self.cluster.settings.cluster_name]

    @property
    def tasks(self) -> list[Held]:
        """The containers that an agent of this cluster has made for its tasks: their sandboxes tell."""
        return [one for one in self.left.containers if re.match(TASK, one.name) and self.touched(one)]

    @property
    def others(self) -> list[Held]:
        """All other containers."""
        return [one for one in self.left.containers if one not in (*self.ours, *self.tasks)]

    @property
    def places(self) -> tuple[Place, ...]:
        """The directories of its members."""
        return places(self.node)

    def touched(self, one: Held) -> list[str]:
        """Give our directories that a container mounts, or a part of them."""
        own = dict.fromkeys([place.path for place in self.places] + [*self.left.made])
        return [path for path in own if any(f"{mount}/".startswith(f"{path}/") for mount in one.mounts)]


def plan(host: Retiring, objections: Sequence[Blocker]) -> HostPlan:
    """Give the steps that retire a host, or what stands in the way; `objections` are a deploy's."""
    blockers = (*(one for one in objections if one.check in OF_THE_HOST), *_foreign(host))
    if blockers:
        return HostPlan(host.node.name, (), (), blockers)
    steps = [*_containers(host), *_tasks(host), *_images(host), *_directories(host)]
    steps += [*profile.steps(host.seen, host.left.kept), *_firewall(host), *_ledger(host)]
    return HostPlan(host.node.name, (), tuple(steps))


OF_THE_HOST = ("rights", "lock", "docker", "cluster", "address")
"""The objections to a deploy that stand in the way of its opposite, too."""


def _foreign(host: Retiring) -> Iterator[Blocker]:
    """Object to what would be hit and is none of this cluster's."""
    names = {one.name for one in containers(CHAPTERS, host.cluster, host.node)}
    for one in host.others:
        if one.name in names:
            told = f"the container {one.name} (of {one.image}) was not made by mesofab"
            yield Blocker("", one.name, told, f"remove or rename it: docker rm -f {one.name}")
        elif paths := host.touched(one):
            told = f"the container {one.name} (of {one.image}) uses {', '.join(paths)}, and is not mesofab's"
            yield Blocker("", one.name, told, "remove it, or have it use another directory")


def _containers(host: Retiring) -> Iterator[Step]:
    for turn, (role, step) in enumerate(RUNS.items(), 1):
        names = sorted(one.name for one in host.ours if one.role == role)
        if names:
            ending = _agent_leaves(host) if AGENT in names and host.seen.container(AGENT).is_up else ""
            why = f"{SERVICES[role]} of the cluster {host.cluster.settings.cluster_name}"
            made = _step(step, f"remove {', '.join(names)}", why, ending + _removed(names), "restart")
            yield replace(made, turn=turn, effect=host.loses if ending else "")


def _agent_leaves(host: Retiring) -> str:
    """Give the shell that has an agent end its tasks; one that does not in time is ended all the same."""
    return f"docker update --restart=no {AGENT}\n( {leave(host.node)}) || true\n"


def _removed(names: Sequence[str]) -> str:
    those = " ".join(map(quote, names))
    return f"docker stop -t 10 {those} || true # a paused one may not\ndocker rm -fv {those}\n"


def _tasks(host: Retiring) -> Iterator[Step]:
    """Have containers of tasks removed; those of now, as tasks come and go."""
    agents = [one.name for one in host.ours if one.role == "mesos_agent"]
    work = host.node.settings.mesos_agent_work_dir
    if not agents and not host.tasks:
        return
    sandboxes = " ".join(f"-e {quote(path + '/')}" for path in dict.fromkeys([work, *host.left.made]))
    why = f"{counted(len(host.tasks), 'container')} with a sandbox below {work}" if host.tasks else "if any"
    text = (
        "docker ps -a --format '{{.Names}}' | "
        f"grep -E {quote('^' + TASK)} | while read -r name; do\n"
        "  if docker inspect --format '{{range .Mounts}}{{println .Source}}{{end}}' \"$name\" |\n"
        f'    grep -qF {sandboxes}; then docker rm -fv "$name"; fi\n'
        "done\n"
    )
    yield replace(_step(Id.AGENT_RUN, "remove containers of tasks", why, text), turn=1)


def _images(host: Retiring) -> Iterator[Step]:
    steps = {each.reference: each.step for each in of(Image, wanted(CHAPTERS, host.cluster, host.node))}
    for image in host.left.pulled:
        if image in host.left.images and not users(host, image):
            text = f"docker rmi {quote(image)}\n"
            why = "mesofab pulled it, and nothing else uses it"
            yield _step(steps.get(image, Id.SET_IP), f"remove image {image}", why, text)


def users(host: Retiring, image: str) -> list[str]:
    """Give the containers that need an image and stay."""
    id = host.left.images[image]
    return [one.name for one in host.others if one.image_id == id or one.image == image]


def _directories(host: Retiring) -> Iterator[Step]:
    known = {place.path: place for place in host.places}
    found: dict[tuple[Id, bool], list[str]] = {}
    for path in dict.fromkeys([*known, *host.left.made]):
        place = known.get(path, Place(Id.SET_IP, path, (), data=True))
        if place.data and host.keep_data or not (what := _removable(host, place)):
            continue
        found.setdefault((place.step, place.data), []).append(what)
    for (step, data), those in found.items():
        risk: Risk = "data" if data else "none"
        why = "with all data in it" if data else "with all in it"
        yield _step(step, f"remove {', '.join(those)}", why, "".join(map(_emptied, those)), risk)


def _removable(host: Retiring, place: Place) -> str:
    """Give what goes of a place: the directory if mesofab made it, else what is its own there."""
    if place.path in host.left.made:
        return place.path if place.path in host.left.there else ""
    own = [f"{place.path}/{name}" for name in place.own if _is_there(host, f"{place.path}/{name}")]
    return " ".join(own)


def _is_there(host: Retiring, pattern: str) -> bool:
    fits = re.compile(re.escape(pattern).replace(r"\*", "[^/]*"))
    return any(map(fits.fullmatch, host.left.there))


def _emptied(paths: str) -> str:
    """Give the shell that removes these paths, but nothing on another disk that is mounted in there."""
    return (
        f"for path in {paths}; do\n"
        '  [ ! -e "$path" ] && [ ! -L "$path" ] || find "$path" -xdev -depth -delete\n'
        "done\n"
    )


def _firewall(host: Retiring) -> Iterator[Step]:
    if host.seen.firewall.rules:
        yield _step(Id.FIREWALL, "remove the firewall", "there is nothing left to protect", OPEN)


def _ledger(host: Retiring) -> Iterator[Step]:
    """Have forgotten what mesofab has noted, once nothing of it is left: the next run would look for it."""
    if STATE not in host.left.there or kept(host):
        return
    above = sorted(host.left.above, key=len, reverse=True)
    text = "".join(f"rmdir {quote(path)} 2>/dev/null || true # others may use it\n" for path in above)
    text += f"rm -f {LEDGER}\n{FORGETTING}rmdir {STATE}\n"
    yield _step(Id.SET_IP, f"remove {STATE}", "with what mesofab has noted of this host", text)


def kept(host: Retiring) -> list[str]:
    """Give the directories with data that `--keep-data` leaves."""
    known = {place.path: place for place in host.places}
    those = [path for path in dict.fromkeys([*known, *host.left.made]) if path in host.left.there]
    return [path for path in those if host.keep_data and (path not in known or known[path].data)]


def stays(host: Retiring) -> Iterator[str]:
    """Say what is left on the host, and why."""
    if data := kept(host):
        yield f"{', '.join(data)}: --keep-data"
    images = {each.reference for each in of(Image, wanted(CHAPTERS, host.cluster, host.node))}
    for image in sorted(images | {*host.left.pulled}):
        if image in host.left.images and image not in host.left.pulled:
            yield f"image {image}: it was there before mesofab needed it (docker rmi {image} removes it)"
        elif image in host.left.images and (using := users(host, image)):
            yield f"image {image}: {', '.join(using)} {'use' if len(using) > 1 else 'uses'} it"
    noted = {*host.left.made, *host.left.above, *data}
    if others := {place.path for place in host.places if place.path in host.left.there} - noted:
        yield f"{', '.join(sorted(others))}: mesofab did not make it; only what was put there is removed"
    yield from profile.stays(host.seen, host.left.kept)


def _step(id: Id, title: str, why: str, shell: str, risk: Risk = "none") -> Step:
    return Step(id, Action.REMOVE, title, why, shell, "settle", risk, turn=profile.LAST)


def between(named: Mapping[str, Retiring], others: Mapping[str, Observed]) -> Iterator[tuple[str, Blocker]]:
    """Object to servers of a cluster that stay while others of them go.

    Agents may go alone. `others` are hosts that are up and that -H does not name.
    """
    going = {one.role for host in named.values() for one in host.ours} - {"mesos_agent"}
    if not going:
        return
    for name, seen in others.items():
        if seen.clusters:
            told = f"it is up, still has {', '.join(sorted(seen.clusters))}, and -H does not name it"
            remedy = "name it, too: what is left of a cluster without all its servers does not work"
            yield name, Blocker("", "-H", told, remedy)
