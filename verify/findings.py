"""What the suite says of something that is not as it should be: one line with where, seen, wanted, remedy."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NoReturn

import pytest

from tasks.inventory.cluster import Node
from tasks.inventory.printable import printable
from tasks.inventory.secret import redacted

REDO = "`fab plan` shows what differs, and whether `fab deploy-cluster` mends it"

LEAVE = "docs/members.md says how one leaves: Members that hosts.ini does not name"


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be; `where` has a host's name, several with commas, or a service's.

    What only a bug in the suite can raise has nothing but `seen`.
    """

    where: str
    seen: str
    wanted: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        return (
            f"{self.where}: {self.seen}; expected {self.wanted}; {self.remedy}" if self.where else self.seen
        )


class Refused(pytest.fail.Exception):  # type: ignore[misc, name-defined]
    """What a check fails with: its findings, which pytest prints a line each."""

    __module__, __qualname__ = "builtins", "Failed"  # so that pytest prints it as its own

    def __init__(self, found: Iterable[Finding]) -> None:
        self.findings = tuple(found)
        super().__init__(printable("\n".join(map(str, self.findings)), keep="\n"), pytrace=False)


def finding(where: str, seen: str, wanted: str, remedy: str) -> Finding:
    """Say where, what was seen, what was expected and what to do, whatever lines or secrets `seen` has."""
    return Finding(where, " ".join(redacted(seen).split()), redacted(wanted), remedy)


def refuse(found: Iterable[Finding]) -> None:
    """Fail with these findings; pass if there are none."""
    if every := list(found):
        # From nothing: what Python has raised on the way is told in the sentences already.
        raise Refused(every) from None


def fail(where: str, seen: str, wanted: str, remedy: str) -> NoReturn:
    """Fail with one finding."""
    raise Refused([finding(where, seen, wanted, remedy)]) from None


def require(true: object, where: str, seen: str, wanted: str, remedy: str) -> None:
    """Fail with one finding unless `true`."""
    if not true:
        fail(where, seen, wanted, remedy)


def each(nodes: Iterable[Node], check: Callable[[Node], Iterable[Finding]]) -> None:
    """Refuse what a check finds on any of the nodes."""
    refuse(found_on(nodes, check))


def found_on(nodes: Iterable[Node], check: Callable[[Node], Iterable[Finding]]) -> list[Finding]:
    """Return what a check finds on these nodes; one that cannot be asked is a finding, too."""
    found: list[Finding] = []
    for node in nodes:
        try:
            found += check(node)
        except pytest.fail.Exception as silent:
            found += findings_of(silent)
    return found


def findings_of(failure: BaseException) -> tuple[Finding, ...]:
    """Return the findings that a check failed with; what is no finding is one with nothing but its text."""
    return failure.findings if isinstance(failure, Refused) else (Finding("", str(failure)),)


def sentences(report: pytest.TestReport) -> Iterator[str]:
    """Yield a failure's findings; of an exception, which only a bug in the suite can raise, its last line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash and not crash.message.startswith("Failed: "):
        yield f"{crash.path}:{crash.lineno}: {crash.message.splitlines()[0]}"
    else:
        yield from (crash.message.removeprefix("Failed: ") if crash else report.longreprtext).splitlines()
