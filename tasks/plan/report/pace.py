"""How long steps usually take, by the records of earlier runs, and what is slow beside that."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .record import Record

RUNS = 5
"""Of so many runs, the last ones, it is told how long a step usually takes."""

WHOLE = ("changed", "prepared", "ok")
"""The outcomes of what took as long as it takes: nothing has failed or was cut short."""


def usual(records: "Iterable[Record]") -> dict[str, float]:
    """Give the seconds that each step or wait usually took, by what it is called; the middle of all hosts."""
    took: dict[str, list[float]] = {}
    for one in (one for record in records for one in record.done if one.outcome in WHOLE):
        took.setdefault(one.what, []).append(one.end - one.start)
    return {what: middle(seconds) for what, seconds in took.items()}


def middle(seconds: Iterable[float]) -> float:
    """Give the one that as many are shorter than as are longer; of two in the middle, the shorter one."""
    ordered = sorted(seconds)
    return ordered[(len(ordered) - 1) // 2]


def is_slow(seconds: float, usual: float) -> bool:
    """Tell whether something takes so much longer than usual that a person should know."""
    return seconds > 2 * usual + 1


def told(seconds: float) -> str:
    """Say how long something takes, in as many digits as one can read while it goes on."""
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
