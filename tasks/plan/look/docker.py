"""What docker is asked of containers and images, and its JSON read: here and nowhere else."""

import re
from calendar import timegm
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ...inventory.secret import redacted
from ..desired import DIGEST
from ..http import parsed, table
from ..shell import quote
from .sections import Unreadable

OURS = f"docker ps -a --filter label={DIGEST} --format '{{{{.Names}}}} {{{{.Label \"mesofab.cluster\"}}}}'"
"""Names every container of mesofab's, and its cluster."""

GENERATIONS = (".next", ".prev", ".failed")
"""How the names end that a container has before and after its time."""


def generation(name: str) -> str:
    """Give the name that a container has in its time."""
    return next((name.removesuffix(end) for end in GENERATIONS if name.endswith(end)), name)


LINES, BYTES = 60, 8000
"""How much of a log is asked for: more than a stack's depth, and no more than a person would read."""

OF_LATE = 5
"""Minutes within which the ends of a container's process are counted: docker keeps its last 256 events."""

PATHS = ("MaskedPaths", "ReadonlyPaths")
"""Lists that docker fills, so that an empty one was asked for; it says null where it may not."""

Table = Mapping[str, object]
T = TypeVar("T")


@dataclass(frozen=True)
class SeenImage:
    """An image that a host holds, and what it gives to its containers."""

    id: str
    environment: Mapping[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    user: str = ""


@dataclass(frozen=True)
class End:
    """How a container's process last ended: when (UTC), with which code, what docker said of it.

    `code` is None while it runs again: docker forgets it then. `memory` tells that the kernel ended it, as
    no memory was left.
    """

    at: str
    code: int | None = None
    error: str = ""
    memory: bool = False


@dataclass(frozen=True)
class SeenContainer:
    """A container as docker tells of it; without any word of docker's, one that is not there.

    `image` is what it was made from by name, `made_of` the ids that this image may have by now. `since`, when
    it was started, and `made` are UTC. `pid` is its first process on the host, 0 while none runs. `restarts`
    counts how often docker has started it again by itself. `options` is docker's HostConfig without all that
    is null, empty (but for PATHS), zero or off: texts by docker's names, an inner one behind a dot. `places`
    are the host's paths by what it sees them as. `called`: its name, if a wanted one is to take it over.
    """

    id: str = ""
    image: str = ""
    made_of: tuple[str, ...] = ()
    status: str = "absent"
    since: str = ""
    made: str = ""
    pid: int = 0
    restarts: int = 0
    end: End | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    user: str = ""
    mounts: frozenset[str] = frozenset()
    options: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    called: str = ""

    @property
    def is_ours(self) -> bool:
        """Tell whether mesofab made it."""
        return DIGEST in self.labels

    @property
    def is_up(self) -> bool:
        """Tell whether it runs, and does not only try to again and again."""
        return self.status in ("running", "paused")

    @property
    def runs(self) -> bool:
        """Tell whether docker counts it as running."""
        return self.is_up or self.status == "restarting"

    def uptime(self, now: int) -> float:
        """Give the seconds since it was started; `now` is its host's clock. Endless if nobody knows."""
        return _since(self.since, now)

    def age(self, now: int) -> float:
        """Give the seconds since it was made."""
        return _since(self.made, now)


def _since(time: str, now: int) -> float:
    written = re.match(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)", time, re.ASCII)
    year, *others = map(int, written.groups()) if written else (0, 0)
    if year < 1970 or not 1 <= others[0] <= 12:
        return float("inf")
    return now - timegm((year, *others, 0, 0, 0))


ABSENT = SeenContainer()


def asking(containers: Sequence[str], images: Sequence[str]) -> str:
    """Ask docker with as few of its clients as can be: to start one costs more than its question.

    An inspection without a type tries containers first, so `zookeeper` may also turn out to be an image,
    a network or a volume of that name; an image with a tag cannot be anything else.
    """
    generations = "|".join(f"*{end}" for end in GENERATIONS)
    names = " ".join(map(quote, (*containers, *images)))
    return f"""\
part clusters; objects= code=0
ours=$({OURS} 2>/dev/null) || code=$?
if [ $code = 0 ]; then
  printf '%s\\n' "$ours"
  others=$(printf '%s\\n' "$ours" |
    while read -r name its_cluster; do case $name in {generations}) echo "$name";; esac; done)
  objects=$(docker inspect --format '{{{{json .}}}}' $others {names} 2>&1) ||
    [ $? != 124 ] || code=124 objects=
fi
[ $code = 0 ] || {{ [ $code != 124 ] || hangs=yes; part trouble; {OURS} 2>&1 >/dev/null; }}
part objects; printf '%s\\n' "$objects"
ended() {{ # ended TEXT: tell whether a container in it has ended, and docker may start it again and again
  case $1 in *'"Restarting":true'* | *'"Running":false'* | *'"RestartCount":'[3-9]* | \
    *'"RestartCount":'[12][0-9]*) ;; *) return 1 ;; esac
}}
if ended "$objects"; then # its log says why
  now=$(date +%s); part now; echo $now
  part ends; timeout $limit docker events --since $((now - {60 * OF_LATE})) --until $now \
    --filter label={DIGEST} --filter event=die \
    --format '{{{{.Actor.ID}}}} {{{{.Actor.Attributes.exitCode}}}}' 2>/dev/null
  for name in {" ".join(map(quote, containers))}; do
    part "log $name"
    ! ended "$(printf '%s\\n' "$objects" | grep -F '"Name":"/'"$name"'"')" ||
      timeout $limit docker logs --tail {LINES} "$name" 2>&1 | tail -c {BYTES}
  done
fi
"""


def read(
    text: str, ours: Iterable[str], containers: Sequence[str], images: Sequence[str]
) -> tuple[dict[str, SeenContainer], dict[str, SeenImage]]:
    """Read what docker told of the containers asked for, their generations among `ours`, and the images.

    Raises Unreadable. docker answers in the order asked and leaves out what it does not know, saying so by
    name; podman, which the preflight refuses in its own words, puts the name in quotes.
    """
    lines = text.split("\n")  # what else may end a line may stand in JSON
    words = [line for line in lines if not line.startswith("{")]
    missing = set(re.findall(r'[Nn]o such (?:object|container): "?([^\s"]+)', "\n".join(words)))
    others = [name for name in ours if name.endswith(GENERATIONS)]
    known = [name for name in (*others, *containers, *images) if name not in missing]
    found = [parsed(line) for line in lines if line.startswith("{")]
    if None in found:
        raise Unreadable("what docker inspect told is no JSON")  # a report has secrets, so none is shown
    if len(known) != len(found):
        said = redacted(" ".join(words)[:2000])[:200]
        raise Unreadable(f"docker inspect told of {len(found)} objects, not {len(known)}: {said!r}")
    told = dict(zip(known, map(table, found), strict=True))
    there = {name: one for name, one in told.items() if name not in images and "State" in one}
    return (
        {name: _of(name, container, one) for name, one in there.items()},
        {name: _of(name, image, one) for name, one in told.items() if name in images},
    )


def _of(name: str, read: Callable[[Table], T], told: Table) -> T:
    try:
        return read(told)
    except Unreadable as error:
        raise Unreadable(f"docker inspect {name}: {error}") from None


def ends(text: str) -> dict[str, tuple[int, ...]]:
    """Read with which exit codes containers have ended of late, by their ids."""
    found: dict[str, tuple[int, ...]] = {}
    for id, code in re.findall(r"^([0-9a-f]{64}) ([0-9]{1,9})$", text, re.MULTILINE):
        found[id] = (*found.get(id, ()), int(code))
    return found


def image(told: Table) -> SeenImage:
    """Read docker's report on an image; newer engines leave out what is empty. Raises Unreadable."""
    config = _get(told, "Config", dict)
    return SeenImage(
        id=_must(told, "Id", str),
        environment=_variables(config),
        entrypoint=_words(config, "Entrypoint"),
        arguments=_words(config, "Cmd"),
        user=_get(config, "User", str),
    )


def container(told: Table) -> SeenContainer:
    """Read docker's report on a container. Raises Unreadable.

    With the containerd image store, ids are the digests of what was pulled: of an index of several
    platforms, or of the one manifest of it which the container has, and which may be pulled alone.
    """
    state, config = _must(told, "State", dict), _must(told, "Config", dict)
    labels, host = _get(config, "Labels", dict), _get(told, "HostConfig", dict)
    return SeenContainer(
        id=_get(told, "Id", str),
        image=_must(config, "Image", str),
        made_of=(_must(told, "Image", str), _get(_get(told, "ImageManifestDescriptor", dict), "digest", str)),
        status=_must(state, "Status", str),
        since=_get(state, "StartedAt", str),
        made=_get(told, "Created", str),
        pid=_get(state, "Pid", int),
        restarts=_get(told, "RestartCount", int),
        end=_end(state),
        labels={name: _get(labels, name, str) for name in labels},
        environment=_variables(config),
        entrypoint=_words(config, "Entrypoint"),
        arguments=_words(config, "Cmd"),
        user=_get(config, "User", str),
        mounts=frozenset(_words(host, "Binds")),
        options=dict(_options(host)),
        places=dict(_places(told)),
    )


def _places(told: Table) -> Iterator[tuple[str, str]]:
    for mount in map(table, _get(told, "Mounts", list)):
        yield _get(mount, "Destination", str), _get(mount, "Source", str)


def _end(state: Table) -> End | None:
    at = _get(state, "FinishedAt", str)
    if not at or at.startswith("0001-"):
        return None
    code = None if state.get("Status") in ("running", "paused") else _get(state, "ExitCode", int)
    return End(at, code, _get(state, "Error", str), _get(state, "OOMKilled", bool))


def _variables(config: Table) -> dict[str, str]:
    return dict(entry.partition("=")[::2] for entry in _words(config, "Env"))


def _words(told: Table, name: str) -> tuple[str, ...]:
    value = told.get(name)
    words = [value] if isinstance(value, str) else _get(told, name, list)  # podman's are one text
    if not all(isinstance(word, str) for word in words):
        raise Unreadable(f"its {name} is a list of more than texts")  # maybe with secrets
    return tuple(words)


def _options(told: Table, above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in told.items():
        if value and isinstance(value, dict):
            yield from _options(value, f"{above}{name}.")
        elif value or (value == [] and name in PATHS):
            yield above + name, _shown(value)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(_shown, value))
    if isinstance(value, dict):
        return ",".join(f"{name}={_shown(inner)}" for name, inner in value.items())
    return "on" if value is True else str(value)


def _get(told: Table, name: str, kind: type[T]) -> T:
    return kind() if told.get(name) is None else _must(told, name, kind)


def _must(told: Table, name: str, kind: type[T]) -> T:
    value = told.get(name)
    if not isinstance(value, kind):
        raise Unreadable(f"its {name} is {redacted(repr(value)):.80}")
    return value
