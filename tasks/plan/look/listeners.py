"""Who listens on which TCP port of a host, from what ss says."""

import re
from collections.abc import Iterable, Iterator

OF = " of the container "
"""Stands in who listens before the name of its container, where that is none that the look asked for."""


def asking(ports: Iterable[int]) -> str:
    """Ask who listens, and of which containers those on these ports are, behind the look's own `$objects`.

    On a host as wanted those are its own, and no docker client is started for them. Who forwards a port of
    a container on a network of its own is docker-proxy, of the engine's cgroup.
    """
    these = "|".join(map(str, ports)) or "none"
    return f"""\
part listeners; sockets=$(ss -ltnp); printf '%s\\n' "$sockets"
part owners
printf '%s\\n' "$sockets" |
sed -nE 's/^LISTEN.*:({these})[[:blank:]].*\\("([^" ]+)",pid=([0-9]+),.*/\\1 \\2 \\3/p' |
while read -r port program pid; do
  id=; while read -r line; do
    case $line in */docker[/-]*) id=${{line##*docker[/-]}} id=${{id%.scope}} ;; esac
  done </proc/$pid/cgroup
  case $program:$id in
  docker-proxy:*) docker ps --filter publish=$port --format "$port {{{{.Names}}}}" </dev/null ;;
  *:*[!0-9a-f]* | *:) ;;
  *)
    case $objects in *'"Id":"'$id'"'*) ;;
    *) docker inspect --format "$port {{{{.Name}}}}" $id </dev/null ;; esac ;;
  esac
done 2>/dev/null"""


def owners(text: str) -> dict[int, str]:
    """Give the container, by its name, of who listens on a TCP port."""
    found = re.findall(r"^([0-9]{1,5}) /?([A-Za-z0-9][\w.-]{0,99})$", text, re.MULTILINE | re.ASCII)
    return {int(port): name for port, name in found}


def container(who: str) -> str:
    """Give the container of who listens, "" if it is of none."""
    return who.partition(OF)[2]


def listening(text: str, of: str = "") -> dict[int, str]:
    """Give who listens on each TCP port, and `of` which container that is."""
    named = {port: f"{OF}{name}" for port, name in owners(of).items()}
    return {port: who + named.get(port, "") for port, who in _processes(text).items()}


def _processes(text: str) -> dict[int, str]:
    listeners = {}
    for _, port, line in _sockets(text):
        process = re.search(r'\("([^"]+)",pid=(\d+)', line)
        listeners[port] = f"{process[1]} (pid {process[2]})" if process else "an unknown process"
    return listeners


def on_loopback(text: str) -> frozenset[int]:
    """Give the TCP ports on which somebody listens, but on the loopback alone."""
    at: dict[int, set[str]] = {}
    for address, port, _ in _sockets(text):
        at.setdefault(port, set()).add(re.sub(r"^\[(::ffff:)?|\]$", "", address))
    return frozenset(
        port for port, those in at.items() if all(each == "::1" or each.startswith("127.") for each in those)
    )


def _sockets(text: str) -> Iterator[tuple[str, int, str]]:
    """Give the address and the port of every listener, and its whole line."""
    for line in text.splitlines():
        fields = line.split()
        address, _, port = fields[3].rpartition(":") if len(fields) >= 4 else ("", "", "")
        if port.isdecimal():
            yield address, int(port), line
