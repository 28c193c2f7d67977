"""The machine itself: its tools, processor, memory, disks and name."""

from collections.abc import Iterator

from ...inventory import kinds
from ...inventory.edits import Change, Set
from ..compare.condition import FULL
from ..look.profile import LIMIT
from .checks import Finding
from .facts import TOOLS, USES, Room
from .subject import Subject

ARCHITECTURE = "x86_64"
WAITS = "remove what /etc/profile waits for: a program that logs in has no terminal"
PROCESS = 256
"""MB that a Mesos process needs, and a JVM beside its heap. Rough: the real need grows with the cluster."""

HEAPS = {"zookeeper": "zookeeper_heap", "marathon": "marathon_heap"}
"""The settings of the heaps, by role."""

LEAST_HEAP = 128
"""MB: a heap below that is nobody's advice."""

MORE = "give the machine more memory, or a role that does not run there yet to another host"

IMAGE = 1000
"""MB that an image needs while it is pulled and unpacked. Rough: no registry tells the unpacked size."""

RESERVE = 1000
"""MB that should be left beside all that is needed."""


def tools(host: Subject) -> Iterator[Finding]:
    """Look for the programs that runs need."""
    for tool in host.facts.lacking:
        yield host.finding(
            "tool",
            f"there is no {tool}, which runs need on every host",
            f"install it (on Debian: apt-get install {TOOLS[tool]})",
        )
    for tool, said in host.facts.unfit.items():
        command, what = USES[tool]
        yield host.finding(
            "tool",
            f"its {tool} cannot {what}: `{command}` says {said!r}",
            f"install that of {TOOLS[tool]} (on Debian: apt-get install {TOOLS[tool]}); this one is "
            "BusyBox's, or old",
        )


def architecture(host: Subject) -> Iterator[Finding]:
    """Ask for the one processor that there are images for."""
    if host.facts.architecture != ARCHITECTURE:
        yield host.finding(
            "architecture",
            f"it is a machine of kind {host.facts.architecture!r}, the images are made for {ARCHITECTURE}",
            f"give these roles to an {ARCHITECTURE} machine",
        )


def hostname(host: Subject) -> Iterator[Finding]:
    """Look at what the host's own name means.

    The runbook names every address itself, so only a warning: programs that run as tasks, and those
    that Mesos starts for them, ask for the name.
    """
    name, addresses = host.facts.name, host.facts.name_is
    remedy = f"write `{host.node.address} {name}` into its /etc/hosts, in place of another line with {name}"
    if addresses == ():
        yield host.finding("hostname", f"its own name {name} does not resolve", remedy)
    elif loopback := [address for address in addresses or () if address.startswith("127.")]:
        yield host.finding(
            "hostname", f"its own name {name} is {loopback[0]}, where no other host finds it", remedy
        )


def logins(host: Subject) -> Iterator[Finding]:
    """Look at what a login with each shell does, beside what it says of HOST_IP."""
    for login in host.seen.logins:
        left = ", ".join(login.left)
        if login.code is None:
            evidence = f"a login with {login.shell} does not end within {LIMIT} s"
            yield host.finding("login", evidence + (f"; it is at {left}" if left else ""), WAITS)
        elif login.early and not host.seen.profile.unreadable:  # which is why, and is told
            evidence = f"a login with {login.shell} that is no terminal's ends in its profile"
            yield host.finding("login", evidence, "remove `exit` from /etc/profile and from what it reads")
        if left and login.code is not None:
            evidence = f"every login leaves a program running: {left}"
            yield host.finding("login", evidence, "start it once, as a service, and not in a profile")


def memory(host: Subject) -> Iterator[Finding]:
    """Hold the memory against what the roles need: the heaps of hosts.ini and the processes."""
    total, free = host.facts.memory, host.facts.free_memory
    needs = {one.name: _need(host, one.role) for one in host.containers}
    words = ", ".join(f"{name} {need}" for name, need in needs.items())
    waiting = sum(needs[one.name] for one in host.containers if not host.seen.container(one.name).runs)
    if total is not None and total < sum(needs.values()):
        evidence = f"the machine has {total} MB, its roles need about {sum(needs.values())} MB ({words})"
        yield host.finding("memory", evidence, MORE, *_smaller_heaps(host, total))
    elif free is not None and free < waiting:
        evidence = f"{free} MB are free, what does not run yet needs about {waiting} MB"
        yield host.finding("free-memory", evidence, f"see what uses the rest, or {MORE}")


def _smaller_heaps(host: Subject, total: int) -> Iterator[Change]:
    """Give the change with which the heaps fit, if they can: what processes need beside them stays."""
    roles = [one.role for one in host.containers]
    heaps = [HEAPS[role] for role in roles if role in HEAPS]
    share = (total - PROCESS * len(roles)) // len(heaps) if heaps else 0
    if share >= LEAST_HEAP:
        yield Change(tuple(Set(setting, f"{share}m", host.node.name) for setting in heaps))


def _need(host: Subject, role: str) -> int:
    heap = getattr(host.node.settings, HEAPS[role]) if role in HEAPS else ""
    return PROCESS + (kinds.megabytes(heap) if heap else 0)


def disk(host: Subject) -> Iterator[Finding]:
    """Look for room on every file system that is written to, each told once."""
    rooms = list(host.facts.rooms.values())
    needs = {room.mount: FULL for room in rooms}
    docker = host.facts.docker
    pulls = f"the images to be pulled need about {len(host.to_pull) * IMAGE / 1000:.0f} GB"
    if docker and host.containers:
        rooms.insert(0, docker)
        needs[docker.mount] = max(FULL, len(host.to_pull) * IMAGE)
    for room in {room.mount: room for room in reversed(rooms)}.values():
        why = pulls if room is docker and host.to_pull else "the least is 0.1 GB"
        yield from _room(host, room, needs[room.mount], why)


def _room(host: Subject, room: Room, need: int, why: str) -> Iterator[Finding]:
    evidence = f"{room.path} has {room.free / 1000:.1f} GB free; {why}"
    remedy = f"free some space on {room.mount} (docker system df shows docker's share), or make it larger"
    if room.free < need:
        yield host.finding("disk", evidence, remedy)
    elif room.free < need + RESERVE:
        yield host.finding("disk-reserve", f"{evidence}, and 1 GB should be left", remedy)
