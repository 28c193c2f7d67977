"""Where the time of a run goes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident


class Stopwatch:
    """Counts all the time of a run, always for the innermost part that the thread which made this is in."""

    REST = "the rest"

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._owner = clock, get_ident()
        self._spent: dict[str, float] = {}
        self._stack, self._since = [self.REST], clock()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count the time of the block for `name`; of other threads nothing is counted."""
        if get_ident() != self._owner:
            yield
            return
        self._count()
        self._stack.append(name)
        try:
            yield
        finally:
            self._count()
            self._stack.pop()

    def parts(self) -> dict[str, float]:
        """Give the seconds of every part so far, those of the rest last; together they are all."""
        self._count()
        return {name: self._spent[name] for name in sorted(self._spent, key=self.REST.__eq__)}

    def _count(self) -> None:
        now = self._clock()
        name = self._stack[-1]
        self._spent[name] = self._spent.get(name, 0.0) + now - self._since
        self._since = now
