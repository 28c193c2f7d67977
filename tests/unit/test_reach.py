"""How the suite asks a host: testinfra's ssh with sudo's password and an end to every wait. No network."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from verify import reach
from verify.reach import Lost, Ssh

PASSWORD = "correct horse"


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Have another ssh on the PATH: it keeps its arguments and its input, then does what it is told."""

    def does(what: str) -> None:
        program = tmp_path / "ssh"
        program.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$@" >{tmp_path}/argv\ncat >{tmp_path}/input\n{what}\n'
        )
        program.chmod(0o700)

    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.delenv("FABRIC_SUDO_PASSWORD", raising=False)
    does("exit 0")
    return does


@pytest.fixture
def inventory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "hosts.ini"
    file.write_text("[zookeeper]\n10.0.0.1 myid=1\n")
    file.chmod(0o600)
    monkeypatch.setenv("INVENTORY", str(file))
    return file


@pytest.fixture
def known(inventory: Path) -> None:
    inventory.write_text(f"{inventory.read_text()}[all:vars]\nansible_become_password={PASSWORD}\n")


Asked = Callable[[str], None]


def test_the_password_is_in_the_input_and_never_in_the_arguments(
    ssh: Asked, known: None, tmp_path: Path
) -> None:
    Ssh("ann@10.0.0.1", sudo=True).run("id -u")
    argv = (tmp_path / "argv").read_text()
    assert (tmp_path / "input").read_text() == f"{PASSWORD}\n"
    assert PASSWORD not in argv
    assert "sudo -S -p '' /bin/sh -c" in argv


def test_a_command_that_reads_its_input_does_not_get_the_password(
    ssh: Asked, known: None, tmp_path: Path
) -> None:
    Ssh("ann@10.0.0.1", sudo=True).run("cat")
    assert "exec </dev/null\ncat" in (tmp_path / "argv").read_text()


def test_the_environment_comes_before_the_inventory(
    ssh: Asked, known: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FABRIC_SUDO_PASSWORD", "newer")
    Ssh("ann@10.0.0.1", sudo=True).run("true")
    assert (tmp_path / "input").read_text() == "newer\n"


def test_without_a_password_sudo_is_told_not_to_ask(ssh: Asked, inventory: Path, tmp_path: Path) -> None:
    Ssh("ann@10.0.0.1", sudo=True).run("true")
    assert "sudo -n /bin/sh -c" in (tmp_path / "argv").read_text()
    assert (tmp_path / "input").read_text() == ""


def test_where_sudo_is_not_wanted_nobody_gets_the_password(ssh: Asked, known: None, tmp_path: Path) -> None:
    Ssh("root@10.0.0.1").run("true")
    assert (tmp_path / "input").read_text() == ""


def test_a_host_that_ssh_cannot_reach_is_lost_with_what_ssh_says(ssh: Asked, inventory: Path) -> None:
    ssh("echo 'Permission denied (publickey).' >&2; exit 255")
    with pytest.raises(Lost, match=r"^10\.0\.0\.1: Permission denied \(publickey\)\.$"):
        Ssh("root@10.0.0.1").run("true")


def test_a_command_that_never_ends_is_given_up(ssh: Asked, inventory: Path) -> None:
    ssh("exec sleep 60")
    with pytest.raises(Lost, match=r"no answer within 0\.3 s"):
        Ssh("root@10.0.0.1", patience=0.3).run("true")


@pytest.mark.skipif(not shutil.which("ssh"), reason="there is no ssh client")
def test_ssh_config_can_neither_switch_off_host_keys_nor_get_in_the_way_of_a_command(tmp_path: Path) -> None:
    (tmp_path / "ssh_config").write_text(
        "Host *\n  StrictHostKeyChecking no\n  RemoteCommand tmux attach\n  RequestTTY force\n"
        "  LocalForward 8080 localhost:80\n"
    )
    command = ["ssh", *reach.OPTIONS.split(), "-F", str(tmp_path / "ssh_config"), "-G", "web1"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.lower().splitlines()
    assert {"stricthostkeychecking true", "requesttty false", "clearallforwardings yes"} <= {*said}
    assert not [line for line in said if line.startswith("remotecommand") and line != "remotecommand none"]
