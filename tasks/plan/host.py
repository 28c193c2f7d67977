"""Chapter 1: every host knows its own address."""

from ..inventory.cluster import Cluster, Node
from .desired import Item, LoginCheck, ProfileLine
from .names import Id


def desired(cluster: Cluster, node: Node) -> tuple[Item, ...]:
    """Say what chapter 1 wants of `node`."""
    return (ProfileLine(Id.SET_IP, node.address), LoginCheck(Id.CHECK_IP, node.address))


def profile_line(address: str) -> str:
    """Give the line for /etc/profile.

    It asks the interfaces as the published one does, but for this one address as a whole
    field, so that it yields `address` or nothing: never a neighbour, never two words.
    """
    return (
        "export HOST_IP=$(ip -o -4 addr show"
        f""" | awk '{{ split($4, a, "/"); if (a[1] == "{address}") {{ print a[1]; exit }} }}')"""
    )
