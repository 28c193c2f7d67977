"""Every command of README and docs/ is run: what dials nobody to its end, the others until they dial a host.

The hosts are the pages' own, on a port of the loopback where nobody listens. So a command that ends with 3
has read its command line, files and inventory, and has chosen its hosts. What happens behind that is the
business of tests/lab, and so is what acts on the lab itself. The suite would dial what `--hosts` names as it
stands there, so its commands only collect their checks; there must be some for every host that is named.
"""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_jobs import PAGES, TARGETS, calls
from test_suite_report import suite

ROOT = Path(__file__).resolve().parents[2]
RUNNER = """
import json, os, pkgutil, shutil, sys, tempfile
from importlib import import_module
from fabric.main import program
import fabfile, tasks
for found in pkgutil.walk_packages(tasks.__path__, "tasks."):
    import_module(found.name)  # once, and not by every command
for words in json.load(sys.stdin):
    place = tempfile.mkdtemp(prefix=f"{sys.argv[1]}.")  # none finds what another has written
    shutil.copytree(sys.argv[1], place, dirs_exist_ok=True)
    if os.fork() == 0:
        os.setsid()
        os.chdir(place)
        said = os.open("said", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        password, typed = os.pipe()
        os.write(typed, b"secret\\n"), os.close(typed)
        os.dup2(password, 0), os.dup2(said, 1), os.dup2(said, 2)
        program.run(["fab", "--search-root", sys.argv[2], *words])
        sys.exit(0)
    code = os.waitstatus_to_exitcode(os.wait()[1])
    print(json.dumps([words, code, open(f"{place}/said").read()]), flush=True)
"""
"""Runs commands as fab does, without starting Python for each."""

GIVEN = {"$host": "10.70.0.10", "HOST": "10.70.0.20", "KEY": "key", "/var/backups/mesos": "."}
"""What stands for what in the commands of pages."""

ENDLESS = {"--watch", "--web"}

PARTS = 4
"""In so many parts the commands are run, which may be at the same time."""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory with the pages' hosts.ini, whose hosts do not answer, and files that commands read."""
    directory = tmp_path_factory.mktemp("typed")
    with socket.socket() as nobody:  # who has the port, and does not listen
        nobody.bind(("0.0.0.0", 0))
        trio = "".join(
            f"10.70.0.1{n} ansible_host=127.0.0.1{n} myid={n + 1} number={n + 1}\n" for n in range(3)
        )
        services = "[mesos_master:children]\nzookeeper\n[marathon:children]\nzookeeper\n"
        agent = "[mesos_agent]\n10.70.0.11\n10.70.0.20 ansible_host=127.0.0.20\n"
        port = f"[all:vars]\nansible_port={nobody.getsockname()[1]}\n"
        (directory / "hosts.ini").write_text(f"[zookeeper]\n{trio}{services}{agent}{port}")
        (directory / "FILE").touch()
        (directory / "key").touch(mode=0o600)
        yield directory


def commands() -> list[list[str]]:
    """All that pages tell to type behind fab, but what acts on the lab."""
    found = {" ".join(words) for page in PAGES for words in calls(page, "fab") if not ENDLESS & {*words}}
    typed = [one.replace("--out FILE", "--out new").split() for one in found]
    ours = {
        tuple(GIVEN.get(word, word) for word in words)
        for words in typed
        if not any(word.startswith("lab.") for word in words)
    }
    return [list(words) for words in sorted(ours)]


def expected(words: list[str]) -> int:
    """The exit code: 0 for what dials nobody or needs no answer, 2 where a file is none of ours, else 3."""
    if {"--list", "--help", "diagnose", "runbook", "runs", "version"} & {*words}:
        return 0
    return 2 if {"--plan", "restore", "backup.check"} & {*words} else 3


def test_there_are_many_commands_to_run() -> None:
    assert len(commands()) > 60


@pytest.mark.parametrize("part", range(PARTS))
def test_every_command_of_fab_is_run_up_to_its_first_host(directory: Path, part: int) -> None:
    told = commands()[part::PARTS]
    env = os.environ | {"INVENTORY": str(directory / "hosts.ini")}
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, str(directory), str(ROOT)],
        cwd=ROOT,
        env=env,
        input=json.dumps(told),
        capture_output=True,
        text=True,
    )
    ended = [json.loads(line) for line in done.stdout.splitlines()]
    assert [words for words, _, _ in ended] == told, done.stderr
    assert {" ".join(w): (code, said) for w, code, said in ended if code != expected(w)} == {}
    assert not [said for _, _, said in ended if "Traceback" in said]


def suites() -> list[list[str]]:
    """All that pages tell to type behind pytest."""
    return [
        list(words) for words in sorted({tuple(each) for page in PAGES for each in calls(page, "pytest")})
    ]


def written_to(folder: Path, word: str) -> str:
    """Give an option with a file of this folder, and a host for what stands for one."""
    option, file = word.partition("=")[0], {"--report": "page.html", "--junitxml": "report.xml"}
    return f"{option}={folder}/{file[option]}" if option in file else word.replace("$host", "10.70.0.10")


@pytest.mark.parametrize("words", suites(), ids=" ".join)
def test_every_command_of_pytest_has_checks_and_some_for_each_host_that_it_names(
    directory: Path, tmp_path: Path, words: list[str]
) -> None:
    told = [written_to(tmp_path, word) for word in words]
    code, said, _ = suite((directory / "hosts.ini").read_text(), tmp_path, "--collect-only", *told)
    assert (code, re.findall(r"ERROR.*|no tests collected", said)) == (5, []), said
    named = {host for word in told for host in re.findall(r"ssh://(?:\w+@)?([\d.]+)", word)}
    assert all(f"[ssh://{host}]" in said for host in named)
    assert ("every role is covered" in said) <= bool(named)


def typed_to_make() -> set[str]:
    """All that pages tell to type behind make, and every target for itself."""
    return TARGETS | {" ".join(words) for page in PAGES for words in calls(page, "make")}


def test_there_are_many_commands_of_pytest_and_make_to_run() -> None:
    assert len(suites()) > 8 and len(typed_to_make()) > len(TARGETS) + 1


@pytest.mark.parametrize("typed", sorted(typed_to_make()))
def test_make_knows_how_to_make_whatever_is_typed(typed: str) -> None:
    """What it would do needs the lab, the network or minutes; its lines are run by CI and by who develops."""
    done = subprocess.run(["make", "-n", *typed.split()], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
