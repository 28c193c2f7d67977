"""Which keys a host is offered, from files and agents, and what is told when none of them is accepted."""

import base64
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import pytest
from fabric import Config
from paramiko import ECDSAKey, PKey, Transport
from ssh_agent import agent
from sshd import Sshd, configured, connect

from tasks import inventory
from tasks.engine.ssh.agent import AgentTrouble
from tasks.engine.ssh.keys import Keys, certified_key, load
from tasks.engine.ssh.limits import LIMITS, LoginLimits
from tasks.engine.ssh.login import Login, NotAccepted
from tasks.engine.ssh.settings import Settings
from tasks.errors import Unreachable
from tasks.inventory.cluster import Node

RIGHT = ECDSAKey.generate()
WRONG = [ECDSAKey.generate() for _ in range(8)]


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A directory with a short name: a socket's path has at most 107 characters."""
    with TemporaryDirectory(dir="/tmp") as directory:
        yield Path(directory)


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    server = Sshd(tmp_path, accepts=RIGHT)
    yield server
    server.close()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    RIGHT.write_private_key_file(str(tmp_path / "right"))
    return tmp_path / "right"


def config(sshd: Sshd, *lines: str, **kwargs: object) -> Config:
    """Give a configuration with these lines of ssh_config, and agents allowed."""
    (sshd.directory / "known_hosts").write_text(sshd.line())
    file = sshd.directory / "ssh_config"
    file.write_text("\n".join([f"UserKnownHostsFile {sshd.directory}/known_hosts", *lines, ""]))
    return configured(file, allow_agent=True, **kwargs)


def refusal(node: Node, config: Config, limits: LoginLimits = LIMITS) -> str:
    with pytest.raises(Unreachable) as caught:
        connect(node, config, limits)
    return str(caught.value)


# Agents


def test_a_key_that_an_agent_holds_opens_the_door(sshd: Sshd, node: Node, tmp_path: Path) -> None:
    with agent(tmp_path / "agent", *WRONG[:2], RIGHT) as used:
        connect(node, config(sshd, f"IdentityAgent {tmp_path}/agent", "IdentityFile none")).close()
    assert used[-1] == RIGHT.asbytes()


def test_the_agent_of_the_environment_is_asked(
    sshd: Sshd, node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    with agent(tmp_path / "agent", RIGHT):
        connect(node, config(sshd)).close()
        assert "accepts no key we have" in refusal(node, config(sshd, "IdentityAgent none"))


def test_with_identities_only_of_an_agents_eight_keys_the_named_one_alone_is_offered(
    sshd: Sshd, node: Node, tmp_path: Path
) -> None:
    public = tmp_path / "right.pub"
    public.write_text(f"{RIGHT.get_name()} {RIGHT.get_base64()} ann@desk\n")
    with agent(tmp_path / "agent", *WRONG, RIGHT):
        lines = f"IdentityAgent {tmp_path}/agent", "IdentitiesOnly yes"
        connect(node, config(sshd, *lines, f"IdentityFile {public}")).close()
        assert [each.asbytes() for each in sshd.offered] == [RIGHT.asbytes()]
        connect(node, config(sshd, *lines, f"IdentityFile {tmp_path}/right")).close()
        assert len(sshd.offered) == 2


def test_a_key_that_was_named_comes_before_a_full_agent(
    sshd: Sshd, node: Node, tmp_path: Path, key: Path
) -> None:
    sshd.tries = 6
    with agent(tmp_path / "agent", *WRONG):
        connect(node, config(sshd, f"IdentityAgent {tmp_path}/agent", f"IdentityFile {key}")).close()
    assert len(sshd.offered) == 1


def test_a_host_that_hangs_up_over_too_many_keys_is_told(sshd: Sshd, node: Node, tmp_path: Path) -> None:
    sshd.tries = 6
    with agent(tmp_path / "agent", *WRONG):
        told = refusal(node, config(sshd, f"IdentityAgent {tmp_path}/agent", "IdentityFile none"))
    assert f"127.0.0.1:{sshd.port} hung up after 6 keys for user ann: too many for its MaxAuthTries." in told
    assert "`IdentitiesOnly yes`" in told


def test_a_host_that_hangs_up_at_the_first_key_is_no_matter_of_many(
    sshd: Sshd, node: Node, tmp_path: Path
) -> None:
    sshd.tries = 1
    with agent(tmp_path / "agent", *WRONG):
        told = refusal(node, config(sshd, f"IdentityAgent {tmp_path}/agent", "IdentityFile none"))
    assert f"127.0.0.1:{sshd.port} hung up at the first key for user ann. Its sshd's log tells why." in told


class Breaking:
    """A transport whose connection has ended, because of `cause`, before a key could be sent."""

    def __init__(self, cause: Exception | None) -> None:
        self.cause = cause

    def auth_publickey(self, user: str, key: PKey) -> list[str]:
        raise EOFError

    def join(self, timeout: float) -> None:
        pass

    def get_exception(self) -> Exception | None:
        return self.cause


@pytest.mark.parametrize(
    "cause, raised",
    [(AgentTrouble("it is gone"), AgentTrouble), (None, NotAccepted), (EOFError(), NotAccepted)],
)
def test_a_connection_that_ends_while_a_key_is_sent_is_told_by_its_cause(
    key: Path, cause: Exception | None, raised: type[Exception]
) -> None:
    settings = Settings("web1", "web1", "ann", 22, keys=(str(key),))
    with pytest.raises(raised):
        Login(settings, Keys(), None).authenticate(cast(Transport, Breaking(cause)))


def test_an_agent_that_never_answers_is_named(sshd: Sshd, node: Node, tmp_path: Path) -> None:
    began = time.monotonic()
    with agent(tmp_path / "agent", mute=True):
        told = refusal(node, config(sshd, f"IdentityAgent {tmp_path}/agent"), LoginLimits(agents_keys=0.5))
    assert f"the agent at {tmp_path}/agent does not answer within 0.5 s. Start another one" in told
    assert time.monotonic() - began < 10  # the promise to the user, twenty times the wait


def test_an_agent_that_never_answers_harms_nobody_who_has_a_key(
    sshd: Sshd, node: Node, tmp_path: Path, key: Path
) -> None:
    with agent(tmp_path / "agent", mute=True):
        connect(node, config(sshd, f"IdentityAgent {tmp_path}/agent", f"IdentityFile {key}")).close()


def test_a_socket_that_nobody_listens_at_any_more_is_named(sshd: Sshd, node: Node, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "agent"))
    told = refusal(node, config(sshd, f"IdentityAgent {tmp_path}/agent"))
    assert f"the agent at {tmp_path}/agent is gone: nobody listens there any more." in told


