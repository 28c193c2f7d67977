"""Where services listen while hosts.ini has other ports for them than their containers by now."""

import re
from collections.abc import Mapping
from dataclasses import replace

from ...inventory.cluster import Cluster, Node
from ..compare.ports import SETTINGS
from ..look.observed import Observed
from ..runbook import CHAPTERS, containers

PORT = re.compile("[0-9]{1,5}")


def as_it_runs(cluster: Cluster, seen: Mapping[str, Observed]) -> Cluster:
    """Give the cluster with the ports that running containers have; the same one if it has these."""
    nodes = tuple(
        _as_it_runs(cluster, node, seen[node.name]) if node.name in seen else node for node in cluster.nodes
    )
    return cluster if nodes == cluster.nodes else replace(cluster, nodes=nodes, raw=None)


def _as_it_runs(cluster: Cluster, node: Node, seen: Observed) -> Node:
    ports: dict[str, int] = {}
    for wanted in containers(CHAPTERS, cluster, node):
        made = seen.container(wanted.name)
        told = made.labels.get("mesofab.ports", "").split(",")
        if made.runs and len(told) == len(wanted.ports) and all(map(PORT.fullmatch, told)):
            ports |= zip(SETTINGS[wanted.role], map(int, told), strict=True)
    return replace(node, settings=replace(node.settings, **ports))
