"""What a preflight asks a host beside what every look asks, and the answer read."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ...inventory.cluster import Node
from .. import http
from ..gate import Question
from ..look import engine, sections
from ..look.engine import HANGS, TIMELY, Offer, SeenEngine
from ..look.observed import Observed, Questions
from ..look.sections import ASK, LIMIT, Unreadable, asking, split
from ..mesos_agent import upgrade
from ..mesos_agent.desired import checkpoint
from ..shell import quote
from ..zookeeper.desired import data
from . import flows
from .flows import Ends, Flow

TOOLS = {
    "find": "findutils",
    "flock": "util-linux",
    "ip": "iproute2",
    "ss": "iproute2",
    "awk": "mawk",
    "sed": "sed",
    "stat": "coreutils",
    "timeout": "coreutils",
    "bash or nc": "bash",
    "nft": "nftables",
}
"""The programs that runs need on a host, and the packages of Debian that have them."""

USES = {
    "flock": ("flock -s -w 1 / true", "wait for a lock with a time limit"),
    "ip": ("ip -o -4 addr show", "list addresses, one a line"),
    "ss": ("ss -ltnp", "tell who listens on a port"),
    "stat": ("stat -Lc %d:%i /", "tell what a path is"),
    "sed": ("sed -E '/^(x|y)/d' /dev/null", "read extended expressions"),
    "timeout": ("timeout -s KILL 5 true", "end a command for certain"),
    "nft": ("nft list tables", "list the tables of the kernel's firewall"),
}
"""What runs have these programs do; BusyBox's, and very old ones, do only a part of it, and say so."""

ROOM = """\
room() { # room PATH: the file system on which PATH is or will be
  near=$1
  while [ ! -e "$near" ]; do near=${near%/*}; near=${near:-/}; done
  echo "$1"; df -Pk "$near" | tail -n 1
}
"""

FIT = """\
fit() { # fit TOOL COMMAND: what the tool says if it cannot do that
  tool=$1; shift
  said=$("$@" 2>&1 >/dev/null) || printf '%s: %s\\n' "$tool" "$(printf '%s\\n' "$said" | head -n 1)"
}
"""

REGISTRY = """\
deaf=
registry() { # registry REQUEST: the engine asks the registry, as for a pull, and fetches nothing
  [ -z "$deaf" ] || return 0 # to wait for one is enough
  # It gives up when its input ends; so that of the pipe stays open until the answer is there.
  printf '%s' "$1" | timeout $((limit * 5)) docker system dial-stdio 3>/proc/self/fd/0 2>/dev/null ||
    { echo "exit $?"; deaf=yes; }
}
"""


MASTER = "master "
"""Begins the name of a part with what a Mesos master said."""


@dataclass(frozen=True)
class Room:
    """The file system that a directory is or will be on, and how many MB are free there."""

    path: str
    mount: str
    free: int


@dataclass(frozen=True)
class Facts:
    """What one host says of itself; sizes in MB.

    `lacking` are programs that are not there, `unfit` those that cannot do what they must, with what they
    say to it. `name_is` are the addresses of the host's own name, None if that cannot be known. `cgroups` are
    the v1 hierarchies below /sys/fs/cgroup, each with its controllers. `service` is systemd's word
    on docker.service, "" without systemd. `offers` tells by image what its registry has; nothing if
    that was not asked, because the host holds the image, nobody could look for it, or a registry before was
    silent. `agent` is the id that an agent has left in its work_dir, `ensemble` tells that there is data
    of a ZooKeeper. `flows` tells how connections to other hosts ended. `masters` are the versions that
    masters said they are of, by their name; `demands` is what the registry asks of whoever reads it.
    """

    clock: int | None = None
    architecture: str = "x86_64"
    boot: str = ""
    lacking: tuple[str, ...] = ()
    unfit: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    name_is: tuple[str, ...] | None = None
    memory: int | None = None
    free_memory: int | None = None
    rooms: Mapping[str, Room] = field(default_factory=dict)
    docker: Room | None = None
    cgroups: tuple[frozenset[str], ...] = ()
    service: str = ""
    engine: SeenEngine = field(default_factory=SeenEngine)
    offers: Mapping[str, Offer] = field(default_factory=dict)
    agent: str = ""
    ensemble: bool = False
    flows: Ends = field(default_factory=dict)
    masters: Mapping[str, str] = field(default_factory=dict)
    demands: tuple[str, ...] = ()


FIRST = f"part clock; date +%s\n{engine.ENVIRONMENT}"
"""Asks for the host's clock, before all that takes time, and for its environment: first in a look."""