def test_a_socket_that_is_not_there_is_named(sshd: Sshd, node: Node, tmp_path: Path) -> None:
    told = refusal(node, config(sshd, f"IdentityAgent {tmp_path}/nowhere"))
    assert f"the agent at {tmp_path}/nowhere does not exist." in told


def test_an_agent_that_refuses_to_sign_is_a_sentence(sshd: Sshd, node: Node, tmp_path: Path) -> None:
    with agent(tmp_path / "agent", RIGHT, signs=False):
        told = refusal(node, config(sshd, f"IdentityAgent {tmp_path}/agent", "IdentityFile none"))
    assert f"the agent at {tmp_path}/agent does not sign with its key 'a comment'" in told


def test_an_agent_that_waits_for_consent_in_vain_is_named(sshd: Sshd, node: Node, tmp_path: Path) -> None:
    asks = config(sshd, f"IdentityAgent {tmp_path}/agent", "IdentityFile none")
    with agent(tmp_path / "agent", RIGHT, signs=None):
        told = refusal(node, asks, LoginLimits(agents_consent=0.5))
    assert f"the agent at {tmp_path}/agent does not answer within 0.5 s" in told


def test_something_else_at_the_socket_is_a_sentence(sshd: Sshd, node: Node, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "agent"))
        server.listen()

        def babble() -> None:
            line, _ = server.accept()
            with line:
                line.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")

        threading.Thread(target=babble, daemon=True).start()
        told = refusal(node, config(sshd, f"IdentityAgent {tmp_path}/agent", "IdentityFile none"))
    assert f"the agent at {tmp_path}/agent " in told


def test_the_list_of_an_agents_keys_is_asked_for_once_a_run(tmp_path: Path) -> None:
    keys = Keys()
    settings = Settings("web1", "web1", "ann", 22, agent=str(tmp_path / "agent"))
    with agent(tmp_path / "agent", *WRONG):
        assert len(list(keys.offers(settings))) == 8
    assert len(list(keys.offers(settings))) == 8


# Files


