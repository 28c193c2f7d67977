"""Why a host cannot be reached, in sentences. Everything here stays on the loopback."""

import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fabric import Config
from paramiko import ECDSAKey
from samples import run, stand_in
from sshd import configured, connect, node_at

from tasks.engine.ssh import trouble
from tasks.engine.ssh.client import Source
from tasks.engine.ssh.keys import Keys
from tasks.engine.ssh.known_hosts import Unknown
from tasks.engine.ssh.routes import Route
from tasks.engine.ssh.settings import Settings
from tasks.engine.ssh.trust import Distrusted
from tasks.errors import BadInput, Unreachable


@pytest.fixture
def config() -> Config:
    return Config(overrides={"load_ssh_configs": False})


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port at which nobody listens, and that nobody else can get meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


@pytest.fixture
def web_server_port() -> Iterator[int]:
    """A listener that talks, but not SSH, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        yield int(server.getsockname()[1])


def test_a_closed_port_is_told_with_host_and_port(config: Config, closed_port: int) -> None:
    with pytest.raises(Unreachable) as caught:
        connect(node_at(closed_port), config)
    assert str(caught.value).startswith("10.0.0.1  connect: 127.0.0.1:")
    assert "Connection refused. Is the host up, and sshd on it?" in str(caught.value)


def test_something_that_is_no_sshd_is_told(config: Config, web_server_port: int) -> None:
    with pytest.raises(Unreachable, match="does not talk SSH in time"):
        connect(node_at(web_server_port), config)


def test_a_name_that_does_not_resolve_is_told(config: Config) -> None:
    with pytest.raises(Unreachable, match=r"the name nowhere\.invalid cannot be resolved"):
        connect(node_at(22, "nowhere.invalid"), config)


@pytest.mark.parametrize(
    "lines, told",
    [
        (
            "AddressFamily inet6",
            "127.0.0.1 has no address of the kind that `AddressFamily inet6` in ssh_config",
        ),
        (
            "BindAddress 192.0.2.1",
            "192.0.2.1, which BindAddress in ssh_config names, is not an address of this machine",
        ),
        (
            "ProxyJump nowhere.invalid",
            "the name nowhere.invalid cannot be resolved. Correct it in ssh_config.",
        ),
    ],
)
def test_what_ssh_config_makes_impossible_is_told_with_its_keyword(
    tmp_path: Path, closed_port: int, lines: str, told: str
) -> None:
    (tmp_path / "ssh_config").write_text(f"Host 127.0.0.1\n{lines}\n")
    with pytest.raises(Unreachable) as caught:
        connect(node_at(closed_port), configured(tmp_path / "ssh_config"))
    assert told in str(caught.value) and "ansible_host" not in str(caught.value)


@pytest.mark.parametrize("given, told", [("7", ""), (7, ""), ("abc", "'abc'"), ("-1", "'-1'"), (0, "0")])
def test_the_time_of_fabs_configuration_may_be_text_as_variables_are(
    closed_port: int, given: object, told: str
) -> None:
    config = Config(overrides={"load_ssh_configs": False, "timeouts": {"connect": given}})
    with pytest.raises(BadInput if told else Unreachable) as caught:
        connect(node_at(closed_port), config)
    assert (f"FABRIC_TIMEOUTS_CONNECT, fabric.yaml) is {told}" if told else "refused") in str(caught.value)


def test_a_shell_that_cannot_run_the_proxy_command_is_told(
    tmp_path: Path, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", "/no/such/shell")
    (tmp_path / "ssh_config").write_text("ProxyCommand nc %h %p\n")
    with pytest.raises(Unreachable, match="your shell /no/such/shell cannot run the ProxyCommand"):
        connect(node_at(closed_port), configured(tmp_path / "ssh_config"))


def test_what_paramiko_logs_of_a_failure_is_not_printed_beside_our_sentence() -> None:
    assert logging.getLogger("paramiko.transport").parent is logging.getLogger("paramiko")
    assert logging.getLogger("paramiko").handlers


def test_the_command_that_adds_an_unknown_key_works_where_no_ssh_directory_is_yet(tmp_path: Path) -> None:
    home = tmp_path / "a home"
    home.mkdir()
    settings = Settings("web1", "10.0.0.1", "ann", 22, user_known_hosts=(f"{home}/.ssh/known_hosts",))
    error = Distrusted(Unknown(), ECDSAKey.generate())
    _, remedy = trouble.told(error, Route(settings), Keys(), Source(), None)
    stand_in(tmp_path / "bin", "ssh-keyscan", 'echo "its key: $*"')
    assert run(remedy.partition("add it: ")[2], tmp_path, tmp_path / "bin").returncode == 0
    assert (home / ".ssh/known_hosts").read_text() == "its key: -t ecdsa 10.0.0.1\n"
    assert (home / ".ssh").stat().st_mode & 0o777 == 0o700
