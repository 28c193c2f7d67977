"""What is shown, as rich lays it out. Imported by whoever shows something, while hosts are dialled.

Nothing else makes texts and tables for rich: what is in them comes from hosts, too, and may try anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import rich.console
from rich.console import ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from ..inventory.printable import printable
from .output import silence

if TYPE_CHECKING:
    from ..plan.report import closing, going

ENDLESS = 10_000
"""The width of what is no terminal: a program that reads a table wants a row on one line."""

Meaning = (
    Literal["", "ok", "changed", "prepared", "failed", "interrupted"]
    | Literal["drift", "degraded", "unreachable", "warning", "error", "late", "aside"]
)
"""What a text means: that alone gives it its colour."""

GOOD, DONE, LOOK, BAD, ASIDE = "green", "cyan", "yellow", "bold red", "dim"

STYLES: Mapping[Meaning, str] = {
    "": "",
    "ok": GOOD,
    "changed": DONE,
    "prepared": DONE,
    "drift": LOOK,
    "warning": LOOK,
    "late": LOOK,
    "failed": BAD,
    "interrupted": BAD,
    "degraded": BAD,
    "unreachable": BAD,
    "error": BAD,
    "aside": ASIDE,
}
"""As it should be, done by this run, worth a look, wrong, an aside. No other place names a colour."""

Piece = tuple[str, Meaning]
"""A text and what it means."""


class Terminal(rich.console.Console):
    """A terminal that ends no run: when it cannot be written any more, it is silent, and `lost` says why."""

    lost: OSError | None = None

    def __init__(self, stderr: bool) -> None:
        super().__init__(highlight=False, soft_wrap=True, stderr=stderr)
        if not self.file.isatty():
            self.width = ENDLESS

    @property
    def moves(self) -> bool:
        """Tell whether what was written can be drawn over.

        Not in a file or a pipe, though FORCE_COLOR and its like have rich take them for a terminal, as CI
        does for its logs; and not on a dumb terminal.
        """
        return self.is_interactive and self.file.isatty()

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


class Within:
    """What is drawn over again: it is folded to the width, else nobody could tell how high it is."""

    def __init__(self, what: RenderableType) -> None:
        self.what = what

    def __rich_console__(self, console: rich.console.Console, options: ConsoleOptions) -> RenderResult:
        """Render it for rich."""
        yield from console.render(self.what, options.update(no_wrap=False, overflow="fold"))


def text(words: str, meaning: Meaning = "") -> Text:
    """Give words as rich shows them: without markup, and without what a terminal would act upon."""
    return Text(printable(words, keep="\n"), STYLES[meaning])


def closing_table(lines: Iterable[closing.ClosingLine]) -> Table:
    """Lay out the closing table: hosts, step, outcome, seconds."""
    shown = table(("host", "step"))
    shown.add_column("outcome", no_wrap=True)
    shown.add_column("seconds", justify="right", no_wrap=True)
    for line in lines:
        outcome = text(line.outcome, line.outcome)
        shown.add_row(text(line.hosts), text(line.step), outcome, text(line.seconds))
    return shown


def view(lines: Iterable[going.GoingLine], total: str) -> Group:
    """Lay out how far a run is, each line of it in one."""
    shown = Table.grid(padding=(0, 2))
    for line in lines:
        cells = text(line.hosts), text(line.what), text(line.time, "late" if line.late else "")
        shown.add_row(*map(_in_one_line, (*cells, text(line.seen, "aside"))))
    return Group(shown, *([text(total, "aside")] if total else []))


def _in_one_line(cell: Text) -> Text:
    cell.no_wrap, cell.overflow = True, "ellipsis"
    return cell


def table(titles: Sequence[str], rows: Iterable[Sequence[Piece]] = ()) -> Table:
    """Lay out rows below their titles."""
    shown = Table(box=None, pad_edge=False)
    for title in titles:
        shown.add_column(title, overflow="fold")
    for row in rows:
        shown.add_row(*(text(*cell) for cell in row))
    return shown
