"""The record of a run as one HTML page, with all that it needs in it."""

from pathlib import Path

from pages.rendering import environment

from ..errors import exit_codes
from ..plan.report import account
from ..plan.report.chart import chart
from ..plan.report.folds import folds, idle
from ..plan.report.record import Record
from ..plan.words import names

TEMPLATES = Path(__file__).parent / "templates"


def page(record: Record) -> str:
    """Return a record as HTML."""
    return (
        environment(TEMPLATES)
        .get_template("record.html")
        .render(
            record=record,
            chart=chart(record),
            folds=folds(record),
            idle=idle(record),
            tone=account.tone(record),
            meaning=exit_codes().get(record.ending.exit_code, ""),
            account=account,
            names=names,
        )
    )
