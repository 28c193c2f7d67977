"""The course of a run as a picture: what hosts did and where services had gaps, on one axis of time.

Pure functions from a record to places. Texts have the room that they take in the widest usual fonts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pages.texts import MARGIN, WIDTH, Label, shortened, text_width

from ..words import counted
from .bars import BAR, GUTTER, LANE, NEAR, RIGHT, SIGNS, Axis, Bar, Span, captions, lanes
from .folds import Fold, folds
from .record import Done, Fared, Record

HEAD, SPACE, HEADING = 38.0, 7.0, 30.0
"""How high the axis is with its numbers, what is between two rows, and a heading between them."""

TICKS, FEW = 10, 6
"""So many numbers has the axis at most, and that of a run of days."""

STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800)
"""Seconds between two numbers of the axis, of which the first is taken that makes few of them."""


@dataclass(frozen=True)
class Drawn:
    """A bar in its place; `kind` is what came of it, or `gap`; `ill` leads to how the run ended."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    says: str
    caption: Label | None

    @property
    def ill(self) -> bool:
        """Tell whether it is why the run ended as it did, maybe."""
        return self.kind in SIGNS


@dataclass(frozen=True)
class Row:
    """A host, hosts or a service; `says` is for whoever does not see it."""

    y: float
    height: float
    says: str
    labels: tuple[Label, ...]
    bars: tuple[Drawn, ...]


@dataclass(frozen=True)
class Chart:
    """The whole picture; `ticks` are numbers of the axis with the place of each."""

    height: float
    ticks: tuple[tuple[float, Label], ...]
    headings: tuple[Label, ...]
    rows: tuple[Row, ...]
    top: float = HEAD
    left: float = MARGIN
    right: float = RIGHT
    width: float = WIDTH


def chart(record: Record) -> Chart:
    """Give the picture of a run."""
    axis = Axis(max(record.seconds, 0.001))
    headings, rows = [Label(MARGIN, HEAD - 14, "Hosts", "lane")], []
    end = HEAD + SPACE
    for fold in folds(record):
        rows.append(_host(fold, axis, end))
        end += rows[-1].height + SPACE
    if record.services:
        headings.append(Label(MARGIN, end + 20, "Gaps", "lane"))
        end += HEADING
    for fared in record.services:
        rows.append(_service(fared, axis, end))
        end += rows[-1].height + SPACE
    return Chart(end + MARGIN - SPACE, tuple(_ticks(axis)), tuple(headings), tuple(rows))


def _host(fold: Fold, axis: Axis, y: float) -> Row:
    """Draw hosts; of one alone all is in one lane, of many each step has bars of its own."""
    alone = len(fold.hosts) == 1
    items: dict[str, list[Span]] = {}
    for one in fold.done:
        items.setdefault("" if alone else one.what, []).append(_span(one))
    found = lanes(axis, items.values(), 0.0 if alone else NEAR)
    room = GUTTER - MARGIN - 12
    labels = [Label(MARGIN, y + 14, shortened(fold.name, "name", room), "name")]
    if not alone:
        ends = shortened(f"{fold.hosts[0]} … {fold.hosts[-1]}", "address", room)
        labels.append(Label(MARGIN, y + 14 + BAR, ends, "address"))
    ill = [one for one in fold.done if one.outcome in SIGNS]
    spent = f"from {min(one.start for one in fold.done):.1f} to {max(one.end for one in fold.done):.1f} s"
    wrong = f", {ill[0].what} {ill[0].outcome}" if ill else ""
    says = f"{fold.name}: {counted(len(fold.done), 'step')} and waits {spent}{wrong}"
    height = LANE * max(len(found), len(labels)) - LANE + BAR
    return Row(y, height, says, tuple(labels), tuple(_drawn(found, y)))


def _span(one: Done) -> Span:
    return Span(one.host, one.what, one.id, one.outcome, one.start, one.end)


def _service(fared: Fared, axis: Axis, y: float) -> Row:
    spans = [
        Span("", f"{gap.seconds:.1f} s", f"{gap.seconds:.1f} s", "gap", gap.at, gap.at + gap.seconds)
        for gap in fared.gaps
    ]
    found = lanes(axis, [spans])
    labels = [Label(MARGIN, y + 14, shortened(fared.service, "name", GUTTER - MARGIN - 12), "name")]
    if not spans:
        told = "no gap" if fared.measured else "not measured: nobody answered when the change began"
        labels.append(Label(GUTTER + 4, y + 13, told, "part"))
    gaps = f"{counted(len(spans), 'gap')}, the longest {fared.longest:.1f} s" if spans else labels[-1].text
    return Row(y, BAR, f"{fared.service}: {gaps}", tuple(labels), tuple(_drawn(found, y)))


def _drawn(found: Sequence[Sequence[Bar]], y: float) -> Iterator[Drawn]:
    for number, lane in enumerate(found):
        top = y + LANE * number
        for bar, caption in zip(lane, captions(lane, top + 13), strict=True):
            kind, width = bar.first.outcome, bar.right - bar.left
            yield Drawn(bar.left, top, width, BAR, kind, bar.says, caption)


def _ticks(axis: Axis) -> Iterator[tuple[float, Label]]:
    """Yield the numbers of the axis; the last one stays inside of the picture."""
    step = next((each for each in STEPS if axis.seconds / each <= TICKS), axis.seconds / FEW)
    for number in range(int(axis.seconds / step) + 1):
        place, text = axis.at(number * step), _moment(number * step, step)
        width = text_width(text, "address")
        yield place, Label(min(place - width / 2, WIDTH - 4 - width), HEAD - 14, text, "address")


def _moment(seconds: float, step: float) -> str:
    if step < 60:
        return f"{round(seconds, 1):g} s"
    return f"{seconds / 60:g} min" if step < 3600 else f"{seconds / 3600:.3g} h"
