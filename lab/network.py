"""The lab's network: a bridge of our own with no way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import console, engine, guard, spec

if TYPE_CHECKING:
    from docker.models.networks import Network


def ensure() -> None:
    """Make the network unless it is there; refuse where it would hide a real one."""
    if find():
        return
    guard.refuse_foreign_network()
    _create()
    guard.require()
    console.say(f"network {spec.NETWORK}: made {spec.SUBNET} on {spec.BRIDGE}")


def find() -> Network | None:
    """Return the lab's network, or None."""
    found = engine.get().networks.list(names=[spec.NETWORK], filters={"label": spec.LABEL})
    return next((network for network in found if network.name == spec.NETWORK), None)


def remove() -> None:
    """Remove the network if it is there."""
    if network := find():
        network.remove()


def _create() -> None:
    from docker.types import IPAMConfig, IPAMPool

    engine.get().networks.create(
        spec.NETWORK,
        driver="bridge",
        internal=True,
        ipam=IPAMConfig(pool_configs=[IPAMPool(subnet=spec.SUBNET, gateway=spec.GATEWAY)]),
        options={"com.docker.network.bridge.name": spec.BRIDGE},
        labels=spec.LABELS,
    )
