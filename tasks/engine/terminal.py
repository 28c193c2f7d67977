"""What is shown, as rich lays it out. Imported by whoever shows something, while hosts are dialled.

Nothing else makes texts and tables for rich: what is in them comes from hosts, too, and may try anything.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import rich.console
from rich.table import Table
from rich.text import Text

from ..inventory.printable import printable
from .output import silence

ENDLESS = 10_000
"""The width of what is no terminal: a program that reads a table wants a row on one line."""

Piece = tuple[str, str]
"""A text and its style."""


class Terminal(rich.console.Console):
    """A terminal that ends no run: when it cannot be written any more, it is silent, and `lost` says why."""

    lost: OSError | None = None

    def __init__(self, stderr: bool) -> None:
        super().__init__(highlight=False, soft_wrap=True, stderr=stderr)
        if not self.is_terminal:
            self.width = ENDLESS

    def on_broken_pipe(self) -> None:
        """Raise what was raised, as any other write does; rich itself would exit with 1."""
        raise

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as rich does, but raise nothing when it cannot be written."""
        try:
            super().print(*objects, **options)
        except OSError as error:
            self.lost = self.lost or error
            silence(self.file)

    def say(self, *pieces: Piece) -> None:
        """Print one line."""
        self.print(Text.assemble(*(text(*piece) for piece in pieces)))


def text(words: str, style: str = "") -> Text:
    """Give words as rich shows them: without markup, and without what a terminal would act upon."""
    return Text(printable(words, keep="\n"), style)


def closing(rows: Iterable[tuple[str, str, Piece, str]]) -> Table:
    """Lay out the closing table: host, step, outcome, seconds."""
    shown = table(("host", "step", "outcome"), overflow="ellipsis")
    shown.add_column("seconds", justify="right")
    for host, step, outcome, seconds in rows:
        shown.add_row(text(host), text(step), text(*outcome), text(seconds))
    return shown


def table(
    titles: Sequence[str],
    rows: Iterable[Sequence[Piece]] = (),
    overflow: Literal["fold", "ellipsis"] = "fold",
) -> Table:
    """Lay out rows below their titles."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        shown.add_column(title, overflow=overflow)
    for row in rows:
        shown.add_row(*(text(*cell) for cell in row))
    return shown


def grid(rows: Iterable[tuple[str, ...]]) -> Table:
    """Lay out rows without lines and titles."""
    shown = Table.grid(padding=(0, 2))
    for row in rows:
        shown.add_row(*map(text, row))
    return shown
