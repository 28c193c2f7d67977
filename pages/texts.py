"""Texts of pictures, and how wide they are in the widest usual fonts. Pure; style.css has the same sizes."""

from dataclasses import dataclass

WIDTH = 1000
"""Units of the picture from left to right; one is a CSS pixel where the page has room for all of it."""

MARGIN = 16
"""Units around the picture and inside of its frames."""

SIZES = {"name": 13, "address": 11, "part": 12, "lane": 13, "tile": 11, "task": 11, "mark": 13}
"""Font sizes by the kind of a text."""

MONOSPACED = {"name", "address", "tile", "task"}


def text_width(text: str, kind: str) -> float:
    """Return how wide a text is at most: that of its kind's font, or of DejaVu Sans in bold."""
    return len(text) * SIZES[kind] * (0.615 if kind in MONOSPACED else 0.7)


def shortened(text: str, kind: str, room: float) -> str:
    """Return a text that has no more than this room: its middle is left out, since ends tell hosts apart."""
    most = int(room // text_width("m", kind))
    if len(text) <= most:
        return text
    kept = max(most - 1, 2)
    return f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"


@dataclass(frozen=True)
class Label:
    """A text, from its left end on the baseline."""

    x: float
    y: float
    text: str
    kind: str

    @property
    def width(self) -> float:
        """How wide it is at most."""
        return text_width(self.text, self.kind)
