"""A container of the outer engine, made again when what it is made of has changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import engine, images, spec
from .context import Image

if TYPE_CHECKING:
    from docker.models.containers import Container

MADE_OF = f"{spec.LABEL}.form"
"""Marks the lab's own containers. Images pass `spec.LABEL` on to any container made of them."""

_CGROUPS = Path("/sys/fs/cgroup")


def find(name: str) -> Container | None:
    """Return the lab's container of that name, or None."""
    import docker

    try:
        found = engine.get().containers.get(name)
    except docker.errors.NotFound:
        return None
    return found if MADE_OF in found.labels else None


def form(image: Image, options: dict[str, Any]) -> str:
    """Digest what a container is made of, to tell whether one that exists still is right."""
    made_of = (images.identity(image.tag), sorted(options.items()))
    return hashlib.sha256(repr(made_of).encode()).hexdigest()


def is_current(found: Container, image: Image, options: dict[str, Any]) -> bool:
    """Tell whether a container is made of this image and these options."""
    return bool(found.labels.get(MADE_OF) == form(image, options))


def create(name: str, address: str, image: Image, options: dict[str, Any]) -> Container:
    """Create a container, not started, with this address on the lab's network."""
    api = engine.get().api
    endpoint = api.create_endpoint_config(ipv4_address=address)
    rest = {**options, "host_config": api.create_host_config(**options["host_config"])}
    made = api.create_container(
        image.tag,
        name=name,
        labels={**spec.LABELS, MADE_OF: form(image, options)},
        networking_config={"EndpointsConfig": {spec.NETWORK: endpoint}},
        **rest,
    )
    return engine.get().containers.get(made["Id"])


def start(found: Container) -> None:
    """Start a container, also one that was killed together with its engine.

    That one's cgroups are there still, those made in it among them, and keep docker from making it new ones.
    """
    for top in _cgroups(found):
        for directory, _, _ in os.walk(top, topdown=False):
            with suppress(OSError):  # somebody lives there: then it is none that was left
                Path(directory).rmdir()
    found.start()


def remove(found: Container) -> None:
    """Remove a container whatever its state, also with paused ones in it; named volumes stay."""
    found.reload()
    if found.status == "paused":
        found.unpause()
    _thaw(found)
    found.remove(force=True, v=True)


def _thaw(found: Container) -> None:
    """Thaw what is frozen inside: a signal, even SIGKILL, reaches no frozen process."""
    for top in _cgroups(found):
        for file, thawed in (("freezer.state", "THAWED"), ("cgroup.freeze", "0")):
            for inner in top.glob(f"*/**/{file}"):
                with suppress(OSError):  # it is gone meanwhile
                    inner.write_text(thawed)


def _cgroups(found: Container) -> Iterator[Path]:
    """Give the cgroups of a container, of every hierarchy."""
    named = f"docker/{found.id}", f"system.slice/docker-{found.id}.scope"
    yield from (top for name in named for above in ("", "*/") for top in _CGROUPS.glob(above + name))
