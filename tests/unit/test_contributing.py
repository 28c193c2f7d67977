"""What the pages for contributors name is there: make targets, tasks of fab, files, versions."""

import re
import tomllib
from pathlib import Path

import pytest

from tasks.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z][a-z-]*):(?!=)", MAKEFILE, re.MULTILINE))
IS_PATH = re.compile(r"[\w.*-]+(/[\w.*-]*)+|[\w.-]+\.(py|md|ini|toml|lock|yaml)|hosts\.ini")


def named(text: str) -> set[str]:
    """The paths between backticks and behind links of a page."""
    words = {word for quoted in re.findall(r"`([^`\n]+)`", text) for word in quoted.split()}
    return {word for word in words if IS_PATH.fullmatch(word)} | {
        link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text.replace("\n", " "))
    }


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    paths = named((ROOT / page).read_text())
    assert paths or page == "CHANGELOG.md"
    assert [path for path in paths if not list(ROOT.glob(path.rstrip("/")))] == []


@pytest.mark.parametrize("page", [*PAGES, ".pre-commit-config.yaml", ".github/workflows/ci.yml"])
def test_every_target_of_make_that_is_named_is_one(page: str) -> None:
    text = (ROOT / page).read_text()
    called = re.findall(r"(?:`|entry: |^    )make ([a-z-]+)", text, re.MULTILINE)
    assert set(called) <= TARGETS
    assert called or page not in ("CONTRIBUTING.md", ".pre-commit-config.yaml")


@pytest.mark.parametrize("page", PAGES)
def test_every_task_of_fab_that_is_named_is_one(page: str) -> None:
    tasks = re.findall(r"`fab ([a-z-]+)(?![a-z.-])", (ROOT / page).read_text())
    assert {task.replace("-", "_") for task in tasks} <= set(
        re.findall(r"^    (?:[a-z]+\.|(?=backup=))(\w+)", (ROOT / "fabfile.py").read_text(), re.M)
    )


def test_continuous_integration_elsewhere_runs_what_ours_runs() -> None:
    (called,) = re.findall(r"- run: (.*)", (ROOT / ".github/workflows/ci.yml").read_text())
    script = ROOT / called.split()[-1]
    assert script == ROOT / ".ci/run" and script.stat().st_mode & 0o111


def test_the_hooks_before_a_commit_fetch_nothing() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text()
    assert re.findall(r"repo: (\S+)", text) == ["local"]
    assert set(re.findall(r"language: (\S+)", text)) == {"system"}


def test_the_version_is_the_same_wherever_it_stands() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
    assert f"\n## {VERSION}\n" in (ROOT / "CHANGELOG.md").read_text()


def test_the_license_is_the_one_that_the_project_says() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    text = (ROOT / "LICENSE").read_text()
    assert project["license"] == "Apache-2.0" and project["license-files"] == ["LICENSE"]
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text and len(text.splitlines()) > 200


def test_every_room_in_the_picture_of_the_code_is_there() -> None:
    (picture,) = re.findall(r"```mermaid\n(.*?)```", (ROOT / "docs/design.md").read_text(), re.DOTALL)
    rooms = set(re.findall(r"\b(?:tasks|verify|picture|lab|bench)(?:/[a-z_*.]+)*\b", picture))
    rooms = {room for room in rooms if "/" in room or room in ("verify", "picture", "lab", "bench")}
    assert len(rooms) > 10
    assert [room for room in rooms if not list(ROOT.glob(room))] == []
    packages = {f"tasks/plan/{file.parent.name}" for file in (ROOT / "tasks/plan").glob("*/__init__.py")}
    assert packages <= rooms
