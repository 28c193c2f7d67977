"""The page of a run in a real browser: texts and bars, links, and what axe says of it."""

from collections.abc import Iterator

import pytest
from judged_pages import COLOURS, OVERLAPPING, judged, links_to_nowhere, opened, too_wide
from playwright.sync_api import Browser, Page
from run_records import RECORDS

from tasks.engine.page import page as rendered
from tasks.plan.report.record import Record

ASTRAY = """() => {
  const svg = document.querySelector('.picture svg'), view = svg.getBoundingClientRect();
  const within = (a, b) => a.left >= b.left - 0.5 && a.right <= b.right + 0.5
    && a.top >= b.top - 0.5 && a.bottom <= b.bottom + 0.5;
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const bars = [...svg.querySelectorAll('rect')];
  return [...svg.querySelectorAll('text')].filter(text => {
    const box = text.getBoundingClientRect(), own = text.parentElement.querySelector(':scope > rect');
    const inside = text.classList.contains('inside');
    return !within(box, inside ? own.getBoundingClientRect() : view)
      || bars.some(bar => !(inside && bar === own) && meet(box, bar.getBoundingClientRect()));
  }).map(text => text.textContent);
}"""
"""Texts that are not inside of their bar, or of the picture, or lie on another bar."""


@pytest.fixture(scope="module", params=RECORDS.values(), ids=list(RECORDS))
def shown(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[Record, Page]]:
    """A record and its page in the browser."""
    page = opened(browser, rendered(request.param))
    yield request.param, page
    page.context.close()


def test_no_text_of_the_chart_is_outside_or_on_a_bar_of_another(shown: tuple[Record, Page]) -> None:
    assert shown[1].evaluate(ASTRAY) == []


def test_no_two_texts_of_the_chart_overlap(shown: tuple[Record, Page]) -> None:
    assert shown[1].evaluate(OVERLAPPING) == []


def test_every_link_of_it_leads_somewhere_and_a_bar_that_failed_to_how_the_run_ended(
    shown: tuple[Record, Page],
) -> None:
    record, page = shown
    assert links_to_nowhere(page) == []
    ill = page.locator(".picture a")
    assert bool(ill.count()) == any(one.outcome in ("failed", "interrupted") for one in record.done)
    if ill.count():
        ill.first.focus()
        page.keyboard.press("Enter")
        assert "Exit code" in str(page.locator(":target").text_content())


def test_it_fits_a_narrow_window_and_paper(shown: tuple[Record, Page]) -> None:
    assert too_wide(shown[1]) == []


LOOKS = [*((name, colours) for name in ("rolled back", "interrupted") for colours in COLOURS)]


@pytest.mark.parametrize("name, look", [*LOOKS, ("rolled back", "print")])
def test_axe_finds_nothing_serious_in_it(browser: Browser, name: str, look: str) -> None:
    assert judged(browser, rendered(RECORDS[name]), look) == {}
