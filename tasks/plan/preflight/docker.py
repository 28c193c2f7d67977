"""The engine: its version, its start at boot, its cgroups, and whether it can have the images."""

import re
from collections.abc import Collection, Iterable, Iterator

from ...inventory import lockout, unknown
from ...inventory.edits import Add, Change, Set
from ..compare import remedy
from ..desired import Container, Image, Item, of
from ..look.engine import Offer
from .checks import Finding
from .subject import Subject

OLDEST_ENGINE = (20, 10)
"""Runs read docker's own words and reports; with older engines nobody has tried whether they are the same."""

PUBLISHED = re.compile(r"(docker\.io/)?mesosphere/mesos(-slave)?:1\.5\.")
"""Begins images with docker-engine 17.05, the last of the repository they were built from: API 1.29."""

LEAST = (1, 24)
"""The oldest API that an engine since 25 can be told to take (daemon/config of moby)."""

LENIENT = (
    'set "min-api-version": "1.24" in /etc/docker/daemon.json (before Docker 29: '
    "DOCKER_MIN_API_VERSION=1.24 in dockerd's environment) and restart docker, or "
)

FREEZER = frozenset({"freezer"})

CGROUP_V1 = "boot the host with systemd.unified_cgroup_hierarchy=0 on the kernel's command line"
WITHOUT_INIT = "if following masters may hang after a ZooKeeper outage"
ANOTHER_BUILD = "if the agent's image has a build of Mesos that does without"


def version(host: Subject) -> Iterator[Finding]:
    """Compare the engine's version with the oldest that was tried."""
    if host.facts.engine.version and _numbers(host.facts.engine.version) < OLDEST_ENGINE:
        yield host.finding(
            "docker-version",
            f"the engine is {host.facts.engine.version}, nothing older than 20.10 was tested",
            "upgrade it",
        )


def clients(items: Iterable[Item]) -> dict[str, str]:
    """Give the docker clients, by image, that can be asked for the API they speak."""
    return {image.reference: image.client for image in of(Image, items) if image.client}


def api(host: Subject) -> Iterator[Finding]:
    """Compare the oldest API that the engine takes with that of the docker clients in the agent's images."""
    oldest = host.facts.engine.oldest_api
    spoken = {image: api for image, api in _spoken(host).items() if _numbers(oldest) > _numbers(api)}
    if not spoken:
        return
    told = ", ".join(f"{image} has one of {api}" for image, api in spoken.items())
    yield host.finding(
        "docker-api",
        f"the engine refuses docker clients below API {oldest}, and {told}: the agent, or each of its docker "
        "tasks, would exit at once, again and again",
        f"{'' if min(map(_numbers, spoken.values())) < LEAST else LENIENT}"
        f"name {'an image' if len(spoken) == 1 else 'images'} with a newer docker client in hosts.ini "
        f"({', '.join(_settings_of(host, spoken))})",
    )


def _spoken(host: Subject) -> dict[str, str]:
    """Give by image the API of the docker client in it: what it said, or what is published of it."""
    images, asked = clients(host.items), host.facts.engine.spoken
    published = {image: "1.29" for image in images if PUBLISHED.match(image)}
    return published | {image: api for image, api in asked.items() if image in images}


def _settings_of(host: Subject, images: Collection[str]) -> list[str]:
    settings = ("mesos_agent_image", "mesos_image")
    return [one for one in settings if host.cluster.image(getattr(host.node.settings, one)) in images]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"[0-9]{1,9}", version)[:2])


def init(host: Subject) -> Iterator[Finding]:
    """Look for the program that is process 1 where a container is wanted with `--init`.

    docker makes such a container all the same, and only fails to start it: when its predecessor is stopped.
    """
    wanting = [one.name for one in host.containers if one.init]
    if wanting and host.facts.engine.lost_init:
        yield host.finding(
            "docker-init",
            f"the engine does not find {host.facts.engine.lost_init}, which is to be process 1 of "
            f"{', '.join(wanting)}",
            "install it (Debian's docker.io has it from the package tini, docker-ce brings its own; "
            '"init-path" in /etc/docker/daemon.json names another one)',
            Change((Set("mesos_master_init", "false", host.node.name),), WITHOUT_INIT),
        )


