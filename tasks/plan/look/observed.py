"""One read-only script that asks a host for everything the comparison needs, and its answer read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..desired import (
    Checkpoint,
    Container,
    Directories,
    File,
    Identity,
    Image,
    Item,
    Mount,
    ProfileLine,
    of,
)
from ..desired.every_host import profile_line
from ..gate import Question
from ..names import MASTER
from ..shell import at_once, quote
from . import by_hand, docker, firewall, lease, listeners, mounts, sections
from . import profile as of_profile
from . import sealed as of_secrets
from .docker import ABSENT, SeenContainer, SeenImage
from .engine import TIMELY
from .firewall import SeenFirewall
from .lease import Lease
from .mounts import Held
from .peers import Peers
from .profile import Login, Profile
from .rights import Rights
from .sections import ASK, HANGS, LIMIT, Unreadable, asking, split

LOCK = "/run/mesofab.lock"
"""Held by a script that changes a host, so that nobody looks at a half-made change."""

WAIT_FOR_OTHERS = f"""\
if [ -e {LOCK} ]; then # whoever is at work here finishes first; a minute outlasts any step but a long pull
  tries=0
  until flock -s -w 5 {LOCK} true; do
    tries=$((tries + 1)); part waiting
    [ $tries -lt 12 ] || {{ part busy; break; }}
  done
