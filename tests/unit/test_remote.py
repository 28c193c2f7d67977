"""What a run does when a host falls silent, and how it gets past sudo. A real SSH server, on the loopback."""

import os
import socket
import threading
from dataclasses import replace

import pytest
from fabric import Config, Connection
from paramiko import Channel
from sshd import Act, Sshd, access, connect, end

from tasks.engine import lease
from tasks.engine.become import PROMPT, READY
from tasks.engine.remote import Remote, Staying, hang_up
from tasks.engine.ssh.limits import LoginLimits
from tasks.errors import Unreachable
from tasks.inventory.cluster import Node

PASSWORD = "correct horse"
SCRIPT = "echo the script\n"
IMPATIENT = LoginLimits(host=3)


def heard(line: str) -> bool:
    """Have heard enough of a script that stays."""
    return line == "held"


def says(*lines: str) -> Act:
    def act(channel: Channel) -> None:
        channel.makefile("rb").read()
        channel.sendall("".join(lines).encode())
        end(channel)

    return act


def falls_silent(channel: Channel) -> None:
    channel.sendall(b"I have begun\n")


def never_tells_its_exit_code(channel: Channel) -> None:
    channel.sendall(b"all I say\n")
    channel.shutdown_write()


def test_a_script_that_ends_gives_its_output_and_code(sshd: Sshd, node: Node, connection: Connection) -> None:
    sshd.act = says("one\n", "two\n")
    outcome = Remote(node, connection).execute(SCRIPT)
    assert (outcome.code, outcome.text, sshd.commands) == (0, "one\ntwo\n", ["sh"])


def test_no_packet_waits_for_the_acknowledgement_of_the_one_before(connection: Connection) -> None:
    assert connection.transport.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_connections_share_no_configuration_as_fabric_writes_into_it(sshd: Sshd, node: Node) -> None:
    # One thread read it while another one's was being merged again: "No attribute or config key found".
    way = access(sshd.config())
    with way.connect(node) as one, way.connect(node) as other:
        assert one.config is not other.config


def test_known_hosts_are_read_once_for_all_hosts_and_again_when_they_have_changed(
    sshd: Sshd, node: Node
) -> None:
    way = access(sshd.config())
    way.connect(node).close()
    known = sshd.directory / "known_hosts"
    before = known.stat()
    known.write_text("#" * before.st_size)
    os.utime(known, ns=(before.st_atime_ns, before.st_mtime_ns))  # now it looks as it did
    way.connect(node).close()
    known.write_text("")
    with pytest.raises(Unreachable, match="is not known"):
        way.connect(node)


# A host that freezes, wherever it does, is given up


@pytest.mark.parametrize("where", ["session", "exec"])
def test_a_host_that_freezes_before_the_script_begins_is_given_up(
    sshd: Sshd, node: Node, connection: Connection, where: str
) -> None:
    sshd.freezes_at = where
    with pytest.raises(Unreachable, match=r"^10\.0\.0\.1  it has been silent for 1 s: frozen, or cut off"):
        Remote(node, connection, silence=1).execute(SCRIPT)


@pytest.mark.parametrize("act", [falls_silent, never_tells_its_exit_code])
def test_a_host_that_freezes_amid_the_script_is_given_up(
    sshd: Sshd, node: Node, connection: Connection, act: Act
) -> None:
    sshd.act = act
    with pytest.raises(Unreachable, match="it has been silent"):
        Remote(node, connection, silence=1).execute(SCRIPT)


@pytest.mark.parametrize("where", ["session", "exec"])
def test_a_host_that_freezes_while_the_lease_is_taken_is_given_up(
    sshd: Sshd, node: Node, connection: Connection, where: str
) -> None:
    sshd.freezes_at = where
    with pytest.raises(Unreachable, match="it has been silent"):
        Remote(node, connection, silence=1).hold(SCRIPT, heard)


def test_a_lease_that_is_never_answered_is_given_up(sshd: Sshd, node: Node, connection: Connection) -> None:
    sshd.act = lambda channel: None
    with pytest.raises(Unreachable, match="it has been silent"):
        Remote(node, connection, silence=1).hold(SCRIPT, heard)


def test_a_connection_that_breaks_amid_the_script_is_told(
    sshd: Sshd, node: Node, connection: Connection
) -> None:
    sshd.act = lambda channel: channel.get_transport().sock.close()
    with pytest.raises(Unreachable, match=r"10\.0\.0\.1  the connection was lost \("):
        Remote(node, connection).execute(SCRIPT)


