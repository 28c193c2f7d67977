"""The document as one HTML page, with all that it needs in it."""

from pathlib import Path

from pages.rendering import environment
from picture import TEMPLATES
from picture.layout import layout
from picture.topology import ROLES

from ..verdict import Verdict
from .document import Document, Outcome, groups
from .timeline import rows

TONES = {
    Verdict.PASSED: "passed",
    Verdict.FAILED: "failed",
    Verdict.PARTLY: "partly",
    Verdict.NOTHING: "partly",
}


def page(document: Document) -> str:
    """Return the report as HTML."""
    template = environment(Path(__file__).parent / "templates", TEMPLATES).get_template("page.html")
    return template.render(
        document=document,
        source=document.source,
        machines=document.machines,
        groups=tuple(groups(document.checks)),
        picture=layout(document.machines),
        journeys=tuple(rows(document.journeys)),
        roles=ROLES,
        tone=TONES[document.verdict],
        longest=max((took for _, took in document.measured), default=1),
        Outcome=Outcome,
    )