fi"""

LOOK = """\
look() { # look PATH: what stands there, in stat's words, and its text; most often no stat is needed for that
  if [ -d "$1" ]; then echo directory
  elif [ -f "$1" ] && [ -s "$1" ]; then echo 'regular file'; cat "$1"
  elif [ -e "$1" ]; then stat -Lc %F "$1"; [ ! -f "$1" ] || cat "$1"; fi
}
unlinked() { if [ -L "$1" ]; then echo 'symbolic link'; else look "$1"; fi; } # unlinked PATH: follows no link
"""


@dataclass(frozen=True)
class Questions:
    """What to ask one host: files with their content, kinds of paths, docker objects, own services.

    Of `unlinked` files a link is told as that, whatever it leads to; of `sealed` ones no content. `profile`
    is what every login is to read, None if it is of no concern. `holdings` are directories whose content
    tells of data, `kept` the mounts that a container must not lose; `words` has the questions to services by
    their part's name. `adopted` are containers of which others, made by hand, may be there by other names,
    its values. Who listens on one of `ports` is told with the container. Those that are `vital` are answered
    at once by whatever does not hang, and get more time.
    """

    files: tuple[str, ...] = ()
    unlinked: tuple[str, ...] = ()
    sealed: of_secrets.Sealed = field(default_factory=dict)
    profile: ProfileLine | None = None
    directories: tuple[str, ...] = ()
    holdings: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    adopted: Mapping[str, str] = field(default_factory=dict)
    kept: tuple[tuple[str, Mount], ...] = ()
    ports: tuple[int, ...] = ()
    images: tuple[str, ...] = ()
    words: Mapping[str, Question] = field(default_factory=dict)
    vital: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Path:
    """What stands at a path: `regular file`, `directory`, ... (as stat says) or `absent`.

    `mode` are its three octal digits, `owner` is the user id; "" if they are not known.
    """

    kind: str
    text: str = ""
    mode: str = ""
    owner: str = ""


@dataclass(frozen=True)
class Observed:
    """What one host has.

    `busy`: another run is changing the host right now, so nothing else here can be trusted.
    `at_work` is another run that lives, whatever it does right now.
    `logins` has one for each shell that was tried; none, if nobody asked.
    `engine` tells whether the docker engine answers; `engine_error` is the reason if not. `containers` has
    a container's other generations, too; `logs` are the last lines of those that have ended, and then `now`
    is the host's clock (seconds of the epoch), `ends` the exit codes of late by a container's id.
    `holdings` are the names in directories of data. `held` tells of mounts that containers must keep, by
    container and host path. `clusters` names the cluster of every container of mesofab's. `listeners` tells
    which process listens on a TCP port, `loopback` on which ports nothing does but there. `answers` are the
    services' words by part name; "" if nothing answered; `hanging` are those vital questions that were
    taken and not answered. `peers` are those of ZooKeeper's, if somebody had to ask for them; `migrating`
    tells whether a migration of Marathon's state is noted in ZooKeeper, `rights` who may change the masters'
    tree there; None if nobody had to ask.
    """

    busy: bool = False
    at_work: Lease | None = None
    user: int = 0
    addresses: frozenset[str] = frozenset()
    firewall: SeenFirewall = SeenFirewall()
    profile: Profile = Profile()
    logins: tuple[Login, ...] = ()
    paths: Mapping[str, Path] = field(default_factory=dict)
    engine: bool = False
    engine_error: str = ""
    containers: Mapping[str, SeenContainer] = field(default_factory=dict)
    images: Mapping[str, SeenImage] = field(default_factory=dict)
    holdings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    logs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    now: int | None = None
    ends: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    held: Mapping[tuple[str, str], Held] = field(default_factory=dict)
    clusters: Mapping[str, str] = field(default_factory=dict)
    listeners: Mapping[int, str] = field(default_factory=dict)
    loopback: frozenset[int] = frozenset()
    answers: Mapping[str, str] = field(default_factory=dict)
    hanging: frozenset[str] = frozenset()
    peers: Peers | None = None
    migrating: bool | None = None
    rights: Rights | None = None

    def path(self, path: str) -> Path:
        """Give what stands at `path`; only paths that were asked for are known."""
        return self.paths.get(path, Path("absent"))

    @property
    def master(self) -> str:
        """The name of the container of a master; "" if there is none."""
        return next(filter(MASTER.fullmatch, self.containers), "")

    def container(self, name: str) -> SeenContainer:
        """Give a container; ABSENT if it is not there."""
        return self.containers.get(name, ABSENT)

    def is_of(self, container: str, image: str) -> bool:
        """Tell whether a container was made from an image, as far as the host knows what that is by now."""
        one, held = self.container(container), self.images.get(image)
        return one.image == image and (held is None or held.id in one.made_of)

    def said(self, role: str | None) -> dict[str, str]:
        """Give what the service of a role said here, by the name of the question."""
        questions = (name.partition(" ") for name in self.answers)
        return {word: self.answers[f"{role} {word}"] for its, _, word in questions if its == role}


def questions(
    items: Sequence[Item], words: Mapping[str, Question], vital: frozenset[str] = frozenset()
) -> Questions:
    """Derive from the desired items what has to be asked."""
    homes, checkpoints, containers = of(Directories, items), of(Checkpoint, items), of(Container, items)
    profile = next(iter(of(ProfileLine, items)), None)
    files = [path for file in of(File, items) if not file.sealed for path in file.generations]
    files += [item.path for item in items if isinstance(item, ProfileLine)]
    files += [path for each in checkpoints for path in each.boots]
    directories = [path for home in homes for path in home.judged] + [each.latest for each in checkpoints]
    return Questions(
        files=tuple(dict.fromkeys(files)),
        unlinked=tuple(path for item in of(Identity, items) for path in (item.path, item.beside)),
        sealed=of_secrets.asked(items),
        profile=profile,
        directories=tuple(dict.fromkeys(directories)),
        holdings=tuple(home.data for home in homes if home.data),
        containers=tuple(dict.fromkeys(name for one in containers for name in by_hand.names(one))),
        adopted={one.name: one.adopts for one in containers if one.adopts not in ("", one.name)},
        ports=tuple(port for one in containers for port in one.ports),
        kept=tuple((one.name, mount) for one in containers for mount in one.mounts if mount.kept),
        images=tuple(dict.fromkeys(image.reference for image in of(Image, items))),
        words=words,
        vital=vital,
    )


def script(ask: Questions, boundary: str, first: str = "", last: str = "", waits: bool = True) -> str:
    """Give the script. `boundary` must be random: it parts the answers as in a MIME message.

    `first` and `last` are shell with parts of their own, which a look carries out before and after its
    own ones; `first` still sees what the host's environment says to docker. It `waits` for whoever changes
    the host right now, unless it need not know what comes of that.
    """
    before = [first] * bool(first) + [TIMELY] + [WAIT_FOR_OTHERS] * waits
    parts = [
        lease.ASK,
        "part user; id -u",
        "part addresses; ip -o -4 addr show",
        firewall.ASK,
        *(f"part {quote('path ' + path)}; look {quote(path)}" for path in (*ask.directories, *ask.files)),
        *(f"part {quote('path ' + path)}; unlinked {quote(path)}" for path in ask.unlinked),
        *of_secrets.asking(ask.sealed),
        f"part rights; {_rights(ask)}",
        *(f"part {quote('data ' + path)}; ls -A {quote(path)} 2>/dev/null" for path in ask.holdings),
    ]
    if ask.containers or ask.images:
        parts += [docker.asking(ask.containers, ask.images), listeners.asking(ask.ports)]
        parts += [mounts.asking(ask.kept)] if ask.kept else []
    parts += [last] if last else []
    # Services may take a while to answer, and docker and a login, too.
    login = [of_profile.asking(ask.profile, profile_line(ask.profile.address))] if ask.profile else []
    body = "\n".join([*before, at_once([*asking(ask.words, "answer ", ask.vital), *login, "\n".join(parts)])])
    functions = f"{LOOK}{of_secrets.functions(boundary)}{LIMIT}{ASK if ask.words else ''}"
    functions += of_profile.FUNCTIONS if ask.profile else ""
    return sections.script(boundary, functions, body)


def _rights(ask: Questions) -> str:
    paths = (*ask.directories, *ask.files, *ask.unlinked, *ask.sealed)
    return f"stat -Lc '%a %u %n' {' '.join(map(quote, paths))} 2>/dev/null" if paths else ":"


def read(output: str, boundary: str, ask: Questions) -> Observed:
    """Read a host's answer. Raises Unreadable."""
    try:
        return _observed(split(output, boundary), ask, boundary)
    except Unreadable:
        raise
    except (KeyError, ValueError, RecursionError) as error:
        raise Unreadable(f"the answer cannot be read: {error!r}") from error


