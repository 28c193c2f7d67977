"""What docker on a host says of itself: which program it is, what engine answers, whom that understands."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from .. import http
from ..shell import ASK_CLIENT, LENIENT, OWN_ENGINE, quote

WAIT = 20
"""Seconds that an engine has for an answer: a host that is silent for 30 s is given up."""

HANGS = "it has not answered within"
"""Begins what is told of an engine that takes a question and does not answer."""

TIMELY = f"""\
{OWN_ENGINE}hangs=
docker() {{ # as docker, whose client would wait for ever for an engine that hangs; it tells that with 124
  [ -z "$hangs" ] || {{ echo '{HANGS} {WAIT} s' >&2; return 124; }}
  timeout -s KILL {WAIT} docker "$@"
  case $? in 0) ;; 124 | 137 | 143) return 124 ;; 127) command docker "$@" ;; *) return 1 ;; esac
}}
"""
"""Has docker's client ask the host's own engine, and not for ever; none once it `$hangs`."""

ENVIRONMENT = """\
part environment
printf '%s\\n' "DOCKER_HOST=${DOCKER_HOST-}" "DOCKER_CONTEXT=${DOCKER_CONTEXT-}" \
  "DOCKER_CONTENT_TRUST=${DOCKER_CONTENT_TRUST-}"
sed -n 's/.*"currentContext"[[:space:]]*:[[:space:]]*"\\([^"]*\\)".*/currentContext=\\1/p' \\
  "${DOCKER_CONFIG:-${HOME-}/.docker}/config.json" 2>/dev/null"""
"""Asks what the host tells docker's client of engines, which only the first part of a look still can."""

ABOUT = """\
part client; (unset -f docker; command -v docker && readlink -f "$(command -v docker)")
[ "$hangs" ] || docker --version 2>&1
part sockets; ls /run/user/*/docker.sock 2>/dev/null
part versions; versions=$(docker version --format '{{.Server.Version}} {{.Server.MinAPIVersion}}' 2>/dev/null)
printf '%s\\n' "$versions"
part info; info=$(docker info --format '{{json .}}' 2>/dev/null); printf '%s\\n' "$info"
part docker; root=$(printf '%s\\n' "$info" | sed -n 's/.*"DockerRootDir":"\\(\\/[^"]*\\)".*/\\1/p')
case $info in # with the containerd image store, images are where the containerd that it uses has its own
*'"io.containerd.snapshotter.v1"'*'"Address":"/run/containerd/containerd.sock"'*) root=/var/lib/containerd ;;
esac
room "${root:-/var/lib/docker}"
"""


def client(image: str, program: str) -> str:
    """Give the shell that asks for the API which the docker client in an image speaks, if the host holds it.

    No container is started for it where the engine takes every client of the last ten years.
    """
    command = f"{ASK_CLIENT} --entrypoint {quote(program)} {quote(image)} version"
    missing = quote(f"error: no such object: {image}")
    return f"""\
part {quote("client " + image)}; case ${{versions#* }} in '' | {LENIENT}) ;;
*) printf '%s\\n' "$objects" | grep -qixF {missing} ||
  {command} --format '{{{{.Client.APIVersion}}}}' 2>/dev/null ;;
esac"""


class Offer(NamedTuple):
    """What a registry has of an image: for which platforms, or why none; or it is late. Else nobody knows."""

    platforms: tuple[str, ...] = ()
    refusal: tuple[str, ...] = ()
    late: bool = False


@dataclass(frozen=True)
class SeenEngine:
    """What docker on a host says of itself.

    `version` is the engine's, `oldest_api` the oldest API that its clients may speak; "" if it did not say.
    `client` is the host's own docker: its path, where that leads, and its version. `root` is the engine's
    directory, `security` its options (`userns`, `rootless`, `selinux`, ...). `environment` has what the host
    tells docker's client of engines, `sockets` are those of rootless engines. `spoken` is the API by image
    of the docker client in it; only images that the host holds were asked, and none of a lenient engine.
    `lost_init` names the program for `--init` where the engine does not find it.
    """

    version: str = ""
    oldest_api: str = ""
    client: str = ""
    root: str = ""
    security: frozenset[str] = frozenset()
    environment: Mapping[str, str] = field(default_factory=dict)
    sockets: tuple[str, ...] = ()
    spoken: Mapping[str, str] = field(default_factory=dict)
    lost_init: str = ""


def read(parts: Mapping[str, str]) -> SeenEngine:
    """Read what a host answered. Raises KeyError if a part is missing."""
    version, oldest = _versions(parts["versions"])
    info = http.table(http.parsed(parts["info"]))  # none without an engine, or of a client of another kind
    options = map(http.text, http.items(info.get("SecurityOptions")))
    said = {name.removeprefix("client "): text for name, text in parts.items() if name.startswith("client ")}
    return SeenEngine(
        version=version,
        oldest_api=oldest,
        client=" ".join(parts["client"].split()),
        root=http.text(info.get("DockerRootDir")),
        security=frozenset(re.findall(r"name=(\w+)", " ".join(options))),
        environment=dict(re.findall(r"^(\w+)=(.+)$", parts["environment"], re.MULTILINE)),
        sockets=tuple(parts["sockets"].split()),
        spoken={image: number for image, text in said.items() if (number := _api(text))},
        lost_init=_lost_init(info),
    )


def _lost_init(info: Mapping[str, object]) -> str:
    """Read whether the engine got no version out of the program for `--init` (daemon/info_unix.go of moby).

    It asks that program each time, and has \"N/A\" for its commit where it is missing, does not start, or is
    none that calls itself tini. Debian's tells no commit, which is the empty text.
    """
    commit = http.text(http.table(info.get("InitCommit")).get("ID"))
    return http.text(info.get("InitBinary")) or "docker-init" if commit == "N/A" else ""


def _versions(text: str) -> tuple[str, str]:
    engine, _, oldest = text.strip().rpartition("\n")[2].partition(" ")
    return engine if re.fullmatch(r"[0-9]+\.\S+", engine) else "", _api(oldest)


def _api(text: str) -> str:
    found = re.search(r"^[0-9]{1,4}\.[0-9]{1,4}$", text, re.MULTILINE)
    return found[0] if found else ""


def offer(said: str) -> Offer:
    """Read what the engine said when it was asked for an image of a registry's."""
    status, body = http.read(said)
    told = http.table(body)
    if status != 200:
        return Offer((), tuple(http.text(told.get("message")).splitlines()), late=said == "exit 124")
    platforms = map(http.table, http.items(told.get("Platforms")))
    return Offer(tuple(http.text(one.get("architecture")) for one in platforms))
