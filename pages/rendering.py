"""The environment in which pages are rendered: templates of a page's own in the frame of all of them."""

from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from tasks.inventory.printable import printable

TEMPLATES = Path(__file__).parent / "templates"


@cache  # which keeps templates compiled
def environment(*own: Path) -> Environment:
    """Return the environment of a page whose own templates are in these directories.

    What is put into a page is escaped, and no control character gets into it.
    """
    made = Environment(
        loader=FileSystemLoader([*own, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(seconds=seconds, utc=utc, ticks=ticks)
    made.globals.update(n=units)
    return made


def _shown(value: object) -> object:
    plain = isinstance(value, str) and not isinstance(value, Markup)
    return printable(str(value), keep="\n") if plain else value


def units(number: float) -> str:
    """Return a place in a picture."""
    return f"{number:.1f}".removesuffix(".0")


def seconds(value: float) -> str:
    """Return a time as a reader wants it."""
    if value >= 120:
        return f"{int(value // 60)} min {value % 60:.0f} s"
    return f"{value:.0f} s" if value >= 20 else f"{value:.1f} s"


def utc(moment: datetime) -> str:
    """Return a moment to the minute."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def ticks(text: str) -> Markup:
    """Return a text with what stands in backticks as code."""
    plain, *rest = printable(text, keep="\n").split("`")
    pieces = [escape(plain)]
    for place, piece in enumerate(rest):
        pieces.append(Markup("<code>{}</code>").format(piece) if place % 2 == 0 else escape(piece))
    return Markup("").join(pieces)
