"""What an operator sees: a line per finished step, what every host is at meanwhile, the table at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from threading import Lock
from typing import TYPE_CHECKING

from ..plan.names import Id
from .stopwatch import Stopwatch

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..plan.report.closing import Outcome
    from ..plan.report.last_words import Progress
    from .terminal import Meaning, Terminal

QUIET = 15
"""Without a terminal, seconds after which work that goes on is mentioned again."""


@dataclass(frozen=True)
class Row:
    """One line of the closing table: what a host did; the id of the step and its reason, if it is of one.

    `began` is when, in seconds since the run did.
    """

    host: str
    step: str
    outcome: Outcome
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

    Nothing is printed while its lock is held: whoever prints waits for who draws, and who draws takes it.

    With `json` it writes to standard error: standard output is for the document alone. `usual` looks up the
    seconds that steps usually take, when the first of them has begun.
    """

    def __init__(self, json: bool = False, usual: Callable[[], Mapping[str, float]] = dict) -> None:
        self._json, self._usual = json, cache(usual)
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
    def live(self, shown: Callable[[], RenderableType] | None = None, stays: bool = False) -> Iterator[None]:
        """Draw what is `shown`, by default what every host is at, again and again while the block runs.

        At its end it goes, unless it `stays`. Nothing is drawn where what was written cannot be drawn over.
        """
        if not self.terminal.moves:
            yield
            return
        from rich.live import Live

        from .terminal import Within

        draw = shown or self.now
        with Live(
            get_renderable=lambda: Within(draw()),
            console=self.terminal,
            transient=not stays,
            refresh_per_second=8,
        ):
            yield

    def say(self, text: str = "", meaning: Meaning = "") -> None:
        """Print one line."""
        self.terminal.say((text, meaning))

    def begin(self, host: str, what: str, id: Id | None = None, why: str = "") -> None:
        """Note that `host` has begun `what`, the step `id` if it is one, and why."""
        with self._lock:
            if not self._interrupted:
                self._working[host] = Work(what, id, why)

    def alive(self, host: str, seen: str = "") -> None:
        """Note a sign of life, and what was seen; where nothing is drawn, mention long work now and then."""
        with self._lock:
            work = self._working.get(host)
            if work is None:
                return
            now, work.seen = time.monotonic(), seen or work.seen
            if self.terminal.moves or now - work.mentioned < QUIET:
                return
            work.mentioned = now
        self.terminal.say((self._mention(host, work, now - work.since), ""))

    def _mention(self, host: str, work: Work, seconds: float) -> str:
        usual = self._usual().get(work.what) if work.id else None
        known = f", usually {usual:.0f} s" if usual is not None else ""
        return f"{host}  {work.what} ... {seconds:.0f} s{known}{f' ({work.seen})' if work.seen else ''}"

    def end(self, host: str, outcome: Outcome) -> None:
        """Note how the work of `host` ended, print it and keep it for the table."""
        with self._lock:
            work = self._working.pop(host, None)
            if work is None:  # it was interrupted
                return
            seconds, began = time.monotonic() - work.since, work.since - self._started
            self.rows.append(Row(host, work.what, outcome, seconds, work.id, work.why, began))
        self.terminal.say((f"{host}  {work.what}  ", ""), (outcome, outcome), (f"  {seconds:.1f} s", ""))

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

    def now(self, progress: Progress | None = None) -> RenderableType:
        """Give what every host is at, and if the run's progress is given, what the others wait for."""
        from ..plan.report import going
        from ..plan.report.last_words import Progress
        from .terminal import view

        with self._lock:
            now, working = time.monotonic(), dict(self._working)
        busy = [going.Busy(host, work.what, now - work.since, work.seen) for host, work in working.items()]
        usual = self._usual() if any(work.id for work in working.values()) else {}
        progress = progress or Progress()
        room = self.terminal.height - 2  # for the total, and the line of the cursor
        return view(going.lines(busy, usual, progress, room), going.total(progress))

    def table(self, rows: Iterable[Row]) -> None:
        """Print the closing table, and what all the time was spent on.

        Hosts work at the same time, so the seconds of their rows are not the run's; the last line's are.
        """
        from ..plan.report import closing
        from .terminal import closing_table

        self.terminal.print(closing_table(closing.lines(rows)))
        parts = self.spent.parts()
        told = ", ".join(f"{name} {seconds:.1f}" for name, seconds in parts.items())
        self.say(f"Time, in seconds: {told}; {sum(parts.values()):.1f} in all.")

    def show(self, what: RenderableType) -> None:
        """Print something that is more than a line."""
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
