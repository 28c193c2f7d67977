"""The runbook's ids: README, tasks and suite tell of the same steps."""

import re
from pathlib import Path
from typing import get_args

from tasks import launch
from tasks.inventory.parse import parse
from tasks.plan import runbook

ROOT = Path(__file__).resolve().parents[2]


def ids_in(text: str, pattern: str) -> set[str]:
    return set(re.findall(pattern, text, re.MULTILINE))


def carried_out() -> set[str]:
    cluster = parse((ROOT / "hosts.ini").read_text())
    items = [i.step for node in cluster.nodes for i in runbook.wanted(runbook.CHAPTERS, cluster, node)]
    return {*items, *(chapter.gate for chapter in runbook.CHAPTERS if chapter.gate)}


AS_BEFORE = {"5.1"}
"""Steps that are another step on other hosts: 5.1 is 1.1 on the agents."""


def test_the_readme_has_a_row_for_every_step() -> None:
    assert ids_in((ROOT / "README.md").read_text(), r"^\| (\d\.\d) \|") == carried_out() | AS_BEFORE


def test_docs_explain_every_step() -> None:
    assert ids_in((ROOT / "docs/runbook.md").read_text(), r"^\| (\d\.\d) \|") == carried_out() | AS_BEFORE


def test_every_step_has_a_task() -> None:
    tasks = "".join(file.read_text() for file in (ROOT / "tasks").glob("*.py"))
    assert ids_in(tasks, r'carry_out\(c, \["\w+"\], (.*)\)') != set()
    named = {
        id for line in ids_in(tasks, r'carry_out\(c, \["\w+"\], (.*)\)') for id in re.findall(r"\d\.\d", line)
    }
    assert named == carried_out()


def test_tasks_and_runbook_call_the_chapters_the_same_in_the_same_order() -> None:
    assert tuple(runbook.NAMED) == launch.EVERY == get_args(launch.Name)


def test_every_step_has_a_check_in_the_suite() -> None:
    suite = "".join(file.read_text() for file in (ROOT / "verify").glob("test_*.py"))
    assert ids_in(suite, r'runbook\("(\d\.\d)"\)') == carried_out()


def test_every_check_that_the_readme_names_exists() -> None:
    suite = "".join(file.read_text() for file in (ROOT / "verify").glob("test_*.py"))
    named = ids_in((ROOT / "README.md").read_text(), r"`(test_\w+)`")
    assert named
    assert named <= ids_in(suite, r"^def (test_\w+)")