def _observed(parts: Mapping[str, str], ask: Questions, salt: str) -> Observed:
    clusters = dict(_pairs(parts.get("clusters", "")))
    objects = parts.get("objects", "")
    told = docker.read(objects, clusters, ask.containers, ask.images) if "trouble" not in parts else ({}, {})
    return Observed(
        busy="busy" in parts,
        at_work=lease.read(parts["lease"]),
        user=int(parts["user"]),
        addresses=frozenset(re.findall(r"inet ([0-9.]+)", parts["addresses"])),
        firewall=firewall.read(parts.get("firewall", "")),
        profile=of_profile.read_profile(parts["profile"] if ask.profile else ""),
        logins=of_profile.read_logins(parts["logins"] if ask.profile else ""),
        paths=_paths(parts, ask, salt),
        engine="clusters" in parts and "trouble" not in parts,
        engine_error=parts.get("trouble", "").strip(),
        containers=by_hand.adopted(told[0], ask.adopted),
        images=told[1],
        holdings={path: tuple(parts[f"data {path}"].split()) for path in ask.holdings},
        logs={name: _lines(parts.get(f"log {name}", "")) for name in ask.containers},
        now=int(parts["now"]) if parts.get("now", "").strip().isdecimal() else None,
        ends=docker.ends(parts.get("ends", "")),
        held=mounts.read(parts.get("mounts", ""), ask.kept, told[0]),
        clusters=clusters,
        listeners=listeners.listening(parts.get("listeners", ""), parts.get("owners", "")),
        loopback=listeners.on_loopback(parts.get("listeners", "")),
        answers={name: parts[f"answer {name}"] for name in ask.words},
        hanging=frozenset(name for name in ask.vital if f"{HANGS} {name}" in parts),
    )


def _pairs(text: str) -> list[tuple[str, str]]:
    words = (line.split(" ", 1) for line in text.splitlines())
    return [(each[0], each[1]) for each in words if len(each) == 2]


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.splitlines() if line.strip())


def _paths(parts: Mapping[str, str], ask: Questions, salt: str) -> dict[str, Path]:
    stat = re.findall(r"^([0-7]{1,4}) ([0-9]{1,10}) (.*)$", parts["rights"], re.MULTILINE)
    rights = {path: (mode[-3:].zfill(3), owner) for mode, owner, path in stat}
    paths = (*ask.directories, *ask.files, *ask.unlinked)
    plain = {path: _path(parts[f"path {path}"], *rights.get(path, ())) for path in paths}
    told = of_secrets.read(parts, ask.sealed, salt)
    return plain | {path: _path(text, *rights.get(path, ())) for path, text in told.items()}


def _path(text: str, mode: str = "", owner: str = "") -> Path:
    kind, _, content = text.partition("\n")
    return Path(kind or "absent", content, mode, owner)
