"""The runbook's ids: README, tasks and suite tell of the same steps."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from invoke.tasks import Task

from tasks import host, launch, marathon, mesos_agent, mesos_master, zookeeper
from tasks.inventory.parse import parse
from tasks.launch import Steps
from tasks.plan import runbook
from tasks.plan.names import Id

ROOT = Path(__file__).resolve().parents[2]


def ids_in(text: str, pattern: str) -> set[str]:
    return set(re.findall(pattern, text, re.MULTILINE))


def test_every_id_is_wanted_of_a_node_or_asked_of_a_service() -> None:
    cluster = parse(f"{(ROOT / 'hosts.ini').read_text()}\nfirewall=true\n")
    items = {i.step for node in cluster.nodes for i in runbook.wanted(runbook.CHAPTERS, cluster, node)}
    assert items | {chapter.gate for chapter in runbook.CHAPTERS if chapter.gate} == set(Id)
    for chapter in runbook.CHAPTERS:
        wanted = {i.step for node in chapter.nodes(cluster) for i in chapter.desired(cluster, node)}
        assert {id for id in Id if id.service == chapter.service} == wanted | ({chapter.gate} - {None})


AS_BEFORE = {"5.1"}
"""Steps that are another step on other hosts: 5.1 is 1.1 on the agents."""


def test_the_readme_has_a_row_for_every_step() -> None:
    assert ids_in((ROOT / "README.md").read_text(), r"^\| (\d\.\d) \|") == {*Id, *AS_BEFORE}


def test_docs_explain_every_step() -> None:
    assert ids_in((ROOT / "docs/runbook.md").read_text(), r"^\| (\d\.\d) \|") == {*Id, *AS_BEFORE}


def tasks() -> dict[str, Task[Any]]:
    """Every task of a chapter's module, as an operator types it."""
    return {
        f"{module.__name__.rpartition('.')[2].replace('_', '-')}.{each.name}": each
        for module in (host, zookeeper, mesos_master, marathon, mesos_agent)
        for each in vars(module).values()
        if isinstance(each, Task)
    }


@pytest.mark.parametrize("id", Id)
def test_every_step_is_carried_out_by_its_task_which_tells_its_id(id: Id) -> None:
    task = tasks()[id.typed]
    assert isinstance(task, Steps) and id in task.ids
    assert id in str(task.__doc__)


@pytest.mark.parametrize("name", sorted(tasks()))
def test_a_task_is_of_one_step_and_what_belongs_to_it_or_else_of_whole_chapters(name: str) -> None:
    task = tasks()[name]
    ids = task.ids if isinstance(task, Steps) else []
    whole = (".hand-over", ".stop", ".drain", ".resume", ".reboot")
    assert bool(ids) != (".deploy-" in name or name.endswith(whole))
    assert {id.typed for id in ids} <= {name, name.replace(".run", ".ask"), "host.set-ip", "host.check-ip"}


def test_tasks_and_runbook_call_the_chapters_the_same_in_the_same_order() -> None:
    assert tuple(runbook.NAMED) == launch.EVERY == get_args(launch.Name)


def test_every_step_has_a_check_in_the_suite() -> None:
    suite = "".join(file.read_text() for file in (ROOT / "verify").glob("test_*.py"))
    assert ids_in(suite, r'runbook\("(\d\.\d)"\)') == set(Id)


def test_every_check_that_the_readme_names_exists() -> None:
    suite = "".join(file.read_text() for file in (ROOT / "verify").glob("test_*.py"))
    named = ids_in((ROOT / "README.md").read_text(), r"`(test_\w+)`")
    assert named
    assert named <= ids_in(suite, r"^def (test_\w+)")
