"""README in both languages, the index of docs/, and which versions the pages say were run."""

import re
from pathlib import Path

import docker_answers
import pytest

from lab import images
from tasks.inventory.settings import Settings
from tasks.plan.preflight import CHECKS
from verify.findings import LEAVE

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, CHINESE = ((ROOT / name).read_text() for name in ("README.md", "README.zh-CN.md"))
INDEX = (ROOT / "docs/README.md").read_text()
COMPATIBILITY = (ROOT / "docs/compatibility.md").read_text()


def links(text: str) -> list[str]:
    """Give where a page leads, in the order of the text."""
    return re.findall(r"\]\(([^)\s]+)\)", text)


def code(text: str) -> list[str]:
    """Give what a page shows to be typed or read as it is: indented lines, and words in backticks."""
    indented = re.findall(r"^ {4,}.*$", text, re.MULTILINE)
    return indented + sorted(re.findall(r"`([^`\n]+)`", re.sub(r"^ {4,}.*$", "", text, flags=re.MULTILINE)))


def shapes(text: str) -> list[list[int]]:
    """Give the tables of a page: of each, how many cells each of its rows has."""
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    return [[row.count("|") for row in table.splitlines()] for table in tables]


def columns(text: str) -> list[str]:
    """Give the cells of the tables that no language changes: ids, tasks, figures."""
    cells = [cell.strip() for row in re.findall(r"^\|(.*)\|$", text, re.MULTILINE) for cell in row.split("|")]
    return re.findall(r"\b\d+\.\d(?: s)?", " ; ".join(cells))


def test_the_readme_can_be_read_in_one_go() -> None:
    assert len(ENGLISH.splitlines()) <= 150 and len(CHINESE.splitlines()) <= 150


def test_both_languages_lead_to_the_same_places() -> None:
    assert links(ENGLISH)[0] == "README.zh-CN.md" and links(CHINESE)[0] == "README.md"
    assert sorted(links(ENGLISH)[1:]) == sorted(links(CHINESE)[1:])


def test_both_languages_have_the_same_commands() -> None:
    assert code(ENGLISH) == code(CHINESE)


def test_both_languages_have_the_same_tables_with_the_same_figures() -> None:
    assert shapes(ENGLISH) == shapes(CHINESE) and len(shapes(ENGLISH)) == 3
    assert columns(ENGLISH) == columns(CHINESE)


def test_both_languages_have_the_same_sections() -> None:
    levels = [re.findall(r"^(#+) ", text, re.MULTILINE) for text in (ENGLISH, CHINESE)]
    assert levels[0] == levels[1]


def test_the_index_leads_to_every_page_once() -> None:
    pages = sorted(page.name for page in (ROOT / "docs").glob("*.md") if page.name != "README.md")
    assert sorted(links(INDEX)) == pages


def test_the_readmes_times_are_those_that_were_measured() -> None:
    measured = (ROOT / "docs/performance.md").read_text()
    for title, case in {
        "first deploy of four hosts": "cold deploy",
        "nothing changed": "nothing changed",
        "one change, rolled": "rolling change",
    }.items():
        table = measured.partition(f"### {case} (5 runs each)")[2].partition("\n###")[0]
        medians = {row[0]: float(row[1]) for row in re.findall(r"^\| ([\w, ]+) \| ([\d.]+) \|", table, re.M)}
        (row,) = re.findall(rf"^\| {title} \|(.*)$", ENGLISH, re.MULTILINE)
        told = [float(figure) for figure in re.findall(r"([\d.]+) s", row)]
        contestants = ("mesofab", "ansible", "ansible, tuned", "pyinfra")
        assert told == [pytest.approx(medians[name], abs=0.051) for name in contestants]


def test_every_version_that_the_lab_or_hosts_ini_names_is_said_to_be_run_or_not() -> None:
    wanted = [str(value) for value in vars(Settings()).values() if re.search(r":v?\d", str(value))]
    versions = {image.rpartition(":")[2].lstrip("v") for image in wanted}
    versions |= {
        one.tag.rpartition(":")[2] for one in (images.ZOOKEEPER, images.MARATHON, images.NEXT_MARATHON)
    }
    engines = docker_answers.answers({"Env": [], "Labels": {}, "Binds": []})
    versions |= {engine.rpartition(".")[0] for engine in engines}
    assert len(versions) > 8
    told = COMPATIBILITY.partition("## What it was run against")[2].partition("\n## ")[0]
    assert {version for version in versions if not re.search(rf"\b{re.escape(version)}\b", told)} == set()


def test_every_setting_and_check_that_compatibility_names_is_one() -> None:
    named = set(re.findall(r"`([a-z_]+_[a-z_]+)(?:=\S+)?`", COMPATIBILITY))
    settings = {*Settings.__dataclass_fields__, "mesos_image"}
    assert len(named) > 4 and named <= settings
    checks = set(re.findall(r"\(`([a-z-]+)`\)", COMPATIBILITY))
    assert checks >= {"docker-init", "docker-api", "cgroups"} and checks <= set(CHECKS)


def test_the_page_that_findings_of_the_suite_name_has_the_section_that_they_name() -> None:
    page, section = re.fullmatch(r"(\S+) says how one leaves: (.+)", LEAVE).groups()  # type: ignore[union-attr]
    assert f"\n## {section}\n" in (ROOT / page).read_text()