def test_keys_are_offered_in_ssh_s_order_but_named_ones_first(tmp_path: Path) -> None:
    files = {}
    for name, each in zip(("named", "default", "unheld"), WRONG, strict=False):
        each.write_private_key_file(str(tmp_path / name))
        files[name] = str(tmp_path / name)
    named, default, unheld, stranger = WRONG[:4]
    settings = Settings(
        "web1",
        "web1",
        "ann",
        22,
        keys=(files["named"],),
        default_keys=(files["unheld"], files["default"]),
        agent=str(tmp_path / "agent"),
    )
    with agent(tmp_path / "agent", stranger, default):
        offered = [each.key.asbytes() for each in Keys().offers(settings)]
        only = [each.key.asbytes() for each in Keys().offers(replace(settings, only_these_keys=True))]
    assert offered == [each.asbytes() for each in (named, default, stranger, unheld)]
    assert only == [each.asbytes() for each in (named, default, unheld)]


def test_a_locked_key_is_told_with_the_command_that_unlocks_it(
    sshd: Sshd, node: Node, tmp_path: Path
) -> None:
    file = tmp_path / "locked key"
    RIGHT.write_private_key_file(str(file), password="open sesame")
    told = refusal(node, config(sshd, f'IdentityFile "{file}"', "IdentityAgent none"))
    assert f"the private key is locked with a passphrase. Add it to ssh-agent: ssh-add '{file}'." in told


def test_a_locked_key_opens_with_the_passphrase_that_was_typed(
    sshd: Sshd, node: Node, tmp_path: Path, key: Path
) -> None:
    RIGHT.write_private_key_file(str(tmp_path / "locked"), password="open sesame")
    lines = f"IdentityFile {tmp_path}/locked", "IdentityAgent none"
    connect(node, config(sshd, *lines, passphrase="open sesame")).close()
    assert "its passphrase is a different one" in refusal(node, config(sshd, *lines, passphrase="open"))
    connect(node, config(sshd, f"IdentityFile {key}", passphrase="open sesame")).close()


def test_a_key_that_others_can_read_is_left_out_and_told(sshd: Sshd, node: Node, key: Path) -> None:
    key.chmod(0o644)
    told = refusal(node, config(sshd, f"IdentityFile {key}", "IdentityAgent none"))
    assert f"{key} was left out: others than its owner can read it" in told and f"chmod 600 {key}" in told


