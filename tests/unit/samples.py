"""What several unit tests need: inventories, and the generated shell run for real."""

import os
import re
import shlex
import shutil
import subprocess
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from tasks.inventory.cluster import Cluster, Node
from tasks.inventory.kinds import Kind, Wrong
from tasks.inventory.parse import InventoryError, Problem, parse
from tasks.plan import runbook
from tasks.plan.desired import Container, Directories, File, Identity, Image
from tasks.plan.desired.every_host import profile_line
from tasks.plan.look.docker import SeenContainer, SeenImage
from tasks.plan.look.observed import Observed
from tasks.plan.look.observed import Path as Seen
from tasks.plan.look.profile import Login, Profile
from tasks.plan.runbook import CHAPTERS

TRIO = "[zookeeper]\n10.70.0.10 myid=1\n10.70.0.11 myid=2\n10.70.0.12 myid=3\n"
"""Three members on lines 2 to 4; what a test adds begins on line 5."""


def problems(text: str) -> list[Problem]:
    """What is wrong with an inventory, nothing if it is accepted."""
    try:
        parse(text)
    except InventoryError as error:
        return error.problems
    return []


def messages(text: str) -> list[str]:
    """The same as an operator reads it, a line per problem."""
    try:
        parse(text)
    except InventoryError as error:
        return str(error).split("\n")
    return []


def refusal(kind: Kind, text: str) -> str:
    """What is wrong and how to mend it, "" if the text is accepted."""
    try:
        kind(text)
    except Wrong as wrong:
        return f"{wrong.what}; {wrong.mend}"
    return ""


def first_node(variables: str = "", address: str = "10.70.0.10") -> tuple[Cluster, Node]:
    """A cluster of one ZooKeeper host with these lines in [all:vars], and its node."""
    cluster = parse(f"[zookeeper]\n{address} myid=1\n[all:vars]\n{variables}\n")
    return cluster, cluster.nodes[0]


def any_json(*keys: str) -> st.SearchStrategy[object]:
    """Any JSON, its objects with some of these keys: what a service may say that is not what we know."""
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(keys), inner, max_size=3),
        max_leaves=8,
    )


# A host as docker and its services tell of it

IMAGE = SeenImage("sha256:1", {"ZOO_USER": "zookeeper"}, ("/entry",), ("start",))


def as_wanted(cluster: Cluster, node: Node) -> Observed:
    """A host on which everything is as `cluster` wants it."""
    items = runbook.wanted(CHAPTERS, cluster, node)
    paths = {"/etc/profile": Seen("regular file", f"umask 022\n{profile_line(node.address)}\n")}
    containers, images = {}, {}
    for item in items:
        if isinstance(item, Directories):
            paths |= {path: Seen("directory", mode=item.mode, owner="0") for path in item.judged}
        if isinstance(item, File):
            paths[item.path] = Seen("regular file", item.text, item.mode, item.owner)
        if isinstance(item, Identity):
            paths[item.path] = Seen("regular file", f"{item.value}\n", "644", "1000")
        if isinstance(item, Container):
            containers[item.name] = inspect(item)
        if isinstance(item, Image):
            images[item.reference] = IMAGE
    return Observed(
        addresses=frozenset({node.address, "127.0.0.1"}),
        profile=Profile(whole=frozenset({2})),
        logins=(Login("sh", node.address), Login("bash", node.address)),
        paths=paths,
        engine=True,
        containers=containers,
        images=images,
        answers={"zookeeper srvr": "Mode: follower\n"},
    )


def inspect(container: Container) -> SeenContainer:
    """A container that is exactly as wanted."""
    options = {
        "RestartPolicy.Name": "always",
        "NetworkMode": "host",
        "LogConfig.Type": "json-file",
        "LogConfig.Config.max-size": container.log_size,
        "LogConfig.Config.max-file": str(container.log_files),
        **({"Privileged": "on"} if container.privileged else {}),
        **({"Init": "on"} if container.init else {}),
        **({"PidMode": "host"} if container.host_pids else {}),
    }
    return SeenContainer(
        id="e" * 64,
        image=container.image,
        made_of=(IMAGE.id,),
        status="running",
        since="2026-11-22T08:30:00.123456789Z",
        labels=dict(container.labels),
        environment=dict(container.environment) | dict(IMAGE.environment),
        entrypoint=(container.entrypoint or "/entry",),
        arguments=container.arguments or (() if container.entrypoint else ("start",)),
        mounts=frozenset(mount.bind for mount in container.mounts),
        options=options,
    )


def with_container(seen: Observed, name: str = "zookeeper", /, **changes: Any) -> Observed:
    """The same host with parts of what docker tells of a container replaced."""
    return replace(seen, containers={**seen.containers, name: replace(seen.containers[name], **changes)})


def with_options(seen: Observed, **changes: str) -> Observed:
    """The same host with some of zookeeper's options replaced."""
    return with_container(seen, options={**seen.containers["zookeeper"].options, **changes})


def docker_gets(text: str) -> tuple[list[str], list[str]]:
    """The words of a docker command line as a shell splits them, and the variables on docker's input."""
    match = re.fullmatch(r"(.*?)(?: <<'(\w+)'\n(.*)\2)?\n", text.replace("\\\n", ""), re.DOTALL)
    assert match
    return shlex.split(match[1]), (match[3] or "").split("\n")[:-1]


# The generated shell, run for real


def stand_in(bin: Path, name: str, script: str) -> None:
    """Put a stand-in for the program `name` into `bin`: a few lines of shell."""
    bin.mkdir(parents=True, exist_ok=True)
    (bin / name).write_text(f"#!/bin/sh\n{script}\n")
    (bin / name).chmod(0o755)


def _shells() -> list[list[str]]:
    kinds = (["sh"], ["bash", "--posix"], ["busybox", "sh"])
    return [words for words in kinds if shutil.which(words[0]) and _takes_stand_ins(words)]


def _takes_stand_ins(shell: list[str]) -> bool:
    """Tell whether a shell takes programs from PATH; Debian's busybox-static runs its own first."""
    with TemporaryDirectory() as bin:
        stand_in(Path(bin), "uname", "echo stand-in")
        environment = {**os.environ, "PATH": f"{bin}:{os.environ['PATH']}"}
        said = subprocess.run(
            [*shell, "-c", "uname"], env=environment, capture_output=True, check=False
        ).stdout
    return said == b"stand-in\n"


SHELLS = _shells()
"""The shells of this machine that a host's /bin/sh may be."""


def logging_in(bin: Path, profile: Path) -> None:
    """Put stand-ins for sh and bash into `bin`: the real ones, but as they log in they read `profile`."""
    for shell in ("sh", "bash"):
        if real := shutil.which(shell):
            login = f"case $1 in -lc) exec {real} -c '. {profile}\n'\"$2\" ;; esac"
            stand_in(bin, shell, f'{login}\nexec {real} "$@"')


def at_work(words: str) -> list[str]:
    """The command lines of this machine's programs that have these words."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            found.append(file.read_bytes().decode(errors="replace").replace("\0", " "))
    return [line for line in found if words in line]


def environment(bin: Path | None = None) -> dict[str, str]:
    """Nothing but PATH, with the stand-ins in `bin` first."""
    path = os.environ["PATH"]
    return {"PATH": f"{bin}:{path}" if bin else path}


def run(
    text: str | bytes, where: Path, bin: Path | None = None, shell: list[str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a script as a host would: on standard input, in the directory `where`."""
    return subprocess.run(
        shell or SHELLS[0],
        input=text.encode() if isinstance(text, str) else text,
        env=environment(bin),
        cwd=where,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
    )
