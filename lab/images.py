"""The lab's images: what there is, building what is missing or has changed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.inventory.settings import VARIABLES

from . import console, engine, machine, rootfs, spec
from .context import Image
from .errors import LabError
from .parallel import each

if TYPE_CHECKING:
    from docker import DockerClient

BASE = Image("lab/base")
HOST = Image("lab/host", BASE)
PYTHON_HOST = Image("lab/python-host", HOST)
REGISTRY = Image("lab/registry", BASE)
ZOOKEEPER = Image("lab/zookeeper:3.8.0", BASE, {"VERSION": "3.8.0"}, variable="zookeeper_image")
STAND_IN = Image("lab/stand-in", BASE)
MESOS = Image("lab/mesos-stand-in:1.5.0", STAND_IN, {"VERSION": "1.5.0"}, variable="mesos_image")
MESOS_MASTER = Image("lab/mesos-master-stand-in:1.5.0", MESOS, variable="mesos_master_image")
MESOS_AGENT = Image("lab/mesos-slave-stand-in:1.5.0", MESOS, variable="mesos_agent_image")
MARATHON = Image("lab/marathon-stand-in:1.5.8", STAND_IN, {"VERSION": "1.5.8"}, variable="marathon_image")
NEXT_MARATHON = Image("lab/marathon-stand-in:1.5.9", STAND_IN, {"VERSION": "1.5.9"})

OLD_ZOOKEEPER = Image("lab/zookeeper-3.4:3.4.13", ZOOKEEPER, {"VERSION": "3.4.13"})

# Another stand-in: a line here and a directory in lab/images.
ALL = (
    BASE,
    HOST,
    REGISTRY,
    ZOOKEEPER,
    STAND_IN,
    MESOS,
    MESOS_MASTER,
    MESOS_AGENT,
    MARATHON,
    NEXT_MARATHON,
)

STAND_INS, HUB = "stand-ins", "hub"
"""Which images hosts.ini names: those made here, or the real ones of the public registry."""

_INPUTS = f"{spec.LABEL}.inputs"
_PROXIES = ("http_proxy", "https_proxy", "no_proxy")


def reference(image: Image) -> str:
    """Return the name by which the hosts pull an image."""
    return f"{spec.REGISTRY}/{image.tag}"


def named(which: str) -> dict[str, str]:
    """Return the images of hosts.ini by variable: ours, or the defaults that the product ships with."""
    ours = {image.variable: image.tag for image in ALL if image.variable}
    if which == STAND_INS:
        return ours
    if which == HUB:
        return {variable: str(VARIABLES[variable].default) for variable in ours}
    raise LabError(f"--images is {STAND_INS} or {HUB}, not {which!r}.")


def pushed(which: str) -> list[str]:
    """Return the images that the registry has: those of hosts.ini, and to change to, another Marathon."""
    return [*named(which).values(), NEXT_MARATHON.tag]


def pull_hub() -> None:
    """Pull the real images into the outer engine; say so where no public registry can be reached."""
    import docker

    for tag in named(HUB).values():
        with console.step(f"pull {tag}"):
            try:
                engine.get().images.pull(tag)
            except docker.errors.APIError as error:
                raise LabError(f"{tag} cannot be pulled here: {error.explanation or error}") from None


def missing(images: Iterable[Image] = ALL, client: DockerClient | None = None) -> list[Image]:
    """Return the images that an engine (if not given, ours) lacks or has of other inputs."""
    return [image for image in images if _built_from(image, client or engine.get()) != image.inputs]


def build_missing(images: Iterable[Image] = ALL) -> list[Image]:
    """Build the images that are missing or whose inputs have changed; return those."""
    stale = missing(images)
    for _, generation in groupby(sorted(stale, key=_generation), key=_generation):
        _build_all(list(generation))
    return stale


def forget_replaced() -> None:
    """Remove the lab's images that have lost their tag to a newer build."""
    engine.get().images.prune(filters={"dangling": True, "label": spec.LABEL})


def _generation(image: Image) -> int:
    return image.generation


def _build_all(images: list[Image]) -> None:
    # Asked for first: it may take long, and has a clock of its own.
    surroundings = {image: _surroundings(image) for image in images}
    with console.step("build " + ", ".join(image.tag for image in images)):
        each(lambda image: _build(image, surroundings[image]), images)


def identity(tag: str) -> str:
    """Return the id of an image that is here."""
    return str(engine.get().images.get(tag).id)


def _built_from(image: Image, client: DockerClient) -> str | None:
    import docker

    try:
        labels = client.images.get(image.tag).labels
    except docker.errors.ImageNotFound:
        return None
    return str(labels.get(_INPUTS))


def _build(image: Image, surroundings: dict[str, str]) -> None:
    output = engine.get().api.build(
        path=str(image.directory),
        tag=image.tag,
        buildargs={**image.arguments, **surroundings},
        labels={**spec.LABELS, _INPUTS: image.inputs},
        # The builder's own bridge has MTU 1500, whatever the machine's way out has.
        network_mode="host",
        rm=True,
        forcerm=True,
        decode=True,
    )
    _follow(output, image)


def _surroundings(image: Image) -> dict[str, str]:
    """Return build arguments that say where things come from, not what they are."""
    proxies = {name: os.environ[name] for name in _PROXIES if name in os.environ}
    if image.parent:
        return proxies
    mirrors = machine.debian_mirrors()
    mirror, security = mirrors.get("Debian", ""), mirrors.get("Debian-Security", "")
    return {**proxies, "ROOTFS": rootfs.provide(), "MIRROR": mirror, "SECURITY_MIRROR": security}


def _follow(output: Iterator[dict[str, Any]], image: Image) -> None:
    """Keep a build's output in lab/run, and make a failure one sentence."""
    path = Path(__file__).parent / "run" / f"build-{image.tag.removeprefix('lab/').replace(':', '-')}.log"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    said = ""
    with path.open("w") as log:
        for event in output:
            text = event.get("stream", "") or event.get("error", "")
            log.write(text)
            if "error" in event:
                # That a command failed is less telling than what it said last.
                why = said if text.startswith("The command") else text
                raise LabError(f"Building {image.tag} failed: {why} (see {path}).")
            said = text.strip() or said
