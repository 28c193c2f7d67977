"""What docker on a host says of one container, held against what is wanted of it."""

import functools
import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from testinfra.host import Host

from tasks.inventory.cluster import Node
from tasks.inventory.secret import HIDDEN, redacted, shown, shown_words

from . import engine, ports, rights
from .findings import REDO, Finding, fail, finding
from .reach import OWN_ENGINE
from .wanted import Wanted

_ASK = (
    OWN_ENGINE
    + """\
told=$(docker inspect --type container --format '{{.Image}} {{json .}}' %s) ||
  { ss -ltnp 2>/dev/null; false; } &&
printf '%%s\\n' "${told#* }" && docker image inspect --format '{{json .Config}}' "${told%%%% *}" &&
case $told in *'"Running":false'* | *'"Restarting":true'*)
  ss -ltnp 2>/dev/null | tr '\\n' '\\t'; echo; docker logs --tail 40 %s 2>&1 ;;
esac
"""
)


_USABLE = """\
while [ $# -gt 0 ]; do
  if [ -d "$2" ]; then
    { [ -w "$1" ] && [ -w "$2" ]; } || echo "fixed 0 0 $1"
    stat -Lfc "free %%a %%S $1" "$2"
  fi
  shift 2
done"""
"""Asks of pairs of paths, on the host and as a process sees them, what can be written there."""

DEPLOY, OR = "`fab deploy-cluster`", ", or says what is in the way"
STOP = f"stop that process, then {DEPLOY} runs it"

ROOM = 100
"""MB without which a directory counts as full."""


@dataclass(frozen=True)
class Container:
    """One container as docker tells of it; `environment` is what its image does not set itself.

    `image_entrypoint` and its neighbours are what it has unless it was run with its own. `beyond` are the
    rights that nobody has asked for, by docker's names. Of one that does not run, `log` is the end of its
    log, and `taken` says who has its ports.
    """

    where: str
    name: str
    state: Mapping[str, Any]
    image: str
    environment: Mapping[str, str]
    entrypoint: tuple[str, ...]
    arguments: tuple[str, ...]
    image_entrypoint: tuple[str, ...]
    image_arguments: tuple[str, ...]
    user: str
    image_user: str
    binds: frozenset[str]
    restart_policy: str
    network: str
    privileged: bool
    pid_mode: str
    init: bool
    beyond: Mapping[str, str]
    log: tuple[str, ...] = ()
    taken: str = ""

    @property
    def runs(self) -> bool:
        """Whether it runs, and has not just been started again after an end of its own."""
        state = self.state
        return state["Running"] and not state.get("Restarting") and not state.get("Paused")


@functools.cache
def inspect(host: Host, node: Node, name: str) -> Container:
    """Ask docker for a container, once; fails with docker's own words if there is none."""
    engine.refuse_again(node)
    said = host.run(_ASK, name, name)
    words = said.stderr.strip() or "no answer"
    if said.rc != 0 and not re.search("no such (object|container)", words.lower()):
        engine.refuse(node, words, f"docker does not tell of {name}, which may run all the same")
    if said.rc != 0:
        taken = ports.taken(said.stdout, ports.of(node, name))
        seen = f"no container {name} ({words})" + f"; {taken}" * bool(taken)
        fail(node.name, seen, "it to run", STOP if taken else f"{DEPLOY} runs it{OR}")
    told, image, listeners, *log = said.stdout.split("\n") + [""]
    taken = ports.taken(listeners.replace("\t", "\n"), ports.of(node, name))
    return _container(node, name, json.loads(told), json.loads(image), log, taken)


