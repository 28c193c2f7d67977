"""Run one script on one host: it travels on standard input, its output comes back line by line."""

import codecs
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Timer

from fabric import Connection
from paramiko import Channel, ChannelException, SSHException

from ..errors import Unreachable
from ..inventory.cluster import Node
from . import become

SILENCE = 30
"""Seconds without a sign of life after which a host counts as lost; scripts that act beat every 5 s."""

SAFE = "It is safe to run this again."


@dataclass(frozen=True)
class Outcome:
    """How a script ended: its exit code and everything it said."""

    code: int
    text: str


def execute(
    node: Node, connection: Connection, script: str, on_line: Callable[[str], bool] | None = None
) -> Outcome:
    """Run `script` on `node` and wait for its end.

    `on_line` sees every line of output as it comes; if it returns True the script is left behind.
    Raises Unreachable if the connection breaks or the host falls silent.
    """
    with _loss_told(node):
        channel = _start(node, connection)
        channel.sendall(script.encode())
        channel.shutdown_write()
        text, left = _listen(channel, on_line)
        code = 0 if left else _exit_code(channel)
        hang_up(channel)
    if code == -1:
        raise _lost(node, "it was closed")
    return Outcome(code, text)


def hold(
    node: Node, connection: Connection, script: str, on_line: Callable[[str], bool]
) -> tuple[Channel, str]:
    """Start a script that stays; give its channel, and what it says until `on_line` returns True.

    `hang_up` ends it. Raises Unreachable.
    """
    with _loss_told(node):
        channel = _start(node, connection)
        channel.sendall(script.encode())
        text, stays = _listen(channel, on_line)
        code = 0 if stays else _exit_code(channel)
    if code == -1:
        raise _lost(node, "it was closed")
    return channel, text


def hang_up(channel: Channel) -> None:
    """Close a channel, also one whose connection is gone."""
    with suppress(SSHException, OSError, EOFError):
        channel.close()


@contextmanager
def _loss_told(node: Node) -> Iterator[None]:
    """Turn whatever shows that a host is lost into one Unreachable."""
    try:
        yield
    except TimeoutError:
        seen = f"it has been silent for {SILENCE} s: frozen, or cut off"
        raise Unreachable(seen, SAFE, node.name) from None
    except ChannelException as error:
        seen = f"its sshd refuses another session on a connection ({error.text})"
        raise Unreachable(seen, "Is MaxSessions in its sshd_config below 3?", node.name) from error
    except (SSHException, OSError, EOFError) as error:
        raise _lost(node, str(error) or "the host hung up") from error


def _start(node: Node, connection: Connection) -> Channel:
    channel = _session(connection)
    channel.set_combine_stderr(True)
    channel.settimeout(SILENCE)
    if not node.ssh.become:
        _exec(channel, "sh")
        return channel
    password = connection.config.sudo.password or node.ssh.become_password
    _exec(channel, become.command(bool(password)))
    _become_root(node, channel, password)
    return channel


def _session(connection: Connection) -> Channel:
    # Not Connection.create_session, which would connect again behind our back: the lease would be gone.
    assert connection.transport is not None
    try:
        channel: Channel = connection.transport.open_session(timeout=SILENCE)
    except SSHException as error:
        if "Timeout" in str(error):
            raise TimeoutError from None
        raise
    return channel


def _exec(channel: Channel, command: str) -> None:
    """Start a command; unlike paramiko, wait for the host's consent only so long."""
    silent = Event()

    def give_up() -> None:
        silent.set()
        hang_up(channel)  # which wakes up whoever waits for it

    watchdog = Timer(SILENCE, give_up)
    watchdog.daemon = True
    watchdog.start()
    try:
        channel.exec_command(command)
    except SSHException:
        if silent.is_set():
            raise TimeoutError from None
        raise
    finally:
        watchdog.cancel()


def _become_root(node: Node, channel: Channel, password: str | None) -> None:
    """See sudo through until its shell is ready; it gets the password once, and only if it asks."""
    said, answered = "", False
    while become.READY not in said:
        chunk = _heard(node, channel, said)
        said += chunk
        if not chunk or said.count(become.PROMPT) > 1:
            hang_up(channel)
            raise Unreachable(*become.refusal(said), node.name, "sudo")
        if become.PROMPT in said and not answered:
            channel.sendall(f"{password}\n".encode())
            answered = True


def _heard(node: Node, channel: Channel, said: str) -> str:
    try:
        return channel.recv(65536).decode(errors="replace")
    except TimeoutError:
        if words := become.last_words(said):  # a question of some other kind, as for a second factor
            seen = f"for {SILENCE} s it has waited behind: {words}"
            raise Unreachable(seen, host=node.name, where="sudo") from None
        raise


def _exit_code(channel: Channel) -> int:
    if not channel.status_event.wait(SILENCE):
        raise TimeoutError
    return channel.recv_exit_status()


def _listen(channel: Channel, on_line: Callable[[str], bool] | None) -> tuple[str, bool]:
    """Give all that a script says, and whether `on_line` left it behind."""
    decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
    text, rest = [], ""
    while chunk := channel.recv(65536):
        piece = decoder.decode(chunk)
        text.append(piece)
        if on_line is None:
            continue
        *lines, rest = (rest + piece).split("\n")
        if any([on_line(line) for line in lines]):
            return "".join(text), True
    if on_line is not None and rest:
        on_line(rest)
    return "".join(text), False


def _lost(node: Node, why: str) -> Unreachable:
    return Unreachable(f"the connection was lost ({why})", SAFE, node.name)
