"""Hosts that took the same course told together, so that two hundred are read as easily as three."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from ..words import counted
from .record import Done, Record

MOST = 24
"""So many hosts are told one by one; of more, those together that are alike."""

OUTCOMES = ("failed", "interrupted", "changed", "prepared", "ok")
"""What can come of what a host does, the worst first."""


@dataclass(frozen=True)
class Fold:
    """Hosts that are told together, or one alone, and all that they did."""

    hosts: tuple[str, ...]
    done: tuple[Done, ...]

    @property
    def name(self) -> str:
        """What it is called."""
        return self.hosts[0] if len(self.hosts) == 1 else counted(len(self.hosts), "host")

    @property
    def outcome(self) -> str:
        """The worst that came of anything."""
        return worst(self.done)


def worst(done: Sequence[Done]) -> str:
    """Give the worst outcome of these; one that nobody knows is as good as `ok`."""
    came = {one.outcome for one in done}
    return next((each for each in OUTCOMES if each in came), OUTCOMES[-1])


def folds(record: Record) -> tuple[Fold, ...]:
    """Give the hosts of a run that did anything: each by itself, or those together that are alike.

    Alike are first those that did the same with the same outcomes, and if these are still too many, those
    with the same worst outcome.
    """
    busy: dict[str, list[Done]] = {}
    for host in record.hosts:
        busy[host] = []
    for one in record.done:
        busy.setdefault(one.host, []).append(one)
    busy = {host: done for host, done in busy.items() if done}
    found: dict[Hashable, list[str]] = {}
    for key in KEYS:
        found = {}
        for host, done in busy.items():
            found.setdefault(key(host, done), []).append(host)
        if len(found) <= MOST:
            break
    return tuple(
        Fold(tuple(hosts), tuple(one for host in hosts for one in busy[host])) for hosts in found.values()
    )


def idle(record: Record) -> tuple[str, ...]:
    """Give the hosts of a run that did nothing."""
    busy = {one.host for one in record.done}
    return tuple(host for host in record.hosts if host not in busy)


def _itself(host: str, done: Sequence[Done]) -> Hashable:
    return host


def _course(host: str, done: Sequence[Done]) -> Hashable:
    return tuple((one.what, one.outcome) for one in done)


def _worst(host: str, done: Sequence[Done]) -> Hashable:
    return worst(done)


KEYS: tuple[Callable[[str, Sequence[Done]], Hashable], ...] = (_itself, _course, _worst)
"""What is the same of hosts that are told together; each makes fewer of them than the one before."""
