"""The suite while a run is at work: it says whose, once, and judges nothing."""

import subprocess
from pathlib import Path

import pytest
from samples import SHELLS, run
from test_suite_report import suite

from verify import lease

ANN = "ann@desk, since 2026-11-30 12:00:00 UTC: fab deploy-cluster"
TOLD = "ann@desk has been at work here since 2026-11-30 12:00:00 UTC: fab deploy-cluster"


def asked(file: Path, shell: list[str]) -> str:
    """Ask for the lease as a host would, but at that file."""
    done = run(lease.ASK.replace(lease.LEASE, str(file)), file.parent, shell=shell)
    assert done.returncode == 0
    return lease.told(done.stdout.decode())


@pytest.mark.parametrize("sh", SHELLS, ids=lambda words: words[0])
def test_a_lease_that_is_held_tells_whose_run_it_is_and_no_other_does(tmp_path: Path, sh: list[str]) -> None:
    file = tmp_path / "lease"
    assert asked(file, sh) == ""
    file.write_text(f"{ANN}\nthe id of its run\n")
    assert asked(file, sh) == ""
    hold = ["flock", str(file), "sh", "-c", "echo held; exec cat"]
    with subprocess.Popen(hold, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() == b"held\n"
        assert asked(file, sh) == TOLD
        process.kill()


def test_a_lease_of_another_form_is_told_as_it_is() -> None:
    assert lease.told("an older form\n") == "another run is at work here (an older form)"


def judged(folder: Path, monkeypatch: pytest.MonkeyPatch, host: str, answers: str) -> str:
    """Judge a host, another one for each test, that answers as a script does; give what the suite says."""
    (folder / "ssh").write_text(f"#!/bin/sh\ncd {folder}\ncase $* in\n{answers}\nesac\n")
    (folder / "ssh").chmod(0o700)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    code, said, _ = suite(
        f"[zookeeper]\n{host} myid=1\n", folder, "verify/test_host.py", "verify/test_zookeeper.py"
    )
    assert code == 1
    return said


def test_a_host_on_which_a_run_is_at_work_is_one_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = judged(tmp_path, monkeypatch, "10.0.0.31", f"*{lease.LEASE}*) echo '{ANN}' ;;")
    told = f"\n10.0.0.31: {TOLD}; expected no run at work there; wait for it to end, then run the suite again"
    assert (said.count(told), said.count("\n10.0.0.31: ")) == (1, 1), said


def test_while_a_run_is_at_work_nothing_is_judged_and_it_is_told_once_for_all_its_hosts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ssh").write_text(
        f"#!/bin/sh\ncase $* in *10.0.0.3[45]*{lease.LEASE}*) echo '{ANN}' ;; esac\n"
    )
    (tmp_path / "ssh").chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    trio = "[zookeeper]\n10.0.0.34 myid=1\n10.0.0.35 myid=2\n10.0.0.36 myid=3\n"
    files = ("verify/test_host.py", "verify/test_zookeeper.py", "verify/test_zookeeper_ensemble.py")
    code, said, junit = suite(trio, tmp_path, *files)
    _, _, told = said.partition(" what is wrong ")
    assert [line for line in told.splitlines() if line.startswith(("10.", "    "))] == [
        f"10.0.0.34, 10.0.0.35: {TOLD}; expected no run at work there; "
        "wait for it to end, then run the suite again; remove nothing there meanwhile",
        "    fails every check",
    ]
    assert code == 1 and all(case.find("error") is not None for case in junit.iter("testcase"))


LEFT = "*'docker ps'*) echo zookeeper.prev zookeeper zookeeper-2.prev; touch begun ;;"


def test_what_a_run_keeps_that_has_begun_in_mid_test_is_no_left_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = f"{LEFT}\n*{lease.LEASE}*) [ ! -e begun ] || echo '{ANN}' ;;"
    said = judged(tmp_path, monkeypatch, "10.0.0.32", answers)
    assert f"10.0.0.32: {TOLD}; expected" in said
    assert "there is a container" not in said


def test_what_a_run_has_left_that_is_no_more_is_for_the_next_one_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = judged(tmp_path, monkeypatch, "10.0.0.33", LEFT)
    (left,) = [line for line in said.splitlines() if "there is a container zookeeper.prev" in line]
    assert "`fab deploy-cluster` goes on with it" in left and "rm -f" not in left
    (stray,) = [line for line in said.splitlines() if "there is a container zookeeper-2.prev" in line]
    assert "add its role to the host in hosts.ini, or remove it; docs/members.md says how" in stray