def test_a_connection_that_is_cut_while_the_script_runs_is_no_success(
    sshd: Sshd, node: Node, connection: Connection
) -> None:
    def act(channel: Channel) -> None:
        channel.makefile("rb").read()
        channel.sendall(b"I have begun\n")
        channel.get_transport().sock.close()

    sshd.act = act
    with pytest.raises(Unreachable, match="the connection was lost"):
        Remote(node, connection).execute(SCRIPT)


def test_a_lease_whose_connection_is_gone_can_still_be_let_go(
    sshd: Sshd, node: Node, connection: Connection
) -> None:
    sshd.act = lambda channel: channel.sendall(b"held\n")
    channel, said = Remote(node, connection).hold(SCRIPT, heard)
    connection.transport.sock.close()
    hang_up(channel)
    assert said == "held\n"


def test_a_lost_connection_is_not_silently_made_again(sshd: Sshd, node: Node, connection: Connection) -> None:
    sshd.transports[0].close()
    connection.transport.join(60)
    with pytest.raises(Unreachable, match="the connection was lost"):
        Remote(node, connection).execute(SCRIPT)
    assert sshd.logins == 1


def test_a_host_that_freezes_while_we_log_in_is_given_up(sshd: Sshd, node: Node) -> None:
    sshd.freezes_at = "auth"
    with pytest.raises(Unreachable, match="does not talk SSH in time"):
        connect(node, sshd.config(), IMPATIENT)


# Bastions


def behind(sshd: Sshd) -> Config:
    return sshd.config(f"Host 127.0.0.9\n  ProxyJump ann@127.0.0.1:{sshd.port}")


@pytest.fixture
def hidden(node: Node) -> Node:
    return replace(node, ssh=replace(node.ssh, host="127.0.0.9", port=22))


def test_a_bastion_that_cannot_reach_the_host_is_named(sshd: Sshd, hidden: Node) -> None:
    with pytest.raises(Unreachable) as caught:
        connect(hidden, behind(sshd))
    assert "10.0.0.1  connect: bastion 127.0.0.1 cannot reach 127.0.0.9:22" in str(caught.value)


def test_a_bastion_that_freezes_is_given_up_and_named(sshd: Sshd, hidden: Node) -> None:
    sshd.freezes_at = "forward"
    with pytest.raises(Unreachable, match=r"bastion 127\.0\.0\.1 has not reached 127\.0\.0\.9:22 in time"):
        connect(hidden, behind(sshd), IMPATIENT)


def test_a_bastion_that_is_down_is_named_and_tried_only_once(sshd: Sshd, hidden: Node) -> None:
    way = access(behind(sshd))
    sshd.close()
    for _ in range(2):
        with pytest.raises(Unreachable, match=r"10\.0\.0\.1  connect: bastion 127\.0\.0\.1: .*refused"):
            way.connect(hidden)


def test_an_unknown_host_key_of_a_bastion_is_refused(sshd: Sshd, hidden: Node) -> None:
    config = sshd.config(f"Host 127.0.0.9\n  ProxyJump ann@127.0.0.1:{sshd.port}", known_as="other")
    with pytest.raises(Unreachable, match=r"bastion 127\.0\.0\.1: its host key ecdsa.* is not known"):
        connect(hidden, config)
    assert sshd.logins == 0