def _container(
    node: Node,
    name: str,
    told: Mapping[str, Any],
    image: Mapping[str, Any],
    log: Sequence[str] = (),
    taken: str = "",
) -> Container:
    config, options = told["Config"], told["HostConfig"]
    own = set(config["Env"] or ()) - set(image.get("Env") or ())
    return Container(
        where=node.name,
        name=name,
        state=told["State"],
        image=config["Image"],
        environment=dict(entry.partition("=")[::2] for entry in own),
        entrypoint=tuple(config["Entrypoint"] or ()),
        arguments=tuple(config["Cmd"] or ()),
        image_entrypoint=tuple(image.get("Entrypoint") or ()),
        image_arguments=tuple(image.get("Cmd") or ()),
        user=config.get("User") or "",
        image_user=image.get("User") or "",
        # rw is what docker does unless told otherwise; some tools write it out.
        binds=frozenset(bind.removesuffix(":rw") for bind in options["Binds"] or ()),
        restart_policy=options["RestartPolicy"]["Name"],
        network=options["NetworkMode"],
        privileged=options["Privileged"],
        pid_mode=options["PidMode"],
        log=tuple(line for line in log if line.strip()),
        taken=taken,
        init=bool(options.get("Init")),  # null unless it was asked for
        beyond=dict(rights.beyond(options)),
    )


Findings = Iterator[Finding]


def not_running(container: Container) -> Findings:
    """Find it not running."""
    if not container.runs:
        taken = f"; {container.taken}" * bool(container.taken)
        seen = f"{container.name} is {_ended(container)}{taken}"
        yield finding(container.where, seen, "it to run", _revived(container))


def _revived(container: Container) -> str:
    """Say what has it run again."""
    if container.state.get("Paused"):
        return f"{DEPLOY} lets it go on"
    if container.taken:
        return STOP
    looked = f"look at `docker logs {container.name}` there"
    return looked if container.state.get("Restarting") else f"{looked}; {DEPLOY} starts it{OR}"


def _ended(container: Container) -> str:
    """Say how it ended last, when, and what its log ends with, but for stack traces."""
    state = container.state
    if state.get("Paused"):
        return "paused"
    lines = [line for line in container.log if not re.match(r"\s*(at |\.\.\. \d|@ +0x|\*\*\*)", line)]
    memory = ", out of memory" if state.get("OOMKilled") else ""
    at = f" at {state['FinishedAt'][:19].replace('T', ' ')} UTC" if "FinishedAt" in state else ""
    log = f"; its log ends with: {redacted(lines[-1].strip())[:300]}" if lines else ""
    return f"{state['Status']} (exit code {state['ExitCode']}{at}{memory}){log}"


def of_another_image(container: Container, wanted: Wanted) -> Findings:
    """Find it made of another image."""
    yield from _unlike(container, "image", container.image, wanted.image)


def not_restarted(container: Container) -> Findings:
    """Find it gone after a reboot."""
    yield from _unlike(container, "restart policy", container.restart_policy, "always")


def on_another_network(container: Container) -> Findings:
    """Find it on a network of docker's."""
    yield from _unlike(container, "network", container.network, "host")


def with_other_rights(container: Container, wanted: Wanted) -> Findings:
    """Find it with more or fewer rights, or another process 1."""
    yield from _unlike(container, "privileged", container.privileged, wanted.privileged)
    yield from _unlike(container, "pid mode", container.pid_mode, wanted.pid_mode)
    yield from _unlike(container, "docker-init", container.init, wanted.init)
    yield from _unlike(container, "user", container.user, container.image_user)
    for name, value in container.beyond.items():
        seen = f"{container.name}: docker's {name} is {value[:200]}"
        remedy = "`fab plan` says what mends it"
        yield finding(container.where, seen, "what docker sets by itself", remedy)


def otherwise_configured(container: Container, wanted: Wanted) -> Findings:
    """Find variables or arguments that are missing, others, or too many."""
    for key in sorted({*container.environment, *wanted.environment}):
        yield from _unlike(container, key, container.environment.get(key), wanted.environment.get(key))
    entrypoint = (wanted.entrypoint,) if wanted.entrypoint else container.image_entrypoint
    yield from _unlike(container, "entrypoint", container.entrypoint, entrypoint)
    default = () if wanted.entrypoint else container.image_arguments
    yield from _unlike(container, "arguments", container.arguments, wanted.arguments or default)


