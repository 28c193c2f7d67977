"""What the suite says of a login shell: a real one that reads another file in place of /etc/profile."""

import os
import time
from pathlib import Path
from typing import cast

import pytest
from samples import at_work, logging_in, run
from testinfra.backend.base import CommandResult
from testinfra.host import Host

from tasks.inventory.cluster import Node
from tasks.inventory.parse import parse
from verify import logins

(NODE,) = parse("[zookeeper]\n10.70.0.10 myid=1\n").nodes
SLEEP = f"sleep 72.{os.getpid()}"


class Local:
    """A host on which commands run here, with a profile of its own."""

    def __init__(self, root: Path, profile: str) -> None:
        self.root = root
        (root / "profile").write_text(profile.replace("SLEEP", SLEEP))
        logging_in(root / "bin", root / "profile")

    def run(self, command: str) -> CommandResult:
        text = command.replace("/etc/profile", f"{self.root}/profile").replace("timeout 10 ", "timeout 1 ")
        done = run(text, self.root, self.root / "bin")
        return CommandResult(None, 0, "", done.stdout.decode(), "")


def check(root: Path, profile: str, node: Node = NODE) -> str:
    """What the check finds, "" if nothing."""
    try:
        logins.check(cast(Host, Local(root, profile)), node)
    except pytest.fail.Exception as failed:
        return str(failed)
    return ""


RIGHT = "export HOST_IP=10.70.0.10\n"
FINE = {
    "alone": RIGHT,
    "behind a program that it leaves": f"( while :; do SLEEP; done ) &\n{RIGHT}",
    "before an early end": f"{RIGHT}exit 3\n",
    "behind a banner": f"echo says 10.0.0.1\n{RIGHT}",
    "under set -eu": f"set -eu\n{RIGHT}",
    "before a here-document without an end": f"{RIGHT}cat <<END\n",
}


@pytest.mark.parametrize("profile", FINE.values(), ids=FINE.keys())
def test_the_right_address_passes_whatever_else_a_login_does(profile: str, tmp_path: Path) -> None:
    begun = time.monotonic()
    assert check(tmp_path, profile) == ""
    assert time.monotonic() - begun < 20
    assert at_work(SLEEP) == []


WRONG = {
    "a login shell says HOST_IP=''; expected 10.70.0.10; `fab host.set-ip`": "umask 022\n",
    "a login shell says HOST_IP='10.0.0.1 10.70.0.10'; ": "export HOST_IP='10.0.0.1\n10.70.0.10'\n",
    "a login shell says HOST_IP='1'; ": f"export HOST_IP=1\nreadonly HOST_IP\n{RIGHT}",
    "a login shell ends in /etc/profile, where it has HOST_IP=''; expected": f"exit 0\n{RIGHT}",
    "a login shell does not come to its end within 10 s; it is at SLEEP; ": f"SLEEP\n{RIGHT}",
    "/etc/profile breaks logins: sh cannot read it (": f"{RIGHT}if true; then\n",
    "a login shell does not come to its end within 10 s; expected its prompt": "while :; do :; done\n",
}


@pytest.mark.parametrize(("told", "profile"), WRONG.items())
def test_anything_else_is_told_in_its_own_words(told: str, profile: str, tmp_path: Path) -> None:
    assert check(tmp_path, profile).startswith(f"10.70.0.10: {told}".replace("SLEEP", SLEEP))
    assert at_work(SLEEP) == []
