"""The last line of the suite, and its exit code: a run that has checked nothing does not look like a pass."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from fake_members import Given, nothing, on_loopback
from test_suite_one_host import ENSEMBLE as SOME
from test_suite_one_host import TRIO, members
from test_suite_report import ROOT, suite

from tasks.inventory.parse import parse
from verify.verdict import Tally

ENSEMBLE = "verify/test_zookeeper_ensemble.py"
MODES = {"127.0.0.1": "leader", "127.0.0.2": "follower", "127.0.0.3": "follower"}


@dataclass(frozen=True)
class Check:
    """What a tally wants of a check, and of a report of it."""

    nodeid: str
    outcome: str = ""
    when: str = "call"

    @property
    def failed(self) -> bool:
        return self.outcome == "failed"

    @property
    def skipped(self) -> bool:
        return self.outcome == "skipped"


def told(*outcomes: str, hosts: int = 4, files: int = 0, ended_well: bool = True) -> str:
    """Give the last line after these outcomes, "" for a check that was not run."""
    tally, checks = Tally(), [Check(str(number), outcome) for number, outcome in enumerate(outcomes)]
    tally.choose(parse(TRIO, "hosts.ini"), checks, files)  # type: ignore[arg-type]
    for check in filter(lambda check: check.outcome, checks):
        tally.pytest_runtest_logreport(check)  # type: ignore[arg-type]
    return tally.says(hosts, ended_well)


def test_only_a_whole_suite_that_passed_is_said_to_have_passed_as_a_whole() -> None:
    assert told("passed", "passed", "skipped") == "2 checks on 4 hosts of hosts.ini: all passed"
    assert told("passed", hosts=1) == "1 check on 1 of 4 hosts of hosts.ini: all passed"
    for said in (
        told("passed", ""),
        told("passed", files=3),
        told("passed", ended_well=False),
        told("passed", "failed"),
        told("skipped"),
        told(""),
        told(),
    ):
        assert "all passed" not in said


@pytest.mark.parametrize("page", ["troubles.md", "suite.md"])
def test_what_the_docs_have_a_ci_look_for_is_a_whole_suite_that_passed_and_nothing_else(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    (pattern,) = re.findall(r"^    pytest verify/ .*\| grep -E '(.+)'$", text, re.MULTILINE)

    def finds(line: str) -> bool:
        return subprocess.run(["grep", "-qE", pattern], input=line.encode(), check=False).returncode == 0

    assert finds(told("passed", "skipped")) and finds(told(*["passed"] * 94))
    for said in (told("passed", hosts=1), told("passed", files=1), told("passed", "failed"), told("skipped")):
        assert not finds(said), said


def test_what_was_left_out_and_what_failed_is_counted() -> None:
    assert told("passed", "passed", "", files=3) == (
        "2 checks on 4 hosts of hosts.ini passed; not run: 1 more check, those of 3 more files of verify/"
    )
    assert told("passed", "failed", "failed") == "2 of 3 checks on 4 hosts of hosts.ini failed"
    assert told("skipped") == "Nothing was checked on 4 hosts of hosts.ini"


def test_a_check_that_passes_and_cannot_be_cleaned_up_after_has_failed() -> None:
    tally = Tally()
    tally.choose(parse(TRIO, "hosts.ini"), [Check("a")], 0)  # type: ignore[list-item]
    tally.pytest_runtest_logreport(Check("a", "passed"))  # type: ignore[arg-type]
    tally.pytest_runtest_logreport(Check("a", "failed", "teardown"))  # type: ignore[arg-type]
    assert tally.says(4, False) == "1 of 1 check on 4 hosts of hosts.ini failed"


def run(folder: Path, *words: str) -> tuple[int, str]:
    """Run checks of an ensemble that is well; give the exit code and the last line."""
    with on_loopback(TRIO, members(MODES), nothing) as cluster:
        code, said, _ = suite(TRIO, folder, *words, plugins=[Given(cluster)])
    return code, said.splitlines()[-1]


def test_a_run_ends_with_what_it_has_checked(tmp_path: Path) -> None:
    code, last = run(tmp_path, *SOME)
    assert code == 0
    assert " checks on 4 hosts of " in last and " passed; not run: " in last


@pytest.mark.parametrize(
    "options", ["--collect-only", "--setup-plan", "-k nothing_like_it", f"--deselect={ENSEMBLE}"]
)
def test_variables_cannot_make_a_pass_of_a_run_that_checks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: str
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", options)
    code, last = run(tmp_path, ENSEMBLE)
    assert (code, last.partition(" on ")[0]) == (5, "Nothing was checked")


@pytest.mark.parametrize(
    "option, sentence",
    [
        ("--hosts=paramiko://root@10.0.0.1", "--hosts=paramiko://root@10.0.0.1: the suite asks hosts over"),
        ("--hosts=docker://10.0.0.1", "which checks their keys: write ssh://10.0.0.1"),
        ("--hosts=local://", "--hosts=local://: the suite asks hosts over ssh:// alone"),
        ("--hosts=ssh://10.0.0.1,ansible://10.0.0.2", "--hosts=ansible://10.0.0.2: the suite asks"),
        ("--hosts=", "--hosts is empty; name hosts, or leave it out"),
        ("--connection=docker", "--connection=docker: the suite asks hosts over ssh:// alone"),
    ],
)
def test_hosts_are_asked_by_no_way_that_checks_no_keys(tmp_path: Path, option: str, sentence: str) -> None:
    for words in ([option], [option, "--collect-only"]):
        (tmp_path / "report.xml").write_text("<testsuites/>")
        code, said, _ = suite(TRIO, tmp_path, "verify", *words)
        assert code == 4
        assert sentence in said
