"""What README and the pages for operators tell to type: tasks, options, targets, links, and the first app."""

import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fabric.main import program
from invoke.exceptions import ParseError
from invoke.parser import Parser
from invoke.tasks import Task

import fabfile
from lab import images
from lab.access import HERE
from lab.spec import agents

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))
LINKED = ["README.md", "README.zh-CN.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", *DOCS]
PAGES = [page for page in LINKED if page not in ("docs/mistakes.md", "CHANGELOG.md")]
"""All pages but those that tell of what is wrong, and of what there was."""
JOBS = re.findall(
    r"\]\((\w+\.md)\)", (ROOT / "docs/README.md").read_text().partition("## By job")[2].partition("\n## ")[0]
)
TARGETS = set(re.findall(r"^([a-z][a-z-]*):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE))
ENDS = re.compile(r"\s#|;|\||&&|\s\d?>")
"""What ends a command within a line: a comment, or what the shell does with it."""


def calls(page: str, name: str) -> Iterator[list[str]]:
    """Yield the words behind a program, of every command of a page, in backticks or on indented lines.

    What only names an option of fab's own, as `fab -S FILE`, is no command.
    """
    text = (ROOT / page).read_text().replace("\\\n", " ")
    quoted = [" ".join(part.split()) for part in re.findall(r"`([^`]+)`", text)]
    for line in (*quoted, *re.findall(r"^ {4,}(?:\$ )?(.*)$", text, re.MULTILINE)):
        for found in re.finditer(
            rf"(?:^|[;&(] ?)(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?{name} (?!\.\.\.)(.+)$", line
        ):
            words = shlex.split(ENDS.split(found[1])[0])
            if words == ["--list"] or any(word[:1] != "-" and word != "FILE" for word in words):
                yield words


@cache
def of_tasks() -> Parser:
    """Give what understands tasks; to make it takes longer than to ask it for all pages."""
    return Parser(contexts=fabfile.ns.to_contexts())


def refused(words: list[str]) -> str:
    """Say what fab does not understand of its words, "" if nothing; read as fab reads them."""
    core = Parser(initial=program.initial_context, ignore_unknown=True).parse_argv(words)
    try:
        tasks = of_tasks().parse_argv(core.unparsed)
        helped = core[0].args["help"].value
        tasks += of_tasks().parse_argv([helped] if helped else [])
    except ParseError as error:
        return str(error)
    return "" if tasks or core[0].args["list"].value else "no task"


@pytest.mark.parametrize("page", PAGES)
def test_fab_understands_every_command_that_a_page_tells(page: str) -> None:
    told = {" ".join(words): refused(words) for words in calls(page, "fab")}
    assert {command: why for command, why in told.items() if why} == {}


def test_a_command_that_fab_does_not_understand_is_found() -> None:
    assert refused(["lab.slow", "--dly", "3"]) and refused(["depoly"]) and refused(["-H", "10.70.0.10"])
    assert not refused(["--help", "plan"]) and not refused(["-H", "10.70.0.10", "plan", "--check"])


@pytest.mark.parametrize("page", PAGES)
def test_pytest_has_every_option_that_a_page_tells(page: str, pytestconfig: pytest.Config) -> None:
    told = {word.partition("=")[0] for words in calls(page, "pytest") for word in words if word[:1] == "-"}
    for option in told - {"-m"}:
        pytestconfig.getoption(option)  # which raises for one that there is not


@pytest.mark.parametrize("page", PAGES)
def test_every_target_of_make_that_a_page_tells_is_one(page: str) -> None:
    assert {words[0] for words in calls(page, "make")} <= TARGETS


def test_commands_are_found_in_pages() -> None:
    found = {name: sum(len([*calls(page, name)]) for page in PAGES) for name in ("fab", "make", "pytest")}
    assert found["fab"] > 150 and found["make"] > 20 and found["pytest"] > 20


def test_every_task_of_the_whole_cluster_and_of_the_lab_has_a_job() -> None:
    told = {word for page in JOBS for words in calls(f"docs/{page}", "fab") for word in words}
    tasks: dict[str, Task[Any]] = {**fabfile.ns.tasks, **fabfile.ns.collections["lab"].tasks}
    names = {("lab." if task.body.__module__ == "lab.tasks" else "") + name for name, task in tasks.items()}
    assert len(names) > 20 and {name.replace("_", "-") for name in names} - told == set()


def anchors(file: Path) -> set[str]:
    """Give what a link into a page may name, as GitHub makes it of headings."""
    headings = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", LINKED)
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    file = ROOT / page
    for link in re.findall(r"\]\(([^)\s]+)\)", file.read_text()):
        if "://" not in link:
            path, _, anchor = link.partition("#")
            there = (file.parent / path).resolve() if path else file
            assert there.exists() and (not anchor or anchor in anchors(there)), link


@pytest.mark.parametrize("page", ["docs/lab.md", "docs/hosts.md"])
def test_who_tries_the_labs_profile_agent_is_told_the_labs_own_key(page: str) -> None:
    assert str(HERE.key.relative_to(ROOT)) in (ROOT / page).read_text()


@pytest.mark.parametrize("page", PAGES)
def test_a_plan_that_a_page_has_saved_is_not_committed(page: str) -> None:
    saved = {words[words.index("--out") + 1] for words in calls(page, "fab") if "--out" in words} - {"FILE"}
    assert {f"/{name}" for name in saved if name[0] != "/"} <= {*(ROOT / ".gitignore").read_text().split()}


def definitions(page: str) -> list[dict[str, Any]]:
    """Give the apps that the commands of a page launch."""
    text = (ROOT / page).read_text()
    return [json.loads(found) for found in re.findall(r"/v2/apps -d '(\{.*?\})'", text, re.DOTALL)]


def test_the_first_app_is_of_an_image_that_the_labs_registry_has_and_answers_on_its_agent() -> None:
    app, _ = definitions("docs/apps.md")
    image = app["container"]["docker"]["image"]
    tags = images.pushed(images.STAND_INS)
    assert image in {images.reference(each) for each in images.ALL if each.tag in tags}
    (port,) = [each["port"] for each in app["portDefinitions"]]
    assert f"curl http://{agents(1)[0].address}:{port}/" in (ROOT / "docs/apps.md").read_text()
    assert f"/v2/apps{app['id']}" in (ROOT / "docs/apps.md").read_text()
