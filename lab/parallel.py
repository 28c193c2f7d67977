"""Doing the same to several things at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Thing = TypeVar("Thing")
Result = TypeVar("Result")


def each(work: Callable[[Thing], Result], things: Iterable[Thing]) -> list[Result]:
    """Run `work` on every thing at once and return the results in order.

    All of them come to an end; then the first exception, if any, is raised.
    """
    with ThreadPoolExecutor(max_workers=16) as pool:
        return [future.result() for future in [pool.submit(work, thing) for thing in things]]
