"""The closing table of a run: hosts with the same outcome share a line; who was slow has its own."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from ..words import crowd, names
from .pace import WHOLE, is_slow, middle

NUMBER = re.compile(r"(?<=[a-z]-)\d+\b|(?<= )\d+$")
"""The number in a container's name, or a myid: they differ from host to host."""

MOST = 6
"""From so many others on, containers are not named by their numbers any more."""


Outcome = Literal["ok", "changed", "prepared", "failed", "interrupted"]
"""How a step or a wait ended; `prepared` is what leaves everything that runs as it was."""


class Told(Protocol):
    """What a host did."""

    @property
    def host(self) -> str:
        """Its name."""

    @property
    def step(self) -> str:
        """The step by id and title, or what it waited for."""

    @property
    def outcome(self) -> Outcome:
        """How that ended."""

    @property
    def seconds(self) -> float:
        """How long it took."""


@dataclass(frozen=True)
class ClosingLine:
    """What some hosts did alike; `seconds` is one figure, or the shortest and the longest."""

    hosts: str
    step: str
    outcome: Outcome
    seconds: str


def lines(rows: Iterable[Told]) -> list[ClosingLine]:
    """Give the lines of the table, each where the first of its rows would stand."""
    alike: dict[tuple[str, str], list[Told]] = {}
    for row in rows:
        alike.setdefault((NUMBER.sub("N", row.step), row.outcome), []).append(row)
    return [line for those in alike.values() for line in _lines(those)]


def _lines(rows: list[Told]) -> Iterator[ClosingLine]:
    usual = middle(row.seconds for row in rows)
    slow = [row for row in rows if is_slow(row.seconds, usual)]
    yield _line([row for row in rows if row not in slow])
    yield from (_line([row]) for row in slow)


def _line(rows: list[Told]) -> ClosingLine:
    hosts, outcome = dict.fromkeys(row.host for row in rows), rows[0].outcome
    told = [f"{seconds(row.seconds for row in rows):.1f}" for seconds in (min, max)]
    return ClosingLine(
        crowd(hosts) if outcome in WHOLE else names(hosts),
        together(dict.fromkeys(row.step for row in rows)),
        outcome,
        "-".join(dict.fromkeys(told)),
    )


def together(steps: Iterable[str]) -> str:
    """Say steps in one that differ by their containers' numbers: `run marathon-1, -2`."""
    first, *others = steps
    if len(others) >= MOST:
        return NUMBER.sub("N", first)
    words = zip(first.split(" "), *(step.split(" ") for step in others), strict=True)
    return " ".join(_word(list(dict.fromkeys(those))) for those in words)


def _word(those: list[str]) -> str:
    first, *others = those
    number = NUMBER.search(first)
    start = number.start() - 1 if number else 0
    return ", ".join([first, *(each[start:] for each in others)])
