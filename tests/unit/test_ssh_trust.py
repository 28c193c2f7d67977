"""Host keys against known_hosts files, at a real server on the loopback, and the remedies that are told."""

import base64
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from paramiko import ECDSAKey, RSAKey
from samples import run, stand_in
from sshd import Sshd, access, configured, connect

from tasks.engine.ssh import trouble
from tasks.engine.ssh.client import Source
from tasks.engine.ssh.keys import Keys
from tasks.engine.ssh.known_hosts import Changed, Entry, Unknown
from tasks.engine.ssh.routes import Route
from tasks.engine.ssh.settings import Settings
from tasks.engine.ssh.trust import Distrusted
from tasks.errors import BadInput, Unreachable
from tasks.inventory.cluster import Node

RSA, OTHER = RSAKey.generate(2048), ECDSAKey.generate()


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    server = Sshd(tmp_path, other_keys=(RSA,))
    yield server
    server.close()


def shown(sshd: Sshd, node: Node, known_hosts: str, *lines: str) -> str:
    """Connect with this text in known_hosts; give the kind of key that was accepted."""
    config = sshd.config("\n".join(lines))
    (sshd.directory / "known_hosts").write_bytes(known_hosts.encode("latin-1"))
    connection = connect(node, config)
    connection.close()
    return str(sshd.transports[-1].host_key_type)


def refusal(sshd: Sshd, node: Node, known_hosts: str, *lines: str) -> str:
    with pytest.raises(Unreachable) as caught:
        shown(sshd, node, known_hosts, *lines)
    assert sshd.logins == 0
    return str(caught.value)


def test_the_kind_of_key_that_is_known_is_the_one_that_is_asked_for(sshd: Sshd, node: Node) -> None:
    assert shown(sshd, node, sshd.line(key=RSA)).startswith("rsa-sha2-")
    assert shown(sshd, node, sshd.line()).startswith("ecdsa-")


def test_a_key_of_the_host_without_a_port_is_enough(sshd: Sshd, node: Node) -> None:
    shown(sshd, node, sshd.line("127.0.0.1"))
    assert sshd.logins == 1


def test_a_host_key_alias_is_what_is_looked_for(sshd: Sshd, node: Node) -> None:
    shown(sshd, node, sshd.line("boxy"), "HostKeyAlias Boxy")
    assert sshd.logins == 1


def test_bad_lines_around_it_do_not_hide_a_key_and_are_told_once(sshd: Sshd, node: Node) -> None:
    told: list[str] = []
    way = access(sshd.config(), told)
    text = f"caf\xe9 junk\n{sshd.line()}10.0.0.9 ssh-dss AAAA\n"
    (sshd.directory / "known_hosts").write_bytes(text.encode("latin-1"))
    for _ in range(2):
        way.connect(node).close()
    file = sshd.directory / "known_hosts"
    assert told == [
        f"{file}:1: skipped, not of the form HOSTS TYPE KEY",
        f"{file}:3: skipped, a type of key that is not known here",
    ]


def test_several_files_count_together_and_some_may_not_exist(sshd: Sshd, node: Node, tmp_path: Path) -> None:
    (tmp_path / "second").write_text(sshd.line())
    files = f"UserKnownHostsFile {tmp_path}/none {tmp_path}/known_hosts {tmp_path}/second"
    (tmp_path / "known_hosts").touch()
    (tmp_path / "ssh_config").write_text(f"Host *\n  {files}\n  IdentityFile {tmp_path}/key\n")
    connect(node, configured(tmp_path / "ssh_config")).close()


def test_a_revoked_key_is_refused_with_its_line(sshd: Sshd, node: Node) -> None:
    told = refusal(sshd, node, sshd.line() + sshd.line("*", marker="@revoked "))
    assert f"is revoked ({sshd.directory}/known_hosts:2)" in told


def test_a_key_on_the_list_of_revoked_ones_is_refused(sshd: Sshd, node: Node, tmp_path: Path) -> None:
    (tmp_path / "revoked").write_text(f"# lost\n\n{sshd.key.get_name()} {sshd.key.get_base64()} web1\n")
    told = refusal(sshd, node, sshd.line(), f"RevokedHostKeys {tmp_path}/revoked")
    assert "is revoked" in told


@pytest.mark.parametrize("text", [None, "SSHKRL\n\0"])
def test_a_list_of_revoked_keys_that_cannot_be_read_lets_nobody_pass(
    sshd: Sshd, node: Node, tmp_path: Path, text: str | None
) -> None:
    if text:
        (tmp_path / "revoked").write_text(text)
    with pytest.raises(BadInput, match="RevokedHostKeys names .*no host is trusted without it"):
        shown(sshd, node, sshd.line(), f"RevokedHostKeys {tmp_path}/revoked")


def test_a_host_that_only_an_authority_covers_is_told_so_with_the_command_that_adds_it(
    sshd: Sshd, node: Node
) -> None:
    told = refusal(sshd, node, sshd.line("*", OTHER, "@cert-authority "))
    assert f"{sshd.directory}/known_hosts:1 trusts an authority for this host (@cert-authority)" in told
    assert f"ssh-keyscan -p {sshd.port} -t ecdsa 127.0.0.1 >> {sshd.directory}/known_hosts" in told


