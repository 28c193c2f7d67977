"""What `fab adopt` asks a host: every container there but those of tasks, whatever its name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..http import items, parsed, table, text
from ..look import docker
from ..look.docker import SeenContainer, SeenImage
from ..look.engine import TIMELY
from ..look.listeners import listening
from ..look.sections import LIMIT, Unreadable, script, split
from ..names import TASK

ZOO_CFG = "/conf/zoo.cfg"
"""Where ZooKeeper's image has its configuration."""

MOST = 100_000
"""Bytes of a configuration that are read."""

ASKING = f"""\
part user; id -u
part listeners; ss -ltnp
names=$(docker ps -a --format '{{{{.Names}}}}') && part answers # else nobody knows what is there
names=$(printf '%s\\n' "$names" | grep -vE '^{TASK}')
part containers
[ -z "$names" ] || docker inspect --type container --format '{{{{json .}}}}' $names
part images
images=$(docker ps -a --format '{{{{.Image}}}}' | sort -u)
[ -z "$images" ] || docker inspect --type image --format '{{{{json .}}}}' $images 2>/dev/null
[ -z "$names" ] || for pid in $(docker inspect --type container --format '{{{{.State.Pid}}}}' $names); do
  file=/proc/$pid/root{ZOO_CFG} # what it reads, wherever that is on the host; a link might lead anywhere
  if [ "$pid" != 0 ] && [ -f $file ] && [ ! -L $file ]; then part "cfg $pid"; head -c {MOST} $file; fi
done
"""


@dataclass(frozen=True)
class Machine:
    """One host as it was found: its containers by name, their images, who listens, zoo.cfg by process."""

    root: bool = True
    containers: Mapping[str, SeenContainer] = field(default_factory=dict)
    images: Mapping[str, SeenImage] = field(default_factory=dict)
    listeners: Mapping[int, str] = field(default_factory=dict)
    configurations: Mapping[int, str] = field(default_factory=dict)

    @property
    def ours(self) -> frozenset[str]:
        """The names of the containers that mesofab made."""
        return frozenset(name for name, one in self.containers.items() if one.is_ours)


def asking(boundary: str) -> str:
    """Give the script; `boundary` must be random."""
    return script(boundary, LIMIT, TIMELY + ASKING)


def read(output: str, boundary: str) -> Machine:
    """Read a host's answer. Raises Unreadable."""
    parts = split(output, boundary)
    if "answers" not in parts:
        raise Unreadable("docker does not say which containers there are; `fab preflight` may know why")
    told = [table(parsed(line)) for line in parts["containers"].split("\n") if line.startswith("{")]
    return Machine(
        root=parts["user"].strip() == "0",
        containers={text(one.get("Name")).removeprefix("/"): docker.container(one) for one in told},
        images=dict(_images(parts["images"])),
        listeners=listening(parts["listeners"]),
        configurations={
            int(name[4:]): said for name, said in parts.items() if re.fullmatch("cfg [0-9]{1,9}", name)
        },
    )


def _images(said: str) -> list[tuple[str, SeenImage]]:
    told = [table(parsed(line)) for line in said.split("\n") if line.startswith("{")]
    return [
        (text(name), docker.image(one))
        for one in told
        for name in (*items(one.get("RepoTags")), *items(one.get("RepoDigests")))
    ]
