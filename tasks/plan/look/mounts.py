"""What a container's process has of its host: whether a mount still is what stands at the host's path."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..desired import Mount
from ..shell import quote
from .docker import SeenContainer

Kept = Sequence[tuple[str, Mount]]
"""Mounts that must be the same for their container's whole life."""


@dataclass(frozen=True)
class Held:
    """A mount of a running container as its process has it, and as the host has it now.

    `lost`: what the host has there was removed or made anew since. `read_only`: one of the two cannot write
    there. `free` are the MB that are left in a directory, None if nobody can tell.
    """

    lost: bool = False
    read_only: bool = False
    free: int | None = None


def asking(kept: Kept) -> str:
    """Give the shell that asks for these mounts; it reads the `$objects` of docker.

    A directory that was made again has another inode. What a process sees is below its /proc/PID/root.
    """
    pids = quote(r's/.*"Pid":\([0-9]*\).*"Name":"\/\([^"]*\)".*/\2=\1/p')
    lines = [
        "part mounts",
        f"pids=\" $(printf '%s\\n' \"$objects\" | sed -n {pids} | tr '\\n' ' ')\"; set --",
        "held() { # held PATH: whether it can be written to; more is asked of all at once\n"
        '  [ ! -e "$1" ] || [ -w "$1" ] || printf "fixed %s\\n" "$1"\n}',
    ]
    for container, mount in kept:
        inside, outside = quote(mount.inside), quote(mount.host)
        lines.append(
            f"case $pids in *{quote(f' {container}=')}[1-9]*) pid=${{pids#*{quote(f' {container}=')}}}\n"
            f'  pid=/proc/${{pid%% *}}/root; held "$pid"{inside}; held {outside}\n'
            f'  set -- "$@" "$pid"{inside} {outside} ;; esac'
        )
    lines.append(
        "[ $# -eq 0 ] || { stat -Lc 'is %d:%i %f %n' \"$@\"; stat -Lfc 'free %a %S %n' \"$@\"; } 2>/dev/null"
    )
    return "\n".join(lines)


def read(text: str, kept: Kept, containers: Mapping[str, SeenContainer]) -> dict[tuple[str, str], Held]:
    """Read the answer; of containers that do not run nothing is told."""
    told = re.findall(r"^is (\d+:\d+) ([0-9a-f]+) (.*)$", text, re.MULTILINE)
    inodes = {path: inode for inode, _, path in told}
    directories = {path for _, mode, path in told if mode.startswith("4")}
    fixed = set(re.findall(r"^fixed (.*)$", text, re.MULTILINE))
    free = {
        path: int(blocks) * int(size) // 1_000_000
        for blocks, size, path in re.findall(r"^free (\d{1,18}) (\d{1,9}) (.*)$", text, re.MULTILINE)
        if path in directories
    }
    found = {}
    for name, mount in kept:
        pid = containers[name].pid if name in containers else 0
        inside = f"/proc/{pid}/root{mount.inside}"
        if inside in inodes:
            lost = inodes[inside] != inodes.get(mount.host)
            found[name, mount.host] = Held(lost, bool({inside, mount.host} & fixed), free.get(inside))
    return found
