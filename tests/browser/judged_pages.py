"""What a browser is asked about a page: where its texts are, whether it fits, and what axe says of it."""

from importlib.resources import files

from playwright.sync_api import Browser, Page

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()

OVERLAPPING = """() => {
  const boxes = [...document.querySelectorAll('.picture svg text')]
    .map(text => [text.textContent, text.getBoundingClientRect()]);
  return boxes.flatMap(([one, a], i) => boxes.slice(i + 1)
    .filter(([, b]) => a.left < b.right && b.left < a.right && a.top < b.bottom - 1 && b.top < a.bottom - 1)
    .map(([other]) => `${one} / ${other}`));
}"""
"""Texts of the picture that lie upon each other."""

COLOURS = ("light", "dark")

SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def opened(browser: Browser, html: str) -> Page:
    """Open a page in a window that may ask nobody."""
    page = browser.new_context(viewport={"width": 1200, "height": 900}, offline=True).new_page()
    page.set_content(html)
    return page


def links_to_nowhere(page: Page) -> list[str]:
    """Give the links that do not lead to one place of the page."""
    targets = page.eval_on_selector_all("a", "all => all.map(one => one.getAttribute('href'))")
    assert targets
    return [one for one in targets if one[0] != "#" or page.locator(f"[id='{one[1:]}']").count() != 1]


def too_wide(page: Page) -> list[str]:
    """Give the media in which a page does not fit a narrow window or a sheet of paper."""
    found = []
    for width, media in ((420, "screen"), (720, "print")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(media="print" if media == "print" else "screen")
        found += [media] if page.evaluate(SIDEWAYS) else []
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 1200, "height": 900})
    return found


def judged(browser: Browser, html: str, look: str, unfolded: bool = True) -> dict[str, str]:
    """Give what axe finds that is serious in a page of these colours, or as it is printed."""
    page = opened(browser, html)
    page.emulate_media(**({"media": "print"} if look == "print" else {"color_scheme": look}))  # type: ignore[arg-type]
    page.evaluate("open => document.querySelectorAll('details').forEach(one => one.open = open)", unfolded)
    found = serious(page)
    page.context.close()
    return found


def serious(page: Page) -> dict[str, str]:
    """Give what axe finds that is serious, with the first element of each kind."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    return {one["id"]: one["nodes"][0]["html"] for one in found if one["impact"] in ("serious", "critical")}
