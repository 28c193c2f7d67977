"""Waiting for something to become true, never for time to pass."""

from __future__ import annotations

import time
from collections.abc import Callable

from .errors import LabError

_PAUSE = 0.1


def until(what: str, seconds: float, trouble: Callable[[], str | None]) -> None:
    """Ask `trouble()` until it answers None.

    It answers with what is still wrong otherwise; the last answer is in the error when
    `seconds` have passed. It is always asked at least once.
    """
    deadline = time.monotonic() + seconds
    while (seen := trouble()) is not None:
        if time.monotonic() >= deadline:
            raise LabError(f"Waited {seconds:g} s for {what}, in vain; last seen: {seen}.")
        time.sleep(_PAUSE)
