"""Where services listen while hosts.ini has other ports for them than their containers by now."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from ...inventory.cluster import Cluster, Node
from ..desired import Container
from ..look.observed import Observed
from .ports import SETTINGS

PORT = re.compile("[0-9]{1,5}")

Wanted = Callable[[Node], Iterable[Container]]
"""Gives the containers that are wanted on a host."""


def as_it_runs(cluster: Cluster, seen: Mapping[str, Observed], wanted: Wanted) -> Cluster:
    """Give the cluster with the ports that running containers have; the same one if it has these."""
    nodes = tuple(
        _as_it_runs(node, seen[node.name], wanted(node)) if node.name in seen else node
        for node in cluster.nodes
    )
    return cluster if nodes == cluster.nodes else replace(cluster, nodes=nodes, raw=None)


def _as_it_runs(node: Node, seen: Observed, wanted: Iterable[Container]) -> Node:
    ports: dict[str, Any] = {}
    for one in wanted:
        made = seen.container(one.name)
        told = made.labels.get("mesofab.ports", "").split(",")
        if made.runs and len(told) == len(one.ports) and all(map(PORT.fullmatch, told)):
            ports |= zip(SETTINGS[one.role], map(int, told), strict=True)
    return replace(node, settings=replace(node.settings, **ports))
