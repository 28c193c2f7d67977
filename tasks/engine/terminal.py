"""What is shown, as rich lays it out. Imported by whoever shows something, while hosts are dialled."""

from collections.abc import Iterable

import rich.console
from rich.table import Table
from rich.text import Text

ENDLESS = 10_000
"""The width of what is no terminal: a program that reads a table wants a row on one line."""

Piece = tuple[str, str]
"""A text and its style."""


class Terminal(rich.console.Console):
    """A terminal that leaves it to us what happens when its reader goes away; rich would exit with 1."""

    def __init__(self, stderr: bool) -> None:
        super().__init__(highlight=False, soft_wrap=True, stderr=stderr)
        if not self.is_terminal:
            self.width = ENDLESS

    def on_broken_pipe(self) -> None:
        """Raise BrokenPipeError, as any other write does."""
        raise BrokenPipeError

    def say(self, *pieces: Piece) -> None:
        """Print one line."""
        self.print(Text.assemble(*pieces))


def closing(rows: Iterable[tuple[str, str, Piece, str]]) -> Table:
    """Lay out the closing table: host, step, outcome, seconds."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("host", "step", "outcome"):
        table.add_column(title)
    table.add_column("seconds", justify="right")
    for host, step, outcome, seconds in rows:
        table.add_row(host, step, Text(*outcome), seconds)
    return table


def grid(rows: Iterable[tuple[str, ...]]) -> Table:
    """Lay out rows without lines and titles."""
    table = Table.grid(padding=(0, 2))
    for row in rows:
        table.add_row(*row)
    return table
