"""Who connects to nobody reads no ssh_config, however broken that is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BROKEN = {
    "not UTF-8": "Host caf\xe9\n".encode("latin-1"),
    "a keyword without a value": b"Host *\n  IdentitiesOnly\n",
    "nonsense": b"Match Host\n\0\n",
}


def fab(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fabric", *words],
        cwd=ROOT,
        env={**os.environ, "HOME": str(home), "INVENTORY": "hosts.ini"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_the_runbook_is_printed_whatever_stands_in_ssh_config(tmp_path: Path, text: bytes) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/config").write_bytes(text)
    done = fab(tmp_path, "runbook")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("#### ")


def test_the_runbook_is_printed_whatever_fab_is_told_to_read(tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(BROKEN["not UTF-8"])
    done = fab(tmp_path, "-S", str(tmp_path / "broken"), "runbook")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_list_of_tasks_does_not_wait_for_an_ssh_config_that_never_ends(tmp_path: Path) -> None:
    (tmp_path / ".ssh").mkdir()
    os.mkfifo(tmp_path / ".ssh/config")
    assert fab(tmp_path, "--list").returncode == 0


def test_a_run_that_connects_refuses_it_in_a_sentence_before_any_host_is_dialled(tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(BROKEN["a keyword without a value"])
    done = fab(tmp_path, "-S", str(tmp_path / "broken"), "plan")
    assert done.returncode == 2
    assert f"{tmp_path}/broken" in done.stderr and "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
