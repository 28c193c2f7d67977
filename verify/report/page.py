"""The document as one HTML page, with all that it needs in it."""

from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ..verdict import Verdict
from .document import Document, Outcome, groups
from .layout import layout
from .steps import ROLES
from .timeline import rows

TONES = {
    Verdict.PASSED: "passed",
    Verdict.FAILED: "failed",
    Verdict.PARTLY: "partly",
    Verdict.NOTHING: "partly",
}


def page(document: Document) -> str:
    """Return the report as HTML."""
    environment = Environment(
        loader=PackageLoader("verify.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(seconds=seconds, utc=utc, ticks=ticks)
    return environment.get_template("page.html").render(
        document=document,
        groups=tuple(groups(document.checks)),
        picture=layout(document.machines),
        journeys=tuple(rows(document.journeys)),
        roles=ROLES,
        tone=TONES[document.verdict],
        longest=max((took for _, took in document.measured), default=1),
        Outcome=Outcome,
        n=lambda number: f"{number:.1f}".removesuffix(".0"),
    )


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
    plain, *rest = text.split("`")
    pieces = [escape(plain)]
    for place, piece in enumerate(rest):
        pieces.append(Markup("<code>{}</code>").format(piece) if place % 2 == 0 else escape(piece))
    return Markup("").join(pieces)