def test_a_changed_key_is_told_with_its_line_and_the_command_that_removes_it(sshd: Sshd, node: Node) -> None:
    file = sshd.directory / "known_hosts"
    told = refusal(sshd, node, sshd.line(key=OTHER))
    assert f"but known_hosts has another one ({file}:1)" in told
    assert f"ssh-keygen -R '[127.0.0.1]:{sshd.port}' -f {file}" in told


def test_a_host_known_by_another_kind_of_key_is_told_which(sshd: Sshd, node: Node) -> None:
    ed25519 = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)).decode()
    told = refusal(sshd, node, f"[127.0.0.1]:{sshd.port} ssh-ed25519 {ed25519}\n")
    assert f"is not known; {sshd.directory}/known_hosts:1 has ssh-ed25519, which it does not show" in told


def test_strict_checking_that_is_switched_off_is_still_on_here(sshd: Sshd, node: Node) -> None:
    assert "is not known" in refusal(sshd, node, "", "StrictHostKeyChecking no")


# Remedies


SETTINGS = Settings("web1", "10.0.0.1", "ann", 22)
UNKNOWN = Distrusted(Unknown(), OTHER)


def told(
    settings: Settings, error: Exception = UNKNOWN, via: Route | None = None, source: Source | None = None
) -> str:
    return ". ".join(trouble.told(error, Route(settings, via), Keys(), source or Source(), None))


def test_the_file_of_a_remedy_is_never_dev_null(tmp_path: Path) -> None:
    settings = replace(
        SETTINGS, user_known_hosts=("/dev/null",), global_known_hosts=(f"{tmp_path}/ssh_known_hosts",)
    )
    assert told(settings).endswith(f"ssh-keyscan -t ecdsa 10.0.0.1 >> {tmp_path}/ssh_known_hosts")


def test_without_any_file_for_keys_it_is_told_to_name_one() -> None:
    nowhere = told(replace(SETTINGS, user_known_hosts=("/dev/null",)))
    assert "name that as UserKnownHostsFile in ssh_config" in nowhere and "ssh-keyscan" not in nowhere


def test_a_file_that_only_root_can_write_is_written_with_sudo(tmp_path: Path) -> None:
    route = Route(replace(SETTINGS, user_known_hosts=(f"{tmp_path}/known",)))
    assert trouble.addition(OTHER, route, Source(), is_writable=lambda file: False).endswith(
        f"ssh-keyscan -t ecdsa 10.0.0.1 | sudo tee -a {tmp_path}/known"
    )


def test_behind_a_bastion_the_key_is_fetched_there_on_its_port_and_with_our_ssh_config(
    tmp_path: Path,
) -> None:
    hop = Route(replace(SETTINGS, name="bastion", host="bastion", user="bob", port=2022, jump="first"))
    settings = replace(SETTINGS, port=2222, user_known_hosts=(f"{tmp_path}/known",))
    assert (
        "add it: ssh -F '/a b/ssh_config' -J first -p 2022 bob@bastion "
        "ssh-keyscan -p 2222 -t ecdsa 10.0.0.1 "
        f">> {tmp_path}/known"
    ) in told(settings, via=hop, source=Source(Path("/a b/ssh_config")))


def test_the_key_of_an_alias_is_added_under_that_name(tmp_path: Path) -> None:
    settings = replace(SETTINGS, port=2222, alias="boxy", user_known_hosts=(f"{tmp_path}/known",))
    stand_in(tmp_path / "bin", "ssh-keyscan", "echo '[10.0.0.1]:2222 ssh-rsa KEY'")
    assert run(told(settings).partition("add it: ")[2], tmp_path, tmp_path / "bin").returncode == 0
    assert (tmp_path / "known").read_text() == "boxy ssh-rsa KEY\n"


def test_through_a_program_the_key_is_added_by_logging_in_once(tmp_path: Path) -> None:
    settings = replace(SETTINGS, command="nc 10.0.0.1 22", user_known_hosts=(f"{tmp_path}/known",))
    assert "log in once by hand and say yes: ssh -p 22 ann@web1" in told(settings)


def test_a_changed_key_of_a_line_for_many_hosts_is_corrected_by_hand() -> None:
    entry = Entry("/k", 7, "", "*.example.org", "ssh-rsa", b"")
    changed = told(SETTINGS, Distrusted(Changed(entry), OTHER))
    assert "(/k:7)" in changed and "correct that line, which is for *.example.org" in changed
    assert "ssh-keygen" not in changed


# ProxyCommand


def test_a_program_may_be_the_line_to_a_host(sshd: Sshd, node: Node, tmp_path: Path) -> None:
    relay = tmp_path / "relay.py"
    relay.write_text(
        "import os, socket, sys, threading\n"
        "line = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n"
        "def there():\n"
        "    while data := os.read(0, 65536): line.sendall(data)\n"
        "threading.Thread(target=there, daemon=True).start()\n"
        "while data := line.recv(65536): os.write(1, data)\n"
    )
    shown(sshd, node, sshd.line(), f"ProxyCommand exec {sys.executable} {relay} %p")
    assert sshd.logins == 1


def test_a_program_that_fails_is_told_with_what_it_says(sshd: Sshd, node: Node) -> None:
    text = refusal(sshd, node, sshd.line(), 'ProxyCommand sh -c "echo no such bastion >&2; exit 3"')
    assert 'no sshd answers through ProxyCommand `sh -c "echo no such bastion >&2; exit 3"`' in text
    assert "it says: no such bastion. Try it by hand." in text
