"""Ask ZooKeeper who may change the masters' tree, where that is to change or has changed."""

from collections.abc import Mapping
from dataclasses import replace

from ..errors import NoTree
from ..plan.look.observed import Observed
from ..plan.zookeeper import closing
from ..plan.zookeeper.desired import CONTAINER
from .hosts import Hosts


def asked(hosts: Hosts, seen: Mapping[str, Observed]) -> dict[str, Observed]:
    """Give what was seen, and the rights of the tree, as the first host finds them that was looked at.

    Where no ZooKeeper runs yet nobody is asked; where none can be had, that is told.
    """
    node = next((node for node in hosts.nodes if node.name in seen), None)
    if node is None or not any(each.container(CONTAINER).runs for each in seen.values()):
        return dict(seen)
    try:
        with hosts.tree(node) as tree:
            rights = tree.rights(closing.paths(hosts.cluster))
    except NoTree as error:
        told = f"{node.name}  ZooKeeper does not tell who may change the masters' tree: {error}."
        hosts.console.say(told, "warning")
        return dict(seen)
    return {**seen, node.name: replace(seen[node.name], rights=rights)}
