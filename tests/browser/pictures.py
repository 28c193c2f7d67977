"""Draw the pictures of docs/: python tests/browser/pictures.py, in Debian's Chromium."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[1:1] = [str(ROOT), str(ROOT / "tests")]

import chromium  # noqa: E402
from documents import document  # noqa: E402
from run_records import THREE_SERVICES  # noqa: E402

from tasks.engine.page import page as page_of_a_run  # noqa: E402
from verify.report.page import page as report  # noqa: E402

PICTURES = {
    "report": (report(document(3, ill=True)), 1120),
    "record": (page_of_a_run(THREE_SERVICES), 1065),
}
"""Pages, and how much of each is drawn: the report of a made-up cluster, the record of a run on the lab."""


def main() -> None:
    """Draw the pages as they open."""
    with chromium.started() as browser:
        for name, (html, height) in PICTURES.items():
            shown = browser.new_page(viewport={"width": 1060, "height": height})
            shown.set_content(html)
            shown.screenshot(path=ROOT / f"docs/{name}.png")


if __name__ == "__main__":
    main()
