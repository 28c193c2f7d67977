"""The lab's registry: real, so that `docker pull` on the hosts is real."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from typing import Any

from . import console, container, engine, images, spec, waiting
from .errors import LabError

NAME = "mesofab-registry"
_VOLUME = NAME
# The engine pushes to the loopback: the one address where every engine, whoever set it up,
# accepts a registry without TLS. The hosts pull from the lab's network.
_OPTIONS: dict[str, Any] = {
    "hostname": "registry",
    "ports": [5000],
    "host_config": {
        "network_mode": spec.NETWORK,
        "port_bindings": {5000: ("127.0.0.1", None)},
        "binds": {_VOLUME: {"bind": "/var/lib/docker-registry", "mode": "rw"}},
    },
}
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def ensure() -> None:
    """Make and start the registry unless it runs."""
    found = container.find(NAME)
    if found and container.is_current(found, images.REGISTRY, _OPTIONS):
        if found.status != "running":
            container.start(found)
    else:
        if found:
            container.remove(found)
        _create()
    waiting.until("the registry to answer", 180, _silence)


def remove() -> None:
    """Remove the registry's container if it is there."""
    if found := container.find(NAME):
        container.remove(found)


def state() -> str:
    """Return "running", "stopped" or "missing"."""
    found = container.find(NAME)
    if not found:
        return "missing"
    return "running" if found.status == "running" else "stopped"


def push_missing(tags: Iterable[str]) -> list[str]:
    """Push the images that the registry does not have as they are here; return those."""
    missing = [tag for tag in tags if stored(tag) != images.identity(tag)]
    for tag in missing:
        with console.step(f"push {spec.REGISTRY}/{tag}"):
            _push(tag)
    return missing


def stored(tag: str) -> str | None:
    """Return the id of the image that the registry has under this tag."""
    name, _, version = tag.partition(":")
    address = f"http://{_loopback()}/v2/{name}/manifests/{version or 'latest'}"
    request = urllib.request.Request(address, headers={"Accept": _MANIFEST})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return str(json.load(answer)["config"]["digest"])
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise LabError(f"The lab's registry answers {error.code} to {address}.") from None


def _create() -> None:
    engine.get().volumes.create(_VOLUME, labels=spec.LABELS)
    made = container.create(NAME, spec.REGISTRY_ADDRESS, images.REGISTRY, _OPTIONS)
    # A port can be published only from a network that is not internal.
    engine.get().networks.get("bridge").connect(made)
    made.start()


def _loopback() -> str:
    found = container.find(NAME)
    bindings = (found.ports.get("5000/tcp") if found else None) or []
    if not bindings:
        raise LabError("The lab's registry has no port on the loopback; `fab lab.up` repairs it.")
    return f"127.0.0.1:{bindings[0]['HostPort']}"


def _silence() -> str | None:
    try:
        urllib.request.urlopen(f"http://{_loopback()}/v2/", timeout=5).close()
    except (OSError, LabError) as error:
        return str(error)
    return None


def _push(tag: str) -> None:
    client = engine.get()
    name, _, version = tag.partition(":")
    repository, version = f"{_loopback()}/{name}", version or "latest"
    client.images.get(tag).tag(repository, version)
    try:
        for event in client.images.push(repository, version, stream=True, decode=True):
            if "error" in event:
                raise LabError(f"Pushing {tag} failed: {event['error']}")
    finally:
        client.images.remove(f"{repository}:{version}")
