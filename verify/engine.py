"""A docker engine that does not tell what it is asked: it is down, or it hangs."""

from typing import NoReturn

from tasks.inventory.cluster import Node

from .findings import fail
from .reach import HANGS

HANGING: set[str] = set()
"""The hosts whose engines were waited for in vain."""


def refuse_again(node: Node) -> None:
    """Fail if a host's engine hung before: to wait for it once is enough."""
    if node.name in HANGING:
        refuse(node, HANGS, "")


def refuse(node: Node, words: str, seen: str) -> NoReturn:
    """Fail as the engine did not tell what it was asked, but these words."""
    if HANGS in words:
        HANGING.add(node.name)
        remedy = (
            "look at its log (journalctl -u docker); systemctl restart docker ends it, and its containers"
        )
        fail(node.name, f"the docker engine hangs: {HANGS}", "it to answer", f"{remedy} start again with it")
    fail(node.name, f"{seen} ({words})", "its engine to answer", "start it: systemctl start docker")
