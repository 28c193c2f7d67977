"""What chapter 1 wants of every host."""

from ...inventory.cluster import Cluster, Node
from ...inventory.doors import doors
from ..names import Id
from . import Firewall, Item, LoginCheck, ProfileLine


def wanted(cluster: Cluster, node: Node) -> tuple[Item, ...]:
    """Say what is wanted of `node`: that it knows its own address, and lets no strangers in."""
    own: tuple[Item, ...] = (ProfileLine(Id.SET_IP, node.address), LoginCheck(Id.CHECK_IP, node.address))
    if not cluster.settings.firewall:
        return own
    return (*own, Firewall(Id.FIREWALL, doors(cluster, node), cluster.settings.firewall_allow))


def profile_line(address: str) -> str:
    """Give the line for /etc/profile.

    It asks the interfaces as the published one does, but for this one address as a whole
    field, so that it yields `address` or nothing: never a neighbour, never two words.
    """
    return (
        "export HOST_IP=$(ip -o -4 addr show"
        f""" | awk '{{ split($4, a, "/"); if (a[1] == "{address}") {{ print a[1]; exit }} }}')"""
    )