@pytest.mark.parametrize("text", ["", "no key\n", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"])
def test_a_file_that_is_no_key_is_left_out_and_told(
    sshd: Sshd, node: Node, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "junk"
    file.write_text(text)
    file.chmod(0o600)
    told = refusal(node, config(sshd, f"IdentityFile {file}", "IdentityAgent none"))
    assert f"{file} was left out: it is not a key that can be used here" in told


def test_only_the_reason_is_told_of_what_a_library_says(sshd: Sshd, node: Node, tmp_path: Path) -> None:
    (tmp_path / "junk").write_text("-----BEGIN X-----\nAAAA\n-----END X-----\n")
    (tmp_path / "junk").chmod(0o600)
    assert "http" not in refusal(node, config(sshd, f"IdentityFile {tmp_path}/junk", "IdentityAgent none"))


def test_a_named_key_that_is_not_there_is_told(sshd: Sshd, node: Node, tmp_path: Path) -> None:
    told = refusal(node, config(sshd, f"IdentityFile {tmp_path}/nowhere", "IdentityAgent none"))
    assert f"connect: {tmp_path}/nowhere does not exist. 127.0.0.1:" in told


def test_a_public_key_without_its_private_one_is_told(sshd: Sshd, node: Node, tmp_path: Path) -> None:
    (tmp_path / "id.pub").write_text(f"{RIGHT.get_name()} {RIGHT.get_base64()}\n")
    told = refusal(node, config(sshd, f"IdentityFile {tmp_path}/id.pub", "IdentityAgent none"))
    assert f"{tmp_path}/id.pub is a public key, to whose private key no agent was found." in told


def test_a_public_key_whose_private_one_an_agent_has_is_no_trouble(
    sshd: Sshd, node: Node, tmp_path: Path
) -> None:
    (tmp_path / "id.pub").write_text(f"{WRONG[0].get_name()} {WRONG[0].get_base64()}\n")
    with agent(tmp_path / "agent", WRONG[0]):
        for name in ("id.pub", "id"):
            lines = (f"IdentityFile {tmp_path}/{name}", f"IdentityAgent {tmp_path}/agent")
            assert f"{tmp_path}/id" not in refusal(node, config(sshd, *lines))


def test_a_public_key_that_everybody_can_read_names_one_of_the_agents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "[zookeeper]\n10.0.0.1 myid=1 ansible_ssh_private_key_file=id.pub\n"
    (tmp_path / "hosts.ini").write_text(text)
    (tmp_path / "id.pub").write_text("ssh-ed25519 AAAA\n")
    (tmp_path / "id.pub").chmod(0o644)
    monkeypatch.setenv("INVENTORY", str(tmp_path / "hosts.ini"))
    inventory.check_keys()


@pytest.mark.parametrize("keyword", ["IdentityFile", "CertificateFile"])
def test_a_pipe_in_place_of_a_key_is_not_waited_for(
    sshd: Sshd, node: Node, tmp_path: Path, keyword: str
) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    told = refusal(node, config(sshd, f"{keyword} {tmp_path}/pipe", "IdentityAgent none"))
    assert "accepts no key we have for user ann" in told


def test_a_bastion_that_accepts_no_key_is_no_matter_of_hosts_ini(
    sshd: Sshd, node: Node, tmp_path: Path
) -> None:
    lines = ("IdentityAgent none", f"Host 10.9.9.9\nProxyJump bob@127.0.0.1:{sshd.port}")
    told = refusal(replace(node, ssh=replace(node.ssh, host="10.9.9.9")), config(sshd, *lines))
    assert "bastion 127.0.0.1: " in told and "accepts no key we have for user bob." in told
    assert "Check its User and IdentityFile in ssh_config; try: ssh" in told and "ansible_" not in told


def test_a_key_that_does_not_exist_is_no_trouble(tmp_path: Path) -> None:
    assert load(str(tmp_path / "nowhere"), None).trouble == ""


def test_ssh_config_that_forbids_keys_is_told(sshd: Sshd, node: Node, key: Path) -> None:
    told = refusal(node, config(sshd, f"IdentityFile {key}", "PubkeyAuthentication no"))
    assert "No key was offered: ssh_config has `PubkeyAuthentication no`." in told
    assert not sshd.offered


def test_the_command_to_try_by_hand_reads_the_same_file(sshd: Sshd, node: Node) -> None:
    told = refusal(node, config(sshd, "IdentityFile none", "IdentityAgent none"))
    assert told.endswith(f"try: ssh -F {sshd.directory}/ssh_config -p {sshd.port} ann@127.0.0.1")


needs_keygen = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="there is no ssh-keygen")


def keygen(*words: str | Path) -> None:
    subprocess.run(["ssh-keygen", "-q", *words], check=True, capture_output=True)


@needs_keygen
@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_a_certificate_is_offered_with_its_key_and_then_the_key_alone(tmp_path: Path, kind: str) -> None:
    for name, each in (("ca", "ed25519"), ("mine", kind)):
        keygen("-t", each, "-N", "", "-f", tmp_path / name)
    keygen("-s", tmp_path / "ca", "-I", "ann", "-n", "ann", tmp_path / "mine.pub")
    (tmp_path / "mine-cert.pub").rename(tmp_path / "elsewhere.pub")
    settings = Settings(
        "web1", "web1", "ann", 22, keys=(f"{tmp_path}/mine",), certificates=(f"{tmp_path}/elsewhere.pub",)
    )
    first, second = (each.key for each in Keys().offers(settings))
    assert first.public_blob and first.public_blob.key_type.endswith("-cert-v01@openssh.com")
    assert certified_key(first.public_blob.key_blob) == second.asbytes()
    assert second.public_blob is None


class Held(PKey):
    """What an agent tells of a key, with which nothing is signed here."""

    def __init__(self, blob: bytes) -> None:
        self.blob = blob

    def asbytes(self) -> bytes:
        return self.blob


@needs_keygen
@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_a_certificate_that_an_agent_holds_is_offered_as_one(tmp_path: Path, kind: str) -> None:
    for name, each in (("ca", "ed25519"), ("mine", kind)):
        keygen("-t", each, "-N", "", "-f", tmp_path / name)
    keygen("-s", tmp_path / "ca", "-I", "ann", "-n", "ann", tmp_path / "mine.pub")
    blobs = [
        base64.b64decode((tmp_path / name).read_text().split()[1]) for name in ("mine.pub", "mine-cert.pub")
    ]
    settings = Settings("web1", "web1", "ann", 22, agent=str(tmp_path / "agent"))
    with agent(tmp_path / "agent", *map(Held, blobs)):
        assert [each.blob for each in Keys().offers(settings)] == blobs


@needs_keygen
def test_the_public_half_of_a_locked_key_is_known_without_its_passphrase(tmp_path: Path) -> None:
    keygen("-t", "ed25519", "-N", "open sesame", "-f", tmp_path / "locked")
    (tmp_path / "locked.pub").rename(tmp_path / "public")
    public = load(str(tmp_path / "locked"), None).public
    assert public == base64.b64decode((tmp_path / "public").read_text().split()[1])
