"""The live picture in a real browser: what is new arrives, and nothing that somebody uses is taken away."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from judged_pages import OVERLAPPING, SIDEWAYS, links_to_nowhere, serious
from playwright.sync_api import Browser, Page, expect
from statuses import ENDED, cluster, status
from test_report_pages import OUTSIDE

from tasks.engine.watch import NewestLook
from tasks.engine.web.live import published
from tasks.errors import Unreachable

WELL, ILL = NewestLook(status(3)), NewestLook(status(3, ill=True))
LOOKS = {
    "healthy, three agents": (3, WELL),
    "degraded, three agents": (3, ILL),
    "healthy, fifty agents": (50, NewestLook(status(50))),
    "degraded, fifty agents": (50, NewestLook(status(50, ill=True))),
    "failed": (3, NewestLook(status(3), Unreachable("it is gone", host="10.70.0.10"))),
    "not looked yet": (3, NewestLook()),
}
Show = Callable[[NewestLook], None]


@contextmanager
def opened(
    browser: Browser, look: NewestLook, agents: int = 3, **options: Any
) -> Iterator[tuple[Page, Show]]:
    """Open the live picture of a look, and give what shows another one."""
    with published(cluster(agents)) as (url, show):
        show(look)
        context = browser.new_context(viewport={"width": 1200, "height": 900}, **options)
        page = context.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(url)
        yield page, show
        context.close()
    assert complaints == []


def says(page: Page, state: str) -> None:
    """Wait until the page is of this state."""
    expect(page.locator("h1")).to_have_text(state)


@pytest.mark.parametrize("agents, look", LOOKS.values(), ids=list(LOOKS))
def test_it_is_legible_wide_and_narrow(browser: Browser, agents: int, look: NewestLook) -> None:
    with opened(browser, look, agents) as (page, _):
        if look.status:
            assert (page.evaluate(OUTSIDE), page.evaluate(OVERLAPPING)) == ([], [])
        page.set_viewport_size({"width": 420, "height": 900})
        assert not page.evaluate(SIDEWAYS)


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, colours: Any) -> None:
    with opened(browser, ILL, color_scheme=colours) as (page, show):
        assert serious(page) == {}
        for look, state in ((LOOKS["failed"][1], "look failed"), (NewestLook(), "looking")):
            show(look)
            says(page, state)
            assert serious(page) == {}


def test_what_is_new_arrives_in_the_page_and_its_title(browser: Browser) -> None:
    with opened(browser, NewestLook()) as (page, show):
        says(page, "looking")
        for look, state in ((WELL, "ok"), (ILL, "unreachable"), (LOOKS["failed"][1], "look failed")):
            show(look)
            says(page, state)
            expect(page).to_have_title(f"{state.capitalize()}: hosts.ini")
        assert page.locator("[role=status][aria-live=polite] h1").count() == 1


def test_a_click_on_what_is_wrong_leads_to_its_sentence(browser: Browser) -> None:
    with opened(browser, ILL) as (page, _):
        link = page.get_by_role("link", name="zookeeper on 10.70.0.11")
        link.focus()
        page.keyboard.press("Enter")
        expect(page.locator(":target")).to_contain_text(ENDED)
        assert links_to_nowhere(page) == []


def test_what_is_read_and_used_stays_while_all_else_is_replaced(browser: Browser) -> None:
    with opened(browser, ILL) as (page, show):
        page.get_by_text("The same as a table").click()
        page.get_by_role("link", name="zookeeper on 10.70.0.11").focus()
        page.evaluate("document.querySelector('h1').firstChild.wasHere = true")
        show(WELL)
        says(page, "ok")
        assert page.locator("details").get_attribute("open") is not None
        show(ILL)
        says(page, "unreachable")
        page.get_by_role("link", name="zookeeper on 10.70.0.11").focus()
        page.evaluate("document.querySelector('.sentence').firstChild.wasHere = true")
        show(NewestLook(status(3, ill=True)))
        show(NewestLook(status(4, ill=True)))
        expect(page.get_by_role("img", name="on 10.70.1.4")).to_have_count(1)
        assert "zookeeper on 10.70.0.11" in page.evaluate("document.activeElement.getAttribute('aria-label')")
        assert page.evaluate("document.querySelector('.sentence').firstChild.wasHere")


def test_several_browsers_see_it_and_a_closed_one_ends_nothing(browser: Browser) -> None:
    with published(cluster(3)) as (url, show):
        contexts = [browser.new_context() for _ in range(3)]
        pages = [context.new_page() for context in contexts]
        for page in pages:
            page.goto(url)
            says(page, "looking")
        contexts[0].close()
        for look, state in ((WELL, "ok"), (ILL, "unreachable")):
            show(look)
            for page in pages[1:]:
                says(page, state)
        for context in contexts[1:]:
            context.close()


def test_without_scripts_it_shows_the_present_state_again_and_again(browser: Browser) -> None:
    with opened(browser, WELL, java_script_enabled=False) as (page, show):
        says(page, "ok")
        show(ILL)
        expect(page.locator("h1")).to_have_text("unreachable", timeout=30_000)


def test_the_end_of_the_watch_is_told_with_when_the_picture_was_seen(browser: Browser) -> None:
    with published(cluster(3)) as (url, show):
        show(WELL)
        page = browser.new_page()
        page.goto(url)
        says(page, "ok")
        expect(page.get_by_role("alert")).to_be_hidden()
    told = "The watch has ended. What is shown was seen at 2026-12-01 01:02:03 UTC."
    expect(page.get_by_role("alert")).to_have_text(told)
    page.close()


def test_a_way_that_is_broken_is_told_until_it_is_there_again(browser: Browser) -> None:
    with published(cluster(3)) as (url, show):
        show(WELL)
        page = browser.new_page()
        page.route("**/events", lambda route: route.abort())
        page.goto(url)
        expect(page.get_by_role("alert")).to_contain_text("fab cannot be reached any more")
        assert serious(page) == {}
        page.unroute("**/events")
        page.reload()
        show(ILL)
        says(page, "unreachable")
        expect(page.get_by_role("alert")).to_be_hidden()
        page.close()


def test_a_look_that_takes_long_is_told(browser: Browser) -> None:
    with published(cluster(3)) as (url, show):
        show(WELL)
        page = browser.new_page()
        page.clock.install()
        page.goto(url)
        says(page, "ok")
        page.clock.fast_forward(12_000)
        expect(page.locator("#slow")).to_have_text(
            re.compile(r"The look under way has taken \d+ s so far: .*")
        )
        show(ILL)
        expect(page.locator("#slow")).to_be_hidden()
        page.close()
