"""Which changes of hosts.ini a refusal may advise: those with which a deploy would not be refused for it.

A change is tried on what was seen: it must remove the refusal and must not bring another one.
"""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from ...inventory.cluster import Cluster
from ...inventory.edits import Change, applied, whom

MOST_TRIED = 20
"""Changes that are tried in one run: where more is wrong than that, each first one leads on."""

MOST_TOLD = 2
"""Changes that one refusal names."""


OTHERWISE = "correct hosts.ini, which does not agree with what was seen"
"""What to do where only another hosts.ini helps, and none is known that would not be refused as well."""


class Refusal(Protocol):
    """A blocker of a plan, or a finding of the preflight."""

    @property
    def remedy(self) -> str:
        """What to do about it, beside a change of hosts.ini; "" if nothing else helps."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes of hosts.ini that may resolve it, the best one first."""

    @property
    def what(self) -> tuple[str, ...]:
        """What is refused, and why."""


Some = TypeVar("Some", bound=Refusal)
Told = tuple[str, Hashable]
"""A host, and what is refused there."""


def advised(
    cluster: Cluster,
    seen: Collection[str],
    found: Mapping[str, Sequence[Some]],
    again: Callable[[Cluster], Collection[Told]],
) -> dict[str, tuple[Some, ...]]:
    """Give the refusals, by host, with the changes that do resolve them.

    `seen` are the hosts of which anything is known, `again` tells what is refused with another cluster.
    """
    before = {(host, one.what) for host, those in found.items() for one in those}
    tried: dict[Change, Collection[Told] | None] = {}

    def works(change: Change, told: Told) -> bool:
        if change not in tried and len(tried) < MOST_TRIED:
            tried[change] = _refused(cluster, seen, change, again)
        after = tried.get(change)
        return after is not None and {*after} <= before - {told}

    return {
        host: tuple(
            _worded(one, tuple(c for c in one.changes if works(c, (host, one.what)))) for one in those
        )
        for host, those in found.items()
    }


def _refused(
    cluster: Cluster, seen: Collection[str], change: Change, again: Callable[[Cluster], Collection[Told]]
) -> Collection[Told] | None:
    """Give what is refused with a change; None if nobody can tell, or hosts.ini itself would be refused."""
    after = applied(cluster, change)
    if after is None or after == cluster or not whom(change, cluster) <= {*seen}:
        return None
    return again(after)


def _worded(one: Some, changes: tuple[Change, ...]) -> Some:
    told = changes[:MOST_TOLD]
    by_hand = one.remedy or ("" if told else OTHERWISE)
    remedy = "; or ".join([*map(str, told), *([by_hand] if by_hand else [])])
    return replace(one, remedy=remedy, changes=told)  # type: ignore[type-var]
