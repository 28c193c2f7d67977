"""Draw the pictures of docs/: python tests/browser/pictures.py, in Debian's Chromium."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(1, str(ROOT))

import chromium  # noqa: E402
from documents import document  # noqa: E402

from verify.report.page import page  # noqa: E402


def main() -> None:
    """Draw the report of an acceptance that has failed, as it opens; the cluster is made up."""
    with chromium.started() as browser:
        shown = browser.new_page(viewport={"width": 1060, "height": 1180})
        shown.set_content(page(document(3, ill=True)))
        shown.screenshot(path=ROOT / "docs/report.png")


if __name__ == "__main__":
    main()
