"""Bars on an axis of time, in lanes in which no two overlap, with captions where there is room for them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from pages.texts import MARGIN, WIDTH, Label, text_width

from ..words import counted

GUTTER = 200.0
"""Units on the left in which rows have their names."""

RIGHT = float(WIDTH - MARGIN)
"""Where time ends."""

LANE, BAR = 22.0, 18.0
"""How high a lane is, and the bars in it."""

LEAST = 1.5
"""No bar is narrower: what is shorter would not be seen."""

LANES = 8
"""So many lanes has a row at most."""

NEAR = 8.0
"""What many hosts did one after the other is one bar if no more is between: stripes could not be read."""

SAID = 6
"""Of so many things a bar says each that it stands for."""

SIGNS = {"failed": "✗ ", "interrupted": "○ "}
"""They tell outcomes to whoever sees no colours."""


@dataclass(frozen=True)
class Axis:
    """So many seconds from left to right; what lies before or behind is at its ends."""

    seconds: float

    def at(self, moment: float) -> float:
        """Give the place of a moment."""
        share = min(max(moment / self.seconds, 0.0), 1.0)
        return GUTTER + share * (RIGHT - GUTTER)


@dataclass(frozen=True)
class Span:
    """What a host did, or a gap: from when to when, in seconds; `short` is what fits where room is scarce."""

    host: str
    what: str
    short: str
    outcome: str
    start: float
    end: float


@dataclass(frozen=True)
class Bar:
    """Spans that are drawn as one since they overlap, or since one alone would not be seen."""

    left: float
    right: float
    spans: tuple[Span, ...]

    @property
    def first(self) -> Span:
        """What it is called by: the longest of what is not well, else of all."""
        ill = [span for span in self.spans if span.outcome in SIGNS]
        return max(ill or self.spans, key=lambda span: span.end - span.start)

    @property
    def captions(self) -> tuple[str, ...]:
        """What may stand in it or beside it, long forms before short ones."""
        sign, hosts = SIGNS.get(self.first.outcome, ""), len({span.host for span in self.spans})
        many = [f"{sign}{self.first.what} ({counted(hosts, 'host')})"] if hosts > 1 else []
        return *many, f"{sign}{self.first.what}", f"{sign}{self.first.short}"

    @property
    def says(self) -> str:
        """What it stands for."""
        alike: dict[tuple[str, str], list[Span]] = {}
        for span in self.spans:
            alike.setdefault((span.what, span.outcome), []).append(span)
        said = [_said(*key, spans) for key, spans in alike.items()]
        more = [f"and {len(said) - SAID} more"] if len(said) > SAID else []
        return "; ".join([*said[:SAID], *more])


def _said(what: str, outcome: str, spans: Sequence[Span]) -> str:
    start, end = min(span.start for span in spans), max(span.end for span in spans)
    hosts = len({span.host for span in spans})
    many = f", {counted(hosts, 'host')}" if hosts > 1 else ""
    return f"{what}, {outcome}{many}, from {start:.1f} to {end:.1f} s"


def bundled(axis: Axis, spans: Iterable[Span], near: float = 0.0) -> list[Bar]:
    """Give the bars of these spans, of which no two overlap or are nearer to each other."""
    bars: list[Bar] = []
    for span in sorted(spans, key=lambda each: (each.start, each.end)):
        left = min(axis.at(span.start), RIGHT - LEAST)
        right = max(axis.at(span.end), left + LEAST)
        if bars and left < bars[-1].right + near:
            last = bars.pop()
            bars.append(Bar(last.left, max(last.right, right), (*last.spans, span)))
        else:
            bars.append(Bar(left, right, (span,)))
    return bars


def lanes(axis: Axis, items: Iterable[Sequence[Span]], near: float = 0.0) -> list[list[Bar]]:
    """Give lanes of bars: each item has its bars in one, the first in which there is room for them all.

    Those of one item that are `near` each other are one bar.
    """
    found: list[list[Bar]] = []
    for spans in items:
        bars = bundled(axis, spans, near)
        free = next((lane for lane in found if not _meet(lane, bars)), None)
        if free is not None:
            free += bars
        elif len(found) < LANES:
            found.append(bars)
        else:
            found[-1] = bundled(axis, (span for bar in (*found[-1], *bars) for span in bar.spans))
    return [sorted(lane, key=lambda bar: bar.left) for lane in found]


def _meet(lane: Iterable[Bar], bars: Sequence[Bar]) -> bool:
    return any(one.left < other.right and other.left < one.right for one in lane for other in bars)


def captions(lane: Sequence[Bar], baseline: float) -> Iterator[Label | None]:
    """Yield the caption of each bar of a lane: inside of it, else on its right, else on its left, or none."""
    taken = GUTTER
    for bar, following in zip_longest(lane, lane[1:]):
        end = following.left if following else RIGHT
        label = _caption(bar, taken, end, baseline)
        taken = max(bar.right, label.x + label.width if label else 0.0)
        yield label


def _caption(bar: Bar, begin: float, end: float, baseline: float) -> Label | None:
    said = [(text, text_width(text, "tile")) for text in bar.captions if text]
    for text, width in said:
        if width <= bar.right - bar.left - 8:
            return Label(bar.left + 4, baseline, text, "tile")
    for text, width in said:
        if width <= end - bar.right - 8:
            return Label(bar.right + 4, baseline, text, "tile")
    for text, width in said:
        if width <= bar.left - begin - 8:
            return Label(bar.left - 4 - width, baseline, text, "tile")
    return None
