"""What the operator sees while the lab works."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


_WIDE = 10_000
"""Columns of a reader that is no terminal."""

_clocks: list[str] = []  # a terminal shows one running clock at a time


@cache
def _console() -> Console:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    if not console.file.isatty():
        console.width = _WIDE
    return console


def _moves() -> bool:
    """Tell whether a clock can run: FORCE_COLOR has rich take a log of CI for a terminal, which it is not."""
    return _console().is_interactive and _console().file.isatty()


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is being done and, at the end, how long it took.

    On a terminal the clock runs while the work does; elsewhere there is one line at the
    start and one at the end.
    """
    began = time.monotonic()
    try:
        with _running(what):
            yield
    except BaseException:
        say(f"{what}: failed after {time.monotonic() - began:.1f} s")
        raise
    say(f"{what}: done in {time.monotonic() - began:.1f} s")


@contextmanager
def _running(what: str) -> Iterator[None]:
    if not _moves() or _clocks:
        say(f"{what} ...")
        yield
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=_console(), transient=True) as progress:
        progress.add_task(what, total=None)
        _clocks.append(what)
        try:
            yield
        finally:
            _clocks.pop()


def say(line: str) -> None:
    """Print one line, as it is but for what a terminal would act upon."""
    from tasks.inventory.printable import printable

    _console().print(printable(line, keep="\n\t"))


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a plain table, into a file or a pipe with one line for each row."""
    from rich.table import Table

    from tasks.inventory.printable import printable

    grid = Table(*headings, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for row in rows:
        grid.add_row(*map(printable, row))
    _console().print(grid)
