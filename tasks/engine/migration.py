"""Ask ZooKeeper whether a migration of Marathon's state was cut short, where its version is to change."""

from collections.abc import Mapping
from dataclasses import replace

from ..errors import NoTree
from ..plan.look.observed import Observed
from ..plan.marathon import handover
from .hosts import Hosts


def asked(hosts: Hosts, seen: Mapping[str, Observed]) -> dict[str, Observed]:
    """Give what was seen, and whether a migration is under way if that matters and nobody has asked yet.

    It is a session with ZooKeeper, through the first host concerned. Where none can be had, that is told.
    """
    changing = handover.changing(hosts.cluster, seen)
    node = next((node for node in hosts.nodes if node.name in changing), None)
    if node is None or any(each.migrating is not None for each in seen.values()):
        return dict(seen)
    try:
        with hosts.tree(node) as tree:
            found = next(tree.listed([handover.under_way(hosts.cluster)])) is not None
    except NoTree as error:
        told = f"{node.name}  ZooKeeper does not tell whether a migration of Marathon was cut short: {error}."
        hosts.console.say(told, "warning")
        return dict(seen)
    return {**seen, node.name: replace(seen[node.name], migrating=found)}
