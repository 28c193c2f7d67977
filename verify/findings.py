"""What the suite says of something that is not as it should be: one line with where, seen, wanted, remedy."""

from collections.abc import Callable, Iterable
from typing import NoReturn

import pytest

from tasks.inventory.cluster import Node
from tasks.inventory.printable import printable
from tasks.inventory.secret import redacted

REDO = "`fab plan` shows what differs, and whether `fab deploy-cluster` mends it"

LEAVE = "docs/members.md says how one leaves: Members that hosts.ini does not name"


def finding(where: str, seen: str, wanted: str, remedy: str) -> str:
    """Say where, what was seen, what was expected and what to do, whatever lines or secrets `seen` has."""
    return f"{where}: {' '.join(redacted(seen).split())}; expected {redacted(wanted)}; {remedy}"


def refuse(found: Iterable[str]) -> None:
    """Fail with these findings, a line each; pass if there are none."""
    if lines := list(found):
        _fail("\n".join(lines))


def fail(where: str, seen: str, wanted: str, remedy: str) -> NoReturn:
    """Fail with one finding."""
    _fail(finding(where, seen, wanted, remedy))


def _fail(text: str) -> NoReturn:
    # From nothing: what Python has raised on the way is told in the sentence already.
    raise pytest.fail.Exception(printable(text, keep="\n"), pytrace=False) from None


def require(true: object, where: str, seen: str, wanted: str, remedy: str) -> None:
    """Fail with one finding unless `true`."""
    if not true:
        fail(where, seen, wanted, remedy)


def each(nodes: Iterable[Node], check: Callable[[Node], Iterable[str]]) -> None:
    """Refuse what a check finds on any of the nodes."""
    refuse(found_on(nodes, check))


def found_on(nodes: Iterable[Node], check: Callable[[Node], Iterable[str]]) -> list[str]:
    """Return what a check finds on these nodes; one that cannot be asked is a finding, too."""
    found: list[str] = []
    for node in nodes:
        try:
            found += check(node)
        except pytest.fail.Exception as silent:
            found.append(str(silent))
    return found
