"""docs/suite.md and the table of faults behind it."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

import page  # noqa: E402
from faults_table import EXEMPT, ROUNDS, Round  # noqa: E402
from planting import EXAMPLE  # noqa: E402
from troubles_table import TROUBLES  # noqa: E402

from tasks.plan.preflight import CHECKS  # noqa: E402


def test_the_page_is_what_make_docs_would_write() -> None:
    assert page.PAGE.read_text() == page.page(), "run `make docs`"


def test_every_check_of_the_suite_has_a_fault_that_proves_it_or_a_reason_why_not() -> None:
    checks = {check.name for check in page.checks()}
    assert checks == {name for name, _, _ in page.faults()} | EXEMPT.keys()
    assert not EXEMPT.keys() & {name for name, _, _ in page.faults()}


def test_the_table_names_no_check_that_the_suite_does_not_have() -> None:
    checks = {check.name for check in page.checks()}
    named = {
        check for planned in ROUNDS for fault in planned.faults for check in (*fault.proves, *fault.follow)
    }
    assert {check.format(**EXAMPLE).partition("@")[0] for check in named} <= checks


@pytest.mark.parametrize("planned", (*ROUNDS, *TROUBLES), ids=lambda planned: planned.name)
def test_of_every_state_the_table_has_what_each_command_says_or_why_it_says_nothing(planned: Round) -> None:
    assert {"status", "plan", "preflight"} <= planned.codes.keys()
    for fault in planned.faults:
        assert not fault.told.keys() & fault.untold.keys(), fault.story
        assert {"status", "plan", "preflight"} <= fault.told.keys() | fault.untold.keys(), fault.story
        assert {*fault.told, *fault.untold} <= planned.codes.keys(), fault.story


def test_every_story_is_told_once() -> None:
    stories = [fault.story for planned in ROUNDS for fault in planned.faults]
    assert len(stories) == len(set(stories))


def test_the_recorded_preflight_counts_the_checks_that_there_are() -> None:
    assert f" hosts, {len(CHECKS)} checks: " in (ROOT / "docs/deploy.md").read_text()
