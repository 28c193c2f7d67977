"""docs/mistakes.md holds what is answered to mistakes that show only on the hosts: here they are made."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from operators import COMMAND_TIMEOUT, INVENTORY, ROOT, environment

from lab import faults

sys.path.insert(0, str(ROOT / "tests"))
from mistakes import ON_HOSTS

NODE = "10.70.0.11"
SSH_CONFIG = ROOT / "lab/ssh_config"
Prepare = Callable[[Path], AbstractContextManager[None]]


@contextmanager
def nothing(where: Path) -> Iterator[None]:
    """Have nothing wrong but what is typed."""
    yield


@contextmanager
def no_ssh_directory(where: Path) -> Iterator[None]:
    """Know the key of no host: known_hosts is to be in a directory that is not there."""
    config = (where / "ssh_config").read_text()
    own = re.sub(r"UserKnownHostsFile .*", f"UserKnownHostsFile {where}/.ssh/known_hosts", config)
    (where / "ssh_config").write_text(own)
    yield


@contextmanager
def another_image(where: Path) -> Iterator[None]:
    """Want an image that nobody has."""
    text = (where / "hosts.ini").read_text()
    (where / "hosts.ini").write_text(text.replace("lab/zookeeper:3.8.0", "lab/zookeeper:3.8.99"))
    yield


PREPARE: dict[str, Prepare] = {
    "down": lambda where: faults.stopped(NODE),
    "stranger": nothing,
    "unknown": no_ssh_directory,
    "engine": lambda where: faults.engine_stopped(NODE),
    "port": lambda where: faults.port_taken(NODE, 2181),
    "image": another_image,
}


@pytest.fixture
def where(lab: None, tmp_path: Path) -> Path:
    """A home with an inventory and an ssh_config of its own."""
    for file in (INVENTORY, SSH_CONFIG):
        (tmp_path / file.name).write_text(file.read_text())
    return tmp_path


@pytest.mark.parametrize("name", ON_HOSTS)
def test_a_mistake_on_the_hosts_is_answered_as_the_page_says(name: str, bare: None, where: Path) -> None:
    mistake = ON_HOSTS[name]
    with PREPARE[name](where):
        said, code = typed(mistake.typed, where)
    assert (tidied(said, where), code) == (mistake.answer, mistake.code)


def test_the_command_that_makes_a_key_known_does_so_although_there_is_no_ssh_directory(where: Path) -> None:
    with no_ssh_directory(where):
        said, _ = typed("fab -H 10.70.0.11 status", where)
        command = re.search(r"add it: (.*)", said)
        assert command, said
        subprocess.run(["sh", "-ec", command[1]], check=True, capture_output=True)
        assert "is not known" not in typed("fab -H 10.70.0.11 status", where)[0]


def typed(words: str, where: Path) -> tuple[str, int]:
    """What is answered, and the exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "fabric", *words.split()[1:]],
        cwd=ROOT,
        env={**environment(where / "hosts.ini"), "HOME": str(where)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=COMMAND_TIMEOUT,
    )
    return done.stdout, done.returncode


def tidied(said: str, where: Path) -> str:
    """Take out what is another one every time."""
    said = said.replace(str(where), "~")
    said = re.sub(r"SHA256:\S+", "SHA256:...", said)
    said = re.sub(r"\(pid \d+\)", "(pid 4711)", said)
    lines = [line.rstrip() for line in said.splitlines()]
    return "\n".join(line for line in lines if line and "  warning  " not in line)