def test_a_bastion_is_logged_in_to_once_for_all_hosts_behind_it(sshd: Sshd, hidden: Node) -> None:
    way = access(behind(sshd))

    def reach() -> None:
        with pytest.raises(Unreachable):
            way.connect(hidden)

    threads = [threading.Thread(target=reach) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sshd.logins == 1


# Keys


def test_a_key_that_ssh_config_names_and_that_does_not_exist_is_left_out(sshd: Sshd, node: Node) -> None:
    connect(node, sshd.config("Host *\n  IdentityFile /nowhere/id_ed25519")).close()
    assert sshd.logins == 1


# sudo


class Sudo:
    """A host's sudo and the shell behind it; keeps every line it was sent."""

    def __init__(self, asks: bool, noise: str = "") -> None:
        self.asks, self.noise = asks, noise
        self.passwords: list[str] = []
        self.script = ""
        self.ended = threading.Event()

    def __call__(self, channel: Channel) -> None:
        lines = channel.makefile("rb")
        channel.sendall(self.noise.encode())
        while self.asks:
            channel.sendall(PROMPT.encode())
            line = lines.readline().decode()
            if not line:
                self.ended.set()  # nobody may be there any more to hear the rest
                channel.sendall(b"sudo: 1 incorrect password attempt\n")
                end(channel, 1)
                return
            self.passwords.append(line.rstrip("\n"))
            self.asks = line != f"{PASSWORD}\n"
            channel.sendall(b"" if not self.asks else b"Sorry, try again.\n")
        channel.sendall(READY.encode())
        self.script = lines.read().decode()
        channel.sendall(b"done\n")
        end(channel)


def through(node: Node, password: str | None = PASSWORD) -> Node:
    return replace(node, ssh=replace(node.ssh, become=True, become_password=password))


@pytest.mark.parametrize(
    "noise", ["", "sudo: unable to resolve host web1\n", "We trust you have received...\n"]
)
def test_sudo_gets_the_password_when_it_asks_and_the_shell_the_script(
    sshd: Sshd, node: Node, connection: Connection, noise: str
) -> None:
    sshd.act = sudo = Sudo(asks=True, noise=noise)
    outcome = Remote(through(node), connection).execute(SCRIPT)
    assert (sudo.passwords, sudo.script, outcome.text) == ([PASSWORD], SCRIPT, "done\n")
    assert PASSWORD not in sshd.commands[0]


def test_a_sudo_that_does_not_ask_is_not_told_the_password(
    sshd: Sshd, node: Node, connection: Connection
) -> None:
    sshd.act = sudo = Sudo(asks=False)
    Remote(through(node), connection).execute(SCRIPT)
    assert (sudo.passwords, sudo.script) == ([], SCRIPT)


def test_a_wrong_password_is_tried_once_and_no_line_of_the_script_after_it(
    sshd: Sshd, node: Node, connection: Connection
) -> None:
    sshd.act = sudo = Sudo(asks=True)
    with pytest.raises(Unreachable, match="sudo: it does not accept the password, which was tried once"):
        Remote(through(node, "wrong"), connection).execute(SCRIPT)
    assert sudo.ended.wait(60)
    assert sudo.passwords == ["wrong"]


def test_a_password_that_was_typed_comes_before_the_one_in_the_inventory(
    sshd: Sshd, node: Node, connection: Connection
) -> None:
    sshd.act = sudo = Sudo(asks=True)
    connection.config.sudo.password = PASSWORD
    Remote(through(node, "older"), connection).execute(SCRIPT)
    assert sudo.passwords == [PASSWORD]


def test_noise_of_sudo_is_no_part_of_what_the_lease_says(
    sshd: Sshd, node: Node, connection: Connection
) -> None:
    def act(channel: Channel) -> None:
        channel.sendall(f"sudo: unable to resolve host web1\n{READY}".encode())
        channel.recv(1)
        channel.sendall(b"held\n")

    sshd.act = act
    _, said = Remote(through(node), connection).hold(SCRIPT, heard)
    assert said == "held\n"


def test_a_sudo_that_hangs_is_given_up(sshd: Sshd, node: Node, connection: Connection) -> None:
    sshd.act = lambda channel: None
    with pytest.raises(Unreachable, match="it has been silent"):
        Remote(through(node), connection, silence=1).execute(SCRIPT)


def test_a_sudo_that_asks_for_something_else_is_told(sshd: Sshd, node: Node, connection: Connection) -> None:
    sshd.act = lambda channel: channel.sendall(b"Verification code: ")
    with pytest.raises(Unreachable, match=r"sudo: for 1 s it has waited behind: Verification code:"):
        Remote(through(node), connection, silence=1).execute(SCRIPT)


def test_the_password_is_in_no_text_of_a_node(node: Node) -> None:
    assert PASSWORD not in repr(through(node))


# The lease


def test_a_run_that_has_lost_its_lease_touches_the_host_no_more(
    sshd: Sshd, node: Node, connection: Connection
) -> None:
    def act(channel: Channel) -> None:
        channel.recv(1)
        end(channel)

    sshd.act = act
    channel, _ = Remote(node, connection).hold(SCRIPT, heard)
    assert channel.status_event.wait(60)
    lease._beat(channel)
    with pytest.raises(Unreachable, match="the connection was lost"):
        Remote(node, connection).execute(SCRIPT)


def test_a_script_that_stays_is_asked_more_and_a_host_that_hangs_up_then_is_lost(
    sshd: Sshd, node: Node, connection: Connection
) -> None:
    def act(channel: Channel) -> None:
        channel.sendall(b"held\n")
        while b"more" not in channel.recv(100):
            pass
        channel.sendall(b"answer\nend\n")
        while b"again" not in channel.recv(100):
            pass
        channel.close()

    sshd.act = act
    remote = Remote(node, connection)
    staying = Staying(remote.hold(SCRIPT, heard)[0], threading.Lock())
    assert remote.ask(staying, "more\n", lambda line: line == "end") == "answer\nend\n"
    with pytest.raises(Unreachable, match="the connection was lost"):
        remote.ask(staying, "again\n", lambda line: line == "end")
    assert sshd.commands == ["sh"]