def lines(
    ask: Questions,
    node: Node,
    clients: Mapping[str, str],
    needed: Sequence[Flow],
    masters: Mapping[str, Question],
) -> str:
    """Give the shell that asks for the rest, behind a look, whose `$objects` it reads.

    `clients` are the docker clients to be asked for their API, by their image; `needed` the flows to try;
    `masters` are questions to Mesos masters.
    """
    tools = [tool for tool in TOOLS if " " not in tool and _is_needed(tool, node)]
    agent = checkpoint(node)
    parts = [
        "part architecture; uname -m",
        f"part boot; cat {agent.boots[1]}",
        f"part tools; for tool in {' '.join(tools)}; do command -v $tool >/dev/null || echo $tool; done",
        "command -v bash >/dev/null || command -v nc >/dev/null || echo 'bash or nc'",
        "part unfit",
        *(f"fit {tool} {command}" for tool, (command, _) in USES.items() if _is_needed(tool, node)),
        'part name; uname -n; timeout $((limit * 3)) getent ahostsv4 "$(uname -n)" || echo "exit $?"',
        "part memory; cat /proc/meminfo",
        "part cgroups; cat /proc/self/mountinfo",
        "part service; [ ! -d /run/systemd/system ] || systemctl is-enabled docker.service 2>&1",
        f"part agent; readlink {quote(agent.latest)}",
        f"part ensemble; ls -A {quote(data(node))} 2>/dev/null",
        *(f"part {quote(f'room {path}')}; room {quote(path)}" for path in ask.directories),
        engine.ABOUT,
        *(engine.client(image, program) for image, program in clients.items()),
        *(_image(reference) for reference in ask.images),
        *asking(masters, MASTER),
        flows.asking(needed),
    ]
    return FIT + ROOM + REGISTRY + "\n".join(parts) + "\n"


def _is_needed(tool: str, node: Node) -> bool:
    return tool != "nft" or node.settings.firewall


def script(seen: Observed, ask: Questions, boundary: str, rest: str) -> str:
    """Give the script for a host that was `seen` just now; `rest` are its `lines`."""
    absent = [image for image in ask.images if seen.engine and image not in seen.images]
    objects = "\n".join(f"error: no such object: {image}" for image in absent)
    hangs = "hangs=yes\n" if seen.engine_error.startswith(HANGS) else ""
    body = f"{FIRST}\n{TIMELY}{hangs}objects={quote(objects)}\n{rest}"
    return sections.script(boundary, LIMIT + ASK, body)


def _image(reference: str) -> str:
    request, missing = http.stranger(f"/distribution/{reference}/json"), f"error: no such object: {reference}"
    is_missing = f"printf '%s\\n' \"$objects\" | grep -qixF {quote(missing)}"
    return f"part {quote('image ' + reference)}; ! {is_missing} || registry {quote(request)}"


def read(output: str, boundary: str, ask: Questions) -> Facts:
    """Read what `lines` asked. Raises Unreadable."""
    parts = split(output, boundary)
    try:
        lacking = tuple(line for line in parts["tools"].splitlines() if line in TOOLS)
        name, _, resolved = parts["name"].partition("\n")
        said = {name.removeprefix(MASTER): parts[name] for name in parts if name.startswith(MASTER)}
        return Facts(
            clock=_whole(parts["clock"]),
            architecture=parts["architecture"].strip(),
            boot=parts["boot"].strip(),
            lacking=lacking,
            unfit=_unfit(parts["unfit"], lacking),
            name=name,
            name_is=_resolved(resolved),
            memory=_megabytes(parts["memory"], "MemTotal"),
            free_memory=_megabytes(parts["memory"], "MemAvailable"),
            rooms={path: room for path in ask.directories if (room := _room(parts[f"room {path}"]))},
            docker=_room(parts["docker"]),
            cgroups=_hierarchies(parts["cgroups"]),
            service=parts["service"].strip(),
            engine=engine.read(parts),
            offers={image: engine.offer(parts[f"image {image}"].strip()) for image in ask.images},
            agent=parts["agent"].strip().rpartition("/")[2],
            ensemble=bool(parts["ensemble"].strip()),
            flows=flows.read(parts["flows"]),
            masters=upgrade.versions_of(said),
            demands=upgrade.demands(said),
        )
    except (KeyError, ValueError) as error:
        raise Unreadable(f"the answer cannot be read: {error!r}") from error


def _unfit(text: str, lacking: Collection[str]) -> dict[str, str]:
    """Read what programs that are there said to what they must do; a silent one was only not in time."""
    said = dict(line.partition(": ")[::2] for line in text.splitlines())
    return {tool: words for tool, words in said.items() if tool in USES and tool not in lacking and words}


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text.strip()) else None


def _resolved(text: str) -> tuple[str, ...] | None:
    addresses = re.findall(r"^([0-9]+(?:\.[0-9]+){3})\s", text, re.MULTILINE)
    if addresses or re.search(r"^exit (2|124)$", text, re.MULTILINE):  # no such name; nobody answered
        return tuple(dict.fromkeys(addresses))
    return None


def _megabytes(text: str, key: str) -> int | None:
    found = re.search(rf"^{key}:\s+([0-9]{{1,15}}) kB$", text, re.MULTILINE)
    return int(found[1]) // 1024 if found else None


def _room(text: str) -> Room | None:
    path, _, told = text.partition("\n")
    found = re.search(r"\s([0-9]{1,15})\s+[0-9]+%\s+(/.*)$", told.rstrip("\n"))
    return Room(path, found[2], int(found[1]) // 1024) if found else None


def _hierarchies(text: str) -> tuple[frozenset[str], ...]:
    mounts = re.findall(r"^\S+ \S+ \S+ \S+ (\S+) .* - cgroup \S+ (\S+)$", text, re.MULTILINE)
    return tuple(
        frozenset(options.split(",")) - {"rw", "ro"}
        for place, options in mounts
        if place.startswith("/sys/fs/cgroup/")
    )
