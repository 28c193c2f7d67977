"""What Tab offers behind fab: hosts where one is meant, in the shells that there are, and never an error."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_start_up import below, imported_by

from tasks.engine.completion import offers

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
HOSTS = ["10.70.0.10", "10.70.0.11", "10.70.0.12", "10.70.0.20"]
GOOD = """\
[zookeeper]
10.70.0.10 myid=1
10.70.0.11 myid=2
10.70.0.12 myid=3
[mesos_agent]
10.70.0.20
[others]
10.70.0.30
"""
SHELLS = {
    "bash": """\
source <(fab --print-completion-script=bash)
COMP_WORDS=("$@")
_complete_fab fab "${@: -1}"
printf '%s\\n' "${COMPREPLY[@]}"
""",
    "zsh": """\
source <(fab --print-completion-script=zsh)
words=("$@")
_complete_fab
print -l -- ${(M)reply:#${@[-1]}*}
""",
    "fish": """\
fab --print-completion-script=fish | source
complete --do-complete "$argv"
""",
}
"""What is typed once to have a shell complete, and then how it is asked to."""
QUIET = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """A hosts.ini that is in use."""
    file = tmp_path / "hosts.ini"
    file.write_text(GOOD)
    return file


def run(inventory: Path, *command: str) -> list[str]:
    """Run a command as somebody with a hosts.ini does; it must say nothing beside what it is asked for."""
    env = os.environ | {"INVENTORY": str(inventory), "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def offered(inventory: Path, line: str) -> list[str]:
    """What fab offers to the shells' scripts, which drop a blank at the end."""
    return run(inventory, "fab", "--complete", "--", *line.split())


@pytest.mark.parametrize(
    "line, prefix",
    [
        ("fab -H", ""),
        ("fab --hosts 10.70.0.", ""),
        ("fab --hosts=", "--hosts="),
        ("fab --hosts =", ""),  # as bash cuts it
        ("fab host.drain", ""),
        ("fab host.drain --host", ""),
        ("fab -t 5 marathon.hand-over --to", ""),
        ("fab marathon.hand-over --to=10", "--to="),
    ],
)
def test_hosts_are_offered_where_one_is_meant(inventory: Path, line: str, prefix: str) -> None:
    assert offered(inventory, line) == [f"{prefix}{host}" for host in HOSTS]


def test_behind_a_comma_the_other_hosts_are_offered(inventory: Path) -> None:
    assert offered(inventory, "fab -H 10.70.0.11,") == [
        f"10.70.0.11,{host}" for host in HOSTS if host != "10.70.0.11"
    ]


def test_behind_a_whole_host_comes_a_task_and_elsewhere_all_is_as_invoke_has_it(inventory: Path) -> None:
    for line in ("fab -H 10.70.0.10", "fab", "fab host.drain 10.70.0.20"):
        assert "deploy-cluster" in offered(inventory, line)
        assert not set(offered(inventory, line)) & set(HOSTS)
    assert "--drain-timeout" in offered(inventory, "fab host.drain --dr")
    assert "--ssh-config" in offered(inventory, "fab --ssh")


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("myid=3", "myid=3x") + "[all:vars]\nzookeper_port=1\n",
        GOOD + "[other",
        GOOD.replace("[zookeeper]", "[zookeeper]\n$(touch/owned) myid=4\n`id` myid=5"),
    ],
    ids=["wrong values", "no section", "names for shells"],
)
def test_a_broken_inventory_still_names_its_hosts(inventory: Path, text: str) -> None:
    inventory.write_text(text)
    assert set(HOSTS) <= set(offered(inventory, "fab -H")) <= {*HOSTS, "10.70.0.30"}


@pytest.mark.parametrize(
    "text", ["", "\x00\x01", "#!/bin/sh\n", "$ANSIBLE_VAULT;1.1;AES256\n", "all:\n  hosts:\n"]
)
def test_of_what_is_no_ini_no_host_is_offered_and_nobody_is_asked(inventory: Path, text: str) -> None:
    inventory.write_text(text)
    assert offered(inventory, "fab -H") == []
    inventory.unlink()
    assert offered(inventory, "fab -H") == []


def test_an_open_quote_is_no_error(inventory: Path) -> None:
    assert offered(inventory, "fab plan --out 'p") == []


def test_completion_imports_nothing_that_dials_or_plans() -> None:
    modules = imported_by("-m", "fabric", "--complete", "--", "fab", "-H")
    assert below("tasks.engine", modules) == {
        "tasks.engine.commandline",
        "tasks.engine.completion",
        "tasks.engine.listing",
    }
    assert not below("tasks.plan", modules) and "rich" not in modules


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes_after_its_one_line(inventory: Path, shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")

    def completed(*words: str) -> list[str]:
        typed = [" ".join(words)] if shell == "fish" else [shell, *words]
        return run(inventory, shell, *QUIET[shell], "-c", SHELLS[shell], *typed)

    assert completed("fab", "-H", "10.70.0.1") == HOSTS[:3]
    assert completed("fab", "-H", "") == HOSTS
    assert completed("fab", "-H", "10.70.0.10,10.70.0.2") == ["10.70.0.10,10.70.0.20"]
    assert completed("fab", "-H", "10.70.0.10", "deploy-c") == ["deploy-cluster"]
    assert completed("fab", "host.drain", "10.70.0.2") == ["10.70.0.20"]


NAME = st.text(st.sampled_from("ab.-1"), min_size=1)


@given(st.lists(NAME, unique=True), st.text(st.sampled_from("ab.-1,=")))
def test_what_is_offered_begins_as_what_is_typed_and_names_one_more_host(
    names: list[str], typed: str
) -> None:
    for offer in offers(typed, names):
        assert offer.startswith(typed)
        assert (
            offer.removeprefix(typed[: len(typed) - len(typed.rpartition(",")[2].rpartition("=")[2])])
            in names
        )


@given(st.text())
def test_whatever_is_typed_or_named_ends_nothing_and_reaches_no_shell(text: str) -> None:
    assert all(ord(each) < 128 and each not in "$`;|& \n'\"\\" for one in offers("", [text]) for each in one)
    offers(text, ["a"])
