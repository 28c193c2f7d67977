"""The report of an acceptance in a real browser: texts and boxes, links, and what axe says of it."""

from collections.abc import Iterator

import pytest
from documents import DOCUMENTS, like_the_lab
from judged_pages import COLOURS, OVERLAPPING, judged, links_to_nowhere, opened, too_wide
from playwright.sync_api import Browser, Page

from verify.report.document import Document
from verify.report.page import page as rendered

OUTSIDE = """() => {
  const svg = document.querySelector('.picture svg'), view = svg.getBoundingClientRect();
  const within = (a, b) => a.left >= b.left - 0.5 && a.right <= b.right + 0.5
    && a.top >= b.top - 0.5 && a.bottom <= b.bottom + 0.5;
  const found = [];
  for (const text of svg.querySelectorAll('text')) {
    const box = text.getBoundingClientRect();
    const rect = text.parentElement.querySelector(':scope > rect');
    if (!within(box, rect ? rect.getBoundingClientRect() : view)) found.push(text.textContent);
  }
  return found;
}"""
"""Texts that are not inside of their box."""


@pytest.fixture(scope="module", params=DOCUMENTS.values(), ids=list(DOCUMENTS))
def shown(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[Document, Page]]:
    """A document and its page in the browser."""
    page = opened(browser, rendered(request.param))
    yield request.param, page
    page.context.close()


def test_every_text_of_the_picture_is_inside_of_its_box(shown: tuple[Document, Page]) -> None:
    assert shown[1].evaluate(OUTSIDE) == []


def test_no_two_texts_of_the_picture_overlap(shown: tuple[Document, Page]) -> None:
    assert shown[1].evaluate(OVERLAPPING) == []


def test_every_link_leads_somewhere_and_one_in_the_picture_to_its_finding(
    shown: tuple[Document, Page],
) -> None:
    document, page = shown
    assert links_to_nowhere(page) == []
    for number, complaint in enumerate(document.complaints, 1):
        link = page.locator(f".picture a[href='#finding-{number}']").first
        assert "wrong" in str(link.text_content())
        link.focus()
        page.keyboard.press("Enter")
        assert complaint.finding.seen in str(page.locator(":target").text_content())


LOOKS = [
    *((name, colours) for name in ("healthy, three agents", "failed, three agents") for colours in COLOURS),
    ("failed, three agents", "print"),
    ("failed, fifty agents", "dark"),
]


@pytest.mark.parametrize("name, look", LOOKS)
def test_axe_finds_nothing_serious(browser: Browser, name: str, look: str) -> None:
    many = "fifty" in name  # what is open takes axe a while, and differs by the number of its lines alone
    assert judged(browser, rendered(DOCUMENTS[name]), look, unfolded=not many) == {}


def test_a_keyboard_leads_past_the_head_into_what_is_folded_and_back(browser: Browser) -> None:
    page = opened(browser, rendered(DOCUMENTS["healthy, three agents"]))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    folded, kind = page.locator("#checks > details").first, page.locator("#checks > details details").first
    for _ in range(20):  # the picture, what is marked in it, and its table come before
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('#checks > details:first-of-type > summary')"):
            break
    evidence = kind.get_by_text("export HOST_IP=10.70.0.10")
    page.keyboard.press("Enter")
    assert folded.get_attribute("open") is not None and not evidence.is_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert kind.get_attribute("open") is not None and evidence.is_visible()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert folded.get_attribute("open") is None and not evidence.is_visible()
    page.context.close()


def test_it_fits_a_narrow_window_and_a_sheet_of_paper(shown: tuple[Document, Page]) -> None:
    assert too_wide(shown[1]) == []


def test_the_report_of_a_healthy_lab_is_small() -> None:
    assert len(rendered(like_the_lab()).encode()) < 300_000