def with_other_mounts(host: Host, container: Container, wanted: Wanted) -> Findings:
    """Find other mounts, or a path that the host has replaced since: the container sees the old one."""
    seen, binds = ", ".join(sorted(container.binds)), ", ".join(sorted(wanted.binds))
    yield from _unlike(container, "mounts", seen, binds)
    binds_of_both = [bind.split(":") for bind in container.binds & wanted.binds if container.runs]
    pairs = {outside: inside for outside, inside, *_ in binds_of_both}
    there = _inodes(host, "", tuple(pairs)) or {}
    # As `docker exec` would see it, without its client and a runc for each container.
    inside = _inodes(host, f"nsenter -t {container.state['Pid']} -m", tuple(pairs.values()))
    if inside is None:
        logs = f"look at `docker logs {container.name}` there"
        yield finding(container.where, f"{container.name} ended while it was looked at", "it to run", logs)
        return
    lost = {outside for outside, path in pairs.items() if there.get(outside, "none") != inside.get(path)}
    # What was removed cannot be written to, either, and is not read-only.
    written = {outside for outside, _, *mode in binds_of_both if "ro" not in mode} - lost
    yield from _unusable(host, container, {one: pairs[one] for one in written})
    for outside in sorted(lost):
        seen = f"{container.name} does not see {outside}: it was removed or replaced after the start"
        yield finding(container.where, seen, f"the host's {outside} as {pairs[outside]}", REDO)


def _unusable(host: Host, container: Container, pairs: Mapping[str, str]) -> Findings:
    """Find directories that it cannot write to, or that are full."""
    root = f"/proc/{container.state['Pid']}/root"
    own = [(outside, root + inside) for outside, inside in sorted(pairs.items()) if outside != "/sys"]
    paths = [path for pair in own for path in pair]
    if not paths:
        return
    said = host.run(f"set -- {' '.join(['%s'] * len(paths))}\n{_USABLE}", *paths).stdout
    for kind, blocks, size, path in re.findall(r"^(fixed|free) (\d+) (\d+) (.*)$", said, re.MULTILINE):
        left = int(blocks) * int(size) // 10**6
        if kind == "fixed":
            remedy = f"remount it read-write (see dmesg), then `docker restart {container.name}` there"
            seen = f"{container.name} cannot write to {path}: that is read-only"
            yield finding(container.where, seen, "it to be writable", remedy)
        elif left < ROOM:
            seen = f"{path} is full: {left} MB are left"
            yield finding(container.where, seen, f"at least {ROOM} MB", "free some space there")


def _inodes(host: Host, within: str, paths: tuple[str, ...]) -> dict[str, str] | None:
    """Return device and inode of every path that is there; None if the process `within` which is no more."""
    if not paths:
        return {}
    said = host.run(" ".join([within, "stat -Lc %s", *["%s"] * len(paths)]), "%n %d:%i", *paths)
    if said.stderr.startswith("nsenter: cannot open /proc/"):
        return None
    return dict(line.rpartition(" ")[::2] for line in said.stdout.splitlines())


def otherwise_run(container: Container, wanted: Wanted) -> Findings:
    """Find whatever is not as the runbook runs it, but for its mounts."""
    yield from not_running(container)
    yield from of_another_image(container, wanted)
    yield from not_restarted(container)
    yield from on_another_network(container)
    yield from with_other_rights(container, wanted)
    yield from otherwise_configured(container, wanted)


def _unlike(container: Container, what: str, seen: object, wanted: object) -> Findings:
    if seen != wanted:
        said = f"{container.name}: {what} is {_told(what, seen)}"
        yield finding(container.where, said, _told(what, wanted), REDO)


def _told(what: str, value: object) -> str:
    """Return the value of a variable or an option, or a list of words, as it may be shown."""
    if isinstance(value, tuple):
        words = (word if word == HIDDEN else shlex.quote(word) for word in shown_words(value))
        return " ".join(words) or "none"
    return "none" if value in (None, "") else shown(what, str(value))
