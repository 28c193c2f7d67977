"""What an operator sees: a line per finished step as it happens, and the table at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from ..plan.names import Id
from .stopwatch import Stopwatch

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from .terminal import Terminal

STYLES = {
    "ok": "green",
    "changed": "yellow",
    "prepared": "cyan",
    "failed": "bold red",
    "interrupted": "bold red",
    "warning": "yellow",
    "error": "bold red",
}
QUIET = 15
"""Without a terminal, seconds after which work that goes on is mentioned again."""


@dataclass(frozen=True)
class Row:
    """One line of the closing table: what a host did; the id of the step and its reason, if it is of one.

    `began` is when, in seconds since the run did.
    """

    host: str
    step: str
    outcome: str
    seconds: float
    id: Id | None = None
    why: str = ""
    began: float = 0.0


@dataclass
class Work:
    """What a host is doing right now; `seen` is the last thing seen while it waits."""

    what: str
    id: Id | None = None
    why: str = ""
    seen: str = ""
    since: float = field(default_factory=time.monotonic)
    mentioned: float = field(default_factory=time.monotonic)


class Console:
    """Collects what happens on all hosts, from many threads, and shows it.

    With `json` it writes to standard error: standard output is for the document alone.
    """

    def __init__(self, json: bool = False) -> None:
        self._json = json
        self.rows: list[Row] = []
        self.looks: dict[str, float] = {}
        self.measured: list[str] = []
        self.spent = Stopwatch()
        self._working: dict[str, Work] = {}
        self._interrupted = False
        self._lock = Lock()
        self.began, self._started = time.time(), time.monotonic()

    @cached_property
    def terminal(self) -> Terminal:
        """What it writes to."""
        from .terminal import Terminal

        return Terminal(stderr=self._json)

    @contextmanager
    def live(self, shown: Callable[[], RenderableType] | None = None) -> Iterator[None]:
        """Show what every host is doing while the block runs, or what `shown` gives, which stays.

        Nothing moves without a terminal.
        """
        if not self.terminal.is_terminal:
            yield
            return
        from rich.live import Live

        with Live(
            get_renderable=shown or self.now,
            console=self.terminal,
            transient=shown is None,
            refresh_per_second=8,
        ):
            yield

    def say(self, text: str = "", style: str = "") -> None:
        """Print one line."""
        with self._lock:
            self.terminal.say((text, style))

    def begin(self, host: str, what: str, id: Id | None = None, why: str = "") -> None:
        """Note that `host` has begun `what`, the step `id` if it is one, and why."""
        with self._lock:
            if not self._interrupted:
                self._working[host] = Work(what, id, why)

    def alive(self, host: str, seen: str = "") -> None:
        """Note a sign of life, and what was seen; without a terminal, mention long work now and then."""
        with self._lock:
            work = self._working.get(host)
            if work and seen:
                work.seen = seen
            now = time.monotonic()
            if work and not self.terminal.is_terminal and now - work.mentioned >= QUIET:
                work.mentioned = now
                seen = f" ({work.seen})" if work.seen else ""
                self.terminal.say((f"{host}  {work.what} ... {now - work.since:.0f} s{seen}", ""))

    def end(self, host: str, outcome: str) -> None:
        """Note how the work of `host` ended, print it and keep it for the table."""
        with self._lock:
            work = self._working.pop(host, None)
            if work is None:  # it was interrupted
                return
            seconds, began = time.monotonic() - work.since, work.since - self._started
            row = Row(host, work.what, outcome, seconds, work.id, work.why, began)
            self.rows.append(row)
            took = f"  {row.seconds:.1f} s"
            self.terminal.say((f"{host}  {work.what}  ", ""), (outcome, STYLES[outcome]), (took, ""))

    def interrupt(self) -> None:
        """Note that whatever is under way is left behind; nothing is told of what its threads still do."""
        with self._lock:
            self._interrupted = True
        for host in list(self._working):
            self.end(host, "interrupted")

    @contextmanager
    def looking(self, host: str, what: str) -> Iterator[None]:
        """Note that `host` is looked at in the block; nothing is printed, only the seconds are kept."""
        self.begin(host, what)
        try:
            yield
        finally:
            with self._lock:
                if work := self._working.pop(host, None):
                    self.looks[host] = time.monotonic() - work.since

    def now(self) -> Table:
        """Give what every host is doing right now."""
        from .terminal import grid

        with self._lock:
            return grid(
                (host, work.what, f"{time.monotonic() - work.since:.0f} s", work.seen)
                for host, work in self._working.items()
            )

    def table(self, rows: Iterable[Row]) -> None:
        """Print the closing table (host, step, outcome, seconds), and what all the time was spent on.

        Hosts work at the same time, so the seconds of their rows are not the run's; the last line's are.
        """
        from .terminal import closing

        self.terminal.print(
            closing(
                (row.host, row.step, (row.outcome, STYLES[row.outcome]), f"{row.seconds:.1f}") for row in rows
            )
        )
        parts = self.spent.parts()
        told = ", ".join(f"{name} {seconds:.1f}" for name, seconds in parts.items())
        self.say(f"Time, in seconds: {told}; {sum(parts.values()):.1f} in all.")

    def show(self, what: RenderableType) -> None:
        """Print something that is more than a line."""
        with self._lock:
            self.terminal.print(what)

    def raise_if_lost(self) -> None:
        """Raise OutputLost if not all of it could be written; the run itself went on."""
        if self.terminal.lost:
            from . import output

            went_on = "The run went on to its end all the same: `fab status` shows what runs now."
            raise output.lost(self.terminal.lost, went_on if self.rows else "")

    @property
    def elapsed(self) -> float:
        """Seconds since this console was made."""
        return time.monotonic() - self._started
