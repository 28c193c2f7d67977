"""Run one script on one host: it travels on standard input, its output comes back line by line."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Lock, Timer

from fabric import Connection
from paramiko import Channel, ChannelException, SSHException

from ..errors import Unreachable
from ..inventory.cluster import Node
from . import become
from .hearing import INQUIRY, Bounds, Hearing, OutOfBounds

SILENCE = 30
"""Seconds without a sign of life after which a host counts as lost; scripts that act beat every 5 s."""

SAFE = "It is safe to run this again."


@dataclass(frozen=True)
class Outcome:
    """How a script ended: its exit code and everything it said."""

    code: int
    text: str


@dataclass(frozen=True)
class Staying:
    """The channel of a script that stays, and who may say something there: one at a time."""

    channel: Channel
    speaking: Lock


@dataclass(frozen=True)
class Remote:
    """A host at the other end of its connection, lost after so many seconds of `silence`.

    It is left behind, too, with a command that goes out of its `bounds`.
    """

    node: Node
    connection: Connection
    silence: float = SILENCE
    bounds: Bounds = INQUIRY

    def execute(self, script: str, on_line: Callable[[str], bool] = lambda line: False) -> Outcome:
        """Run `script` and wait for its end.

        `on_line` sees every line of output as it comes; if it returns True the script is left behind.
        Raises Unreachable if the connection breaks, the host falls silent or the script does not end.
        """
        with self._loss_told(), ExitStack() as ending:
            channel, hearing = self._started(ending)
            hearing.say(script)
            channel.shutdown_write()
            text, left = hearing.until(on_line)
            code = 0 if left else self._exit_code(channel)
        return Outcome(code, text)

    def hold(self, script: str, on_line: Callable[[str], bool]) -> tuple[Channel, str]:
        """Start a script that stays; give its channel, and what it says until `on_line` returns True.

        `hang_up` ends it. Raises Unreachable.
        """
        with self._loss_told(), ExitStack() as ending:
            channel, hearing = self._started(ending)
            hearing.say(script)
            text, stays = hearing.until(on_line)
            if not stays:
                self._exit_code(channel)
            channel.settimeout(self.silence)
            ending.pop_all()
        return channel, text

    def ask(self, staying: Staying, text: str, on_line: Callable[[str], bool]) -> str:
        """Say `text` to a script that stays; give what it answers until `on_line` returns True.

        Raises Unreachable.
        """
        with self._loss_told():
            hearing = Hearing(staying.channel, self.silence, self.bounds)
            with staying.speaking:
                hearing.say(text)
            answer, stays = hearing.until(on_line)
            if not stays:
                raise EOFError("it was closed")
            staying.channel.settimeout(self.silence)
        return answer

    @contextmanager
    def _loss_told(self) -> Iterator[None]:
        """Turn whatever shows that a host is lost into one Unreachable."""
        try:
            yield
        except TimeoutError:
            seen = f"it has been silent for {self.silence} s: frozen, or cut off"
            raise Unreachable(seen, SAFE, self.node.name) from None
        except OutOfBounds as error:
            raise Unreachable(error.seen, f"{SAFE} {error.remedy}".rstrip(), self.node.name) from None
        except ChannelException as error:
            seen = f"its sshd refuses another session on a connection ({error.text})"
            raise Unreachable(seen, "Is MaxSessions in its sshd_config below 3?", self.node.name) from error
        except (SSHException, OSError, EOFError) as error:
            seen = f"the connection was lost ({str(error) or 'the host hung up'})"
            raise Unreachable(seen, SAFE, self.node.name) from error

    def _started(self, ending: ExitStack) -> tuple[Channel, Hearing]:
        """Start a shell as root, to be hung up on when `ending` is left."""
        channel = self._session()
        ending.callback(hang_up, channel)
        channel.set_combine_stderr(True)
        hearing = Hearing(channel, self.silence, self.bounds)
        if not self.node.ssh.become:
            self._exec(channel, "sh")
            return channel, hearing
        password = self.connection.config.sudo.password or self.node.ssh.become_password
        self._exec(channel, become.command(bool(password)))
        self._become_root(hearing, password)
        return channel, hearing

    def _session(self) -> Channel:
        # Not Connection.create_session, which would connect again behind our back: the lease would be gone.
        assert self.connection.transport is not None
        try:
            channel: Channel = self.connection.transport.open_session(timeout=self.silence)
        except SSHException as error:
            if "Timeout" in str(error):
                raise TimeoutError from None
            raise
        return channel

    def _exec(self, channel: Channel, command: str) -> None:
        """Start a command; unlike paramiko, wait for the host's consent only so long."""
        silent = Event()

        def give_up() -> None:
            silent.set()
            hang_up(channel)  # which wakes up whoever waits for it

        watchdog = Timer(self.silence, give_up)
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

    def _become_root(self, hearing: Hearing, password: str | None) -> None:
        """See sudo through until its shell is ready; it gets the password once, and only if it asks."""
        said, answered = "", False
        while become.READY not in said:
            piece = self._heard(hearing, said)
            said += piece or ""
            if piece is None or said.count(become.PROMPT) > 1 or len(said) > become.MOST:
                raise Unreachable(*become.refusal(said), self.node.name, "sudo")
            if become.PROMPT in said and not answered:
                hearing.say(f"{password}\n")
                answered = True

    def _heard(self, hearing: Hearing, said: str) -> str | None:
        try:
            return hearing.piece()
        except TimeoutError:
            if words := become.last_words(said):  # a question of some other kind, as for a second factor
                seen = f"for {self.silence} s it has waited behind: {words}"
                raise Unreachable(seen, host=self.node.name, where="sudo") from None
            raise

    def _exit_code(self, channel: Channel) -> int:
        if not channel.status_event.wait(self.silence):
            raise TimeoutError
        if (code := channel.recv_exit_status()) == -1:
            raise EOFError("it was closed")
        return code


def hang_up(channel: Channel) -> None:
    """Close a channel, also one whose connection is gone."""
    with suppress(SSHException, OSError, EOFError):
        channel.close()
