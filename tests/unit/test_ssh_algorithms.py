"""Ciphers and MACs that are weak are offered to nobody, unless ssh_config asks for them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from paramiko import Transport
from sshd import Sshd, connect, node_at

from tasks.engine.ssh.algorithms import names, offered

OWN = (
    "umac-64-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha1-etm@openssh.com,hmac-sha2-256,hmac-sha1"
)
"""The list of MACs that ssh has if ssh_config says nothing, shortened."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sshd]:
    server = Sshd(tmp_path)
    yield server
    server.close()


def offer(server: Sshd, options: str = "") -> tuple[set[str], set[str]]:
    """Give the ciphers and MACs with which a connection was opened."""
    with connect(node_at(server.port), server.config(options)) as connection:
        security = connection.transport.get_security_options()
        return set(security.ciphers), set(security.digests)


def test_nothing_weak_is_offered(server: Sshd) -> None:
    ciphers, macs = offer(server)
    assert {"aes128-ctr", "aes256-gcm@openssh.com"} <= ciphers
    assert {"hmac-sha2-256", "hmac-sha2-512-etm@openssh.com"} <= macs
    assert not [name for name in (*ciphers, *macs) if "cbc" in name or "md5" in name or "sha1" in name]


def test_what_ssh_config_asks_for_is_offered_and_no_more(server: Sshd) -> None:
    ciphers, macs = offer(server, "Ciphers +aes128-cbc\nMACs hmac-sha2-256,hmac-sha1")
    assert [name for name in ciphers if "cbc" in name] == ["aes128-cbc"]
    assert [name for name in macs if "md5" in name or "sha1" in name] == ["hmac-sha1"]


def test_a_weak_one_is_the_last_choice() -> None:
    known = ("hmac-sha1", "aes128-cbc", "aes128-ctr", "hmac-md5-96", "hmac-sha2-512")
    assert offered(known, ("aes128-cbc", "hmac-sha1")) == (
        "aes128-ctr",
        "hmac-sha2-512",
        "hmac-sha1",
        "aes128-cbc",
    )


def test_in_sshs_own_list_nobody_asks_for_sha1() -> None:
    assert "hmac-sha1" not in offered(Transport._preferred_macs, names(OWN))  # type: ignore[attr-defined]
    assert offered(("hmac-md5", "hmac-sha1"), names(f"{OWN},hmac-md5")) == ("hmac-md5",)


@pytest.mark.parametrize(
    "value, asked",
    [("+aes128-cbc", ("aes128-cbc",)), ("^3des-cbc,a", ("3des-cbc", "a")), ("-hmac-sha1", ()), ("", ())],
)
def test_without_a_client_a_list_is_read_with_its_sign(value: str, asked: tuple[str, ...]) -> None:
    assert names(value) == asked
