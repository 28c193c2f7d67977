"""docs/mistakes.md says what is really answered."""

import difflib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from mistakes import MISTAKES, PAGE, answers, page


def test_the_page_of_mistakes_is_what_is_really_answered() -> None:
    found = answers(MISTAKES)
    assert all(answer.code in (2, 4) for answer in found)
    assert not [answer for answer in found if "Traceback" in answer.said]
    stale = difflib.unified_diff(PAGE.read_text().splitlines(), page(found).splitlines(), lineterm="")
    assert not list(stale), "run `make docs`"