def boot(host: Subject) -> Iterator[Finding]:
    """Look whether systemd starts the engine; without systemd nobody can tell.

    docker.socket alone is not enough: it starts the engine only when somebody asks it something.
    """
    if host.facts.service == "disabled":
        yield host.finding(
            "docker-boot",
            "systemd does not start docker.service at boot, so no container would come back",
            "enable it: systemctl enable docker.service",
        )


def cgroups(host: Subject) -> Iterator[Finding]:
    """Look for the v1 hierarchies that Mesos 1.5 asks for (docker.cpp and linux_launcher.cpp)."""
    agent = host.playing("mesos_agent")
    if agent is None:
        return
    lacking: list[tuple[str, str, tuple[Change, ...]]] = []
    if "docker" in _containerizers(agent) and not any("cpu" in one for one in host.facts.cgroups):
        lacking.append(("cpu", "docker", ()))
    launcher = dict(agent.environment).get("MESOS_LAUNCHER", "linux")
    if "mesos" in _containerizers(agent) and launcher == "linux" and FREEZER not in host.facts.cgroups:
        posix = Add("mesos_agent_environment", "MESOS_LAUNCHER=posix", host.node.name)
        lacking.append(("freezer alone", "mesos", (Change((posix,), "to have tasks do without"),)))
    for controller, containerizer, changes in lacking:
        yield host.finding(
            "cgroups",
            f"there is no cgroup v1 hierarchy with {controller}, and the {containerizer} containerizer does "
            "not start without",
            CGROUP_V1,
            *changes,
            Change((Add("preflight_ignore", "cgroups"),), ANOTHER_BUILD),
        )


def _containerizers(agent: Container) -> list[str]:
    return dict(agent.environment)["MESOS_CONTAINERIZERS"].split(",")


def images(host: Subject) -> Iterator[Finding]:
    """Look at what the registries said of the images that are not on the host; one cause is told once."""
    causes: dict[tuple[str, str, str], list[str]] = {}
    for image in host.to_pull:
        if trouble := _trouble(host.facts.offers.get(image, Offer()), host.facts.architecture):
            causes.setdefault(trouble, []).append(image)
    for (check, evidence, mend), names in causes.items():
        yield host.finding(check, f"{', '.join(names)}: {evidence}", mend)


def _trouble(offer: Offer, architecture: str) -> tuple[str, str, str] | None:
    """Say which check fails, why, and what to do; None if the registry has it, or nobody can tell."""
    if offer.late:
        return "image", "the registry does not answer in time", "start it, or name another one in hosts.ini"
    if offer.platforms and "amd64" not in offer.platforms and architecture == "x86_64":
        only = f"the registry has it for {', '.join(offer.platforms)} only"
        return "image", only, "name an image for amd64"
    words = offer.refusal
    if not words or words == ("page not found",):  # no engine answered, or one too old for the question
        return None
    meaning, mend = remedy.cause(words) or ("", "make docker pull work with it on the host")
    check = "image-login" if re.search("denied|unauthorized|no basic auth", words[-1]) else "image"
    return check, f"{meaning} ({words[-1]})" if meaning else f"docker says {words[-1]!r}", mend


def tls(host: Subject) -> Iterator[Finding]:
    """Look for images that switch TLS on by themselves; those that are not there yet do not tell."""
    for image in dict.fromkeys(one.reference for one in of(Image, host.items)):
        held = host.seen.images.get(image)
        if held and (name := lockout.switches_tls_on(held.environment)):
            evidence = f"the image {image} sets {name}, which is TLS: a build that has it answers nobody here"
            yield host.finding(
                "tls", evidence, "name an image that leaves TLS off; firewall=true closes ports"
            )


def extra_flags(host: Subject) -> Iterator[Finding]:
    """Say again which flags only extra_flags lets pass: nobody else has looked whether the build has them."""
    for one in unknown.found(host.node):
        if host.playing(one.setting.rpartition("_")[0]):
            yield host.finding(
                "extra-flag",
                f"{one.setting} sets {one.written}, not a flag of {one.program}, which extra_flags lets pass",
                "make sure that the image's build has it; if not, remove it, and remove it from extra_flags",
            )
