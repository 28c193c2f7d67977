"""Recorded terminals of docs/ in a real browser: they play frame by frame, and stand still if one likes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from film import DOCS, LAST, Frame, frames
from playwright.sync_api import Browser, Page

FILMS = [file.stem for file in sorted(DOCS.glob("*.cast"))]

SHOWN = """() => {
  const view = document.querySelector('svg').getBoundingClientRect();
  const within = box => box.left >= view.left && box.right <= view.right
    && box.top >= view.top && box.bottom <= view.bottom;
  const meets = box => box.left < view.right - 1 && box.right > view.left + 1;
  const line = use => document.querySelector(use.getAttribute('href')).textContent;
  return [...document.querySelectorAll('#strip > g')].flatMap((frame, number) => {
    const lines = [...frame.querySelectorAll('use')].map(use => [line(use), use.getBoundingClientRect()]);
    return lines.some(([, box]) => meets(box))
      ? [[number, lines.map(([text]) => text), lines.filter(([, box]) => !within(box)).map(([text]) => text)]]
      : [];
  });
}"""
"""Of every frame in the view: its number, its lines, and those that are not wholly inside."""

MOTIONS = "document.getAnimations()"


@contextmanager
def opened(browser: Browser, film: str, motion: Any) -> Iterator[Page]:
    """Open a film for somebody who wants this much motion."""
    page = browser.new_page(reduced_motion=motion, offline=True, viewport={"width": 900, "height": 600})
    page.set_content((DOCS / f"{film}.svg").read_text())
    yield page
    page.close()


def lines(frame: Frame) -> list[str]:
    """Give the lines of a frame, without what is between their pieces."""
    return ["".join(text for _, text, _, _ in line) for line in frame.lines if line]


@pytest.mark.parametrize("film", FILMS)
def test_it_plays_and_its_frames_follow_each_other_each_wholly_in_the_view(
    browser: Browser, film: str
) -> None:
    _, _, made = frames((DOCS / f"{film}.cast").read_text())
    with opened(browser, film, "no-preference") as page:
        assert page.evaluate(f"{MOTIONS}.map(one => one.playState)") == ["running"]
        page.wait_for_function(f"{MOTIONS}[0].currentTime > 0")
        page.evaluate(f"{MOTIONS}[0].pause()")
        ends = [*(frame.at for frame in made[1:]), made[-1].at + LAST]
        for number, (frame, end) in enumerate(zip(made, ends, strict=True)):
            page.evaluate(f"time => {MOTIONS}[0].currentTime = time", 500 * (frame.at + end))
            shown = [[number, lines(frame), []]] if lines(frame) else []
            assert page.evaluate(SHOWN) == shown


@pytest.mark.parametrize("film", FILMS)
def test_who_wants_no_motion_sees_its_end(browser: Browser, film: str) -> None:
    _, _, made = frames((DOCS / f"{film}.cast").read_text())
    with opened(browser, film, "reduce") as page:
        assert page.evaluate(f"{MOTIONS}.length") == 0
        assert page.evaluate(SHOWN) == [[len(made) - 1, lines(made[-1]), []]]


@pytest.mark.parametrize("film", FILMS)
def test_it_ends_with_how_the_run_ended(film: str) -> None:
    _, _, made = frames((DOCS / f"{film}.cast").read_text())
    assert " carried out on " in lines(made[-1])[-1]
