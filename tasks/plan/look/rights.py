"""Who may do what with nodes of ZooKeeper's tree."""

from collections.abc import Mapping
from typing import NamedTuple


class Right(NamedTuple):
    """One entry of an ACL: what is permitted to whom."""

    permissions: int
    scheme: str
    id: str


Rights = Mapping[str, tuple[Right, ...]]
"""The ACLs of nodes that are there, by their paths."""
