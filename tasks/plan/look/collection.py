"""What a diagnosis collects on a host: the words of its programs and logs, each within limits."""

from collections.abc import Iterable, Mapping, Sequence

from ..desired import DIGEST
from ..shell import quote
from .engine import TIMELY
from .sections import part_function, split

SECONDS = 20
"""How long one program may take: a host that is silent for 30 s is given up."""

LINES, BYTES = 500, 100_000
"""How much is kept of the end of a log, or of whatever a program says."""

RESTARTS, MINUTES = 3, 2
"""Around how many of its last ends a container's log is kept, and for how long before and behind each."""

STATE = (
    "{{.Name}} {{json .State}} restarted {{.RestartCount}} times, made {{.Created}} of {{.Config.Image}}"
    " {{json .HostConfig.RestartPolicy}} {{json .Mounts}}"
)
"""What is kept of docker's report: nothing that may hold a secret."""

PROGRAMS = {
    "clock": "date -u '+%F %T.%N UTC'; cat /proc/uptime /proc/loadavg; timedatectl 2>/dev/null",
    "disks": "df -Pk; df -Pi",
    "memory": "cat /proc/meminfo",
    "listeners": "ss -ltnp",
    "kernel": "dmesg -T 2>/dev/null | tail -n 200",
    "containers": "docker ps -a --no-trunc --size=false",
    "images": "docker images --no-trunc",
    "engine": "docker version; docker info",
    "events": (
        "docker events --since 24h --until $(date +%s) --filter type=container "
        f"--filter label={DIGEST} --format '{{{{.Time}}}} {{{{.Action}}}} {{{{.Actor.Attributes.name}}}} "
        "{{.Actor.Attributes.exitCode}}'"
    ),
}
"""What is asked of every host, by the name under which it is kept; each line is one for a shell."""

KEEP = f"""\
keep() {{ # keep NAME COMMAND...: what a command says, no more of it than its end, and not for ever
  part "$1"; shift; timeout -s KILL {SECONDS} "$@" 2>&1 </dev/null | tail -c {BYTES}
}}
"""


def script(logs: Iterable[str], boundary: str) -> str:
    """Give the script; it only reads. `logs` are directories with log files."""
    programs = "\n".join(f"keep {name} sh -c {quote(command)}" for name, command in PROGRAMS.items())
    files = " ".join(f"{quote(path)}/*.INFO" for path in logs)
    return f"""\
export LC_ALL=C
{part_function(boundary)}{TIMELY}{KEEP}{{
{programs}
for name in $(docker ps -a --filter label={DIGEST} --format '{{{{.Names}}}}' 2>/dev/null); do
  keep "state $name" docker inspect --type container --format {quote(STATE)} "$name"
  keep "log $name" docker logs --timestamps --tail {LINES} "$name"
  for at in $(timeout {SECONDS} docker events --since 24h --until $(date +%s) --filter container=$name \\
    --filter event=die --format '{{{{.Time}}}}' 2>/dev/null | tail -n {RESTARTS}); do
    from=$((at - {60 * MINUTES})); to=$((at + {60 * MINUTES}))
    keep "around $name $at" docker logs --timestamps --since $from --until $to "$name"
  done
done
for file in {files}; do [ ! -f "$file" ] || keep "file $file" tail -n {LINES} "$file"; done
part end
}} </dev/null
"""


def read(text: str, boundary: str) -> dict[str, str]:
    """Read what was collected, by name. Raises Unreadable."""
    return {name: said for name, said in split(text, boundary).items() if name != "end"}


def logs(parts: Mapping[str, str]) -> dict[str, Sequence[str]]:
    """Give the last lines of every container's log, by its name."""
    return {
        name.removeprefix("log "): text.splitlines()
        for name, text in parts.items()
        if name.startswith("log ")
    }
