"""Exit codes: each means one thing, and the documentation has all of them."""

import re
from pathlib import Path

from tasks import cluster
from tasks.errors import Drift, OperatorError, exit_codes

ROOT = Path(__file__).resolve().parents[2]


def test_exit_codes_and_kinds_are_what_was_promised() -> None:
    assert {one.kind: one.exit_code for one in OperatorError.__subclasses__()} == {
        "bad_input": 2,
        "unreachable": 3,
        "step_failed": 4,
        "gate_not_reached": 5,
        "blocked": 6,
        "degraded": 7,
        "drift": 8,
        "rolled_back": 10,
        "over_budget": 11,
        "interrupted": 130,
        "output_lost": 141,
    }


def test_the_help_of_an_option_names_the_code_that_stands_in_that_table() -> None:
    assert cluster.PLAN["check"].startswith(f"Exit with {Drift.exit_code} ")


def test_every_exit_code_has_a_sentence() -> None:
    assert list(exit_codes()) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 130, 141]
    assert all(meaning.endswith(".") for meaning in exit_codes().values())


def test_the_table_of_exit_codes_in_the_docs_has_all_of_them() -> None:
    table = (ROOT / "docs/troubles.md").read_text().partition("## Exit codes")[2].partition("\n## ")[0]
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)] == list(exit_codes())
