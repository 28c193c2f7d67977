"""Draw recorded terminals, `python tests/film.py`: SVGs that play, and stand still for who wants no motion.

They load nothing. Frames are a strip that moves by one width at a time; each line of text is there once.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path

import pyte
from pyte.screens import Char

DOCS = Path(__file__).resolve().parents[1] / "docs"

SHORTEST = 0.15
"""Seconds that a frame is shown at least; what changes faster nobody sees."""

LAST = 6.0
"""Seconds that the last frame is shown before it begins again."""

COLUMN, ROW, PAD = 8.4, 18, 14
"""The size of a character, and the margin."""

COLOURS = {"green": "#7ee787", "cyan": "#79c0ff", "brown": "#e3b341", "red": "#ff7b72"}
"""What pyte calls the colours that we use, as they look on the ground; yellow is brown to it."""

TEXT, GROUND = "#e6edf3", "#0d1117"

Line = tuple[tuple[int, str, str, bool], ...]
"""A line of the screen: pieces that look alike, each with column, text, colour, and whether it is bold."""


@dataclass(frozen=True)
class Frame:
    """What the screen shows from a time on, in seconds."""

    at: float
    lines: tuple[Line, ...]


def frames(cast: str) -> tuple[int, int, list[Frame]]:
    """Play a recording; give columns, lines, and what there was to be seen."""
    header, *events = [json.loads(line) for line in cast.splitlines()]
    screen = pyte.Screen(header["width"], header["height"])
    stream, found = pyte.Stream(screen), [Frame(0.0, ())]
    for at, _, text in events:
        stream.feed(text)
        shown = Frame(at, tuple(_line(screen.buffer[row], screen.columns) for row in range(screen.lines)))
        if at - found[-1].at < SHORTEST:
            found[-1] = Frame(found[-1].at, shown.lines)
        elif shown.lines != found[-1].lines:
            found.append(shown)
    return screen.columns, screen.lines, found


def _line(characters: Mapping[int, Char], columns: int) -> Line:
    cells = [(column, characters[column]) for column in range(columns)]
    return tuple(
        (column, text.rstrip(), colour, bold) for column, text, colour, bold in _pieces(cells) if text.strip()
    )


def _pieces(cells: Iterable[tuple[int, Char]]) -> Iterator[tuple[int, str, str, bool]]:
    for (colour, bold), those in groupby(cells, lambda cell: (cell[1].fg, cell[1].bold)):
        own = [*those]
        yield own[0][0], "".join(cell.data for _, cell in own), COLOURS.get(colour, TEXT), bold


def svg(cast: str, title: str) -> str:
    """Draw a recording."""
    columns, rows, shown = frames(cast)
    width, height = columns * COLUMN + 2 * PAD, rows * ROW + 2 * PAD
    once = dict.fromkeys(line for frame in shown for line in frame.lines if line)
    numbers = {line: number for number, line in enumerate(once)}
    drawn = "\n".join(
        f'<g id="l{number}">{"".join(map(_text, line))}</g>' for line, number in numbers.items()
    )
    strip = "\n".join(
        f'<g transform="translate({place * width:.1f})">{_frame(frame, numbers)}</g>'
        for place, frame in enumerate(shown)
    )
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.1f} {height}" role="img" aria-labelledby="t">
<title id="t">{escape(title)}</title>
<style>
text {{ font: 14px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre }}
.b {{ font-weight: bold }}
#strip {{ transform: translateX(-{(len(shown) - 1) * width:.1f}px) }}
@media (prefers-reduced-motion: no-preference) {{
#strip {{ animation: play {shown[-1].at + LAST:.2f}s steps(1, end) infinite }}
}}
@keyframes play {{
{_keyframes(shown, width)}
}}
</style>
<defs>
{drawn}
</defs>
<rect width="100%" height="100%" rx="8" fill="{GROUND}"/>
<g id="strip">
{strip}
</g>
</svg>
"""


def _text(piece: tuple[int, str, str, bool]) -> str:
    column, text, colour, bold = piece
    place = f'x="{PAD + column * COLUMN:.1f}" textLength="{len(text) * COLUMN:.1f}"'
    look = f' fill="{colour}"' + (' class="b"' if bold else "")
    return f'<text {place} lengthAdjust="spacingAndGlyphs"{look}>{escape(text)}</text>'


def _frame(frame: Frame, numbers: Mapping[Line, int]) -> str:
    return "".join(
        f'<use href="#l{numbers[line]}" y="{PAD + row * ROW + 13}"/>'
        for row, line in enumerate(frame.lines)
        if line
    )


def _keyframes(shown: list[Frame], width: float) -> str:
    whole = shown[-1].at + LAST
    stops = [
        f"{frame.at / whole:.3%} {{ transform: translateX(-{n * width:.1f}px) }}"
        for n, frame in enumerate(shown)
    ]
    return "\n".join(stops)


def main() -> None:
    """Draw every recording of docs/ beside it."""
    for file in sorted(DOCS.glob("*.cast")):
        typed = json.loads(file.read_text().splitlines()[1])[2].removeprefix("$ ").strip()
        file.with_suffix(".svg").write_text(svg(file.read_text(), f"{typed}, in a terminal"))


if __name__ == "__main__":
    main()
