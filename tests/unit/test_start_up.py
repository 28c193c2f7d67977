"""What fab imports before it does anything: that is what every run costs."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


LIST = ("-m", "fabric", "--list")


@cache
def imported_by(*words: str) -> frozenset[str]:
    """Give the names of all modules that a Python of its own imports for these words of a command line."""
    told = subprocess.run(
        [sys.executable, "-X", "importtime", *words],
        cwd=ROOT,
        env={**os.environ, "INVENTORY": "hosts.ini"},
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    return frozenset(line.rpartition("|")[2].strip() for line in told.splitlines())


def below(package: str, modules: frozenset[str]) -> set[str]:
    """Give those of the modules that are inside of a package."""
    return {name for name in modules if name.startswith(f"{package}.")}


def test_a_list_of_tasks_imports_no_library_that_only_a_run_needs() -> None:
    assert not imported_by(*LIST) & {"docker", "kazoo", "requests", "rich"}


def test_a_list_of_tasks_imports_of_the_engine_only_what_the_command_line_needs() -> None:
    modules = imported_by(*LIST)
    assert below("tasks.engine", modules) == {"tasks.engine.commandline", "tasks.engine.listing"}
    assert not below("tasks.plan", modules) | below("tasks.inventory", modules)


def test_an_ini_inventory_imports_nothing_that_asks_ansible() -> None:
    assert "tasks.inventory.ini" in imported_by("-m", "fabric", "runbook")
    assert "tasks.inventory.ansible" not in imported_by("-m", "fabric", "runbook")


def test_a_list_of_tasks_imports_of_the_lab_only_the_tasks_themselves() -> None:
    assert below("lab", imported_by(*LIST)) == {"lab.console", "lab.errors", "lab.tasks"}


def test_a_run_that_is_no_business_of_the_lab_imports_nothing_more_of_it() -> None:
    assert below("lab", imported_by("-m", "fabric", "runbook")) == below("lab", imported_by(*LIST))


def test_a_deploy_imports_what_only_changes_or_other_tasks_need_when_it_comes_to_that() -> None:
    modules = imported_by("-c", "import tasks.engine.command, tasks.engine.deploy")
    later = (
        "archive availability backup dead_ends leaders preflight record restore rolling saving status".split()
    )
    assert not modules & {f"tasks.engine.{name}" for name in later}
    assert not modules & {
        f"tasks.plan.{name}" for name in ("availability", "preflight", "report.document", "report.status")
    }
    assert not {"kazoo", "jinja2"} & modules and not below("tasks.plan.zookeeper.backup", modules)


def test_what_reads_records_imports_nothing_that_only_their_pages_need() -> None:
    modules = imported_by("-c", "import tasks.engine.recording")
    assert "jinja2" not in modules and not below("pages", modules)


def test_a_watch_without_a_browser_imports_nothing_that_makes_pages() -> None:
    modules = imported_by("-c", "import tasks.engine.watch, tasks.engine.deploy, tasks.engine.recording")
    assert not modules & {"jinja2", "http.server", "picture"}


def test_what_plans_is_not_imported_before_the_hosts_are_dialled() -> None:
    modules = imported_by("-c", "import tasks.engine.command")
    assert "tasks.engine.connections" in modules
    assert below("tasks.plan", modules) <= {"tasks.plan.names", "tasks.plan.words"}
    assert "rich" not in modules


def test_what_a_run_has_compiled_is_kept_for_the_next_one_unless_python_is_told_otherwise(
    tmp_path: Path,
) -> None:
    for told in ("", "1"):
        kept = tmp_path / f"kept{told}"
        here = {"INVENTORY": "hosts.ini", "PYTHONPYCACHEPREFIX": str(kept), "PYTHONDONTWRITEBYTECODE": told}
        run = [sys.executable, "-m", "fabric", "runbook"]
        subprocess.run(run, cwd=ROOT, env={**os.environ, **here}, capture_output=True, check=True)
        assert bool([*kept.glob(f"**{ROOT}/tasks/plan/runbook.*.pyc")]) is not bool(told)
