"""The line to a host: over TCP, through a bastion, or through the program that ProxyCommand names."""

import errno
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from paramiko import Channel, Transport

from ...inventory.printable import printable
from ..line import PromptSocket
from .settings import Settings

Resolve = Callable[[str, int, int, int], Iterable[tuple[Any, ...]]]
"""How a name and a port become addresses, as `socket.getaddrinfo` has it."""

FAMILIES = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}


def over_tcp(
    settings: Settings, timeout: float, resolve: Resolve = socket.getaddrinfo, pause: float = 1
) -> PromptSocket:
    """Connect to the first of a host's addresses that answers. Raises OSError."""
    for _ in range(settings.attempts - 1):
        try:
            return _over_tcp(settings, timeout, resolve)
        except (ConnectionRefusedError, TimeoutError):
            time.sleep(pause)  # as ssh does between its ConnectionAttempts
    return _over_tcp(settings, timeout, resolve)


def _over_tcp(settings: Settings, timeout: float, resolve: Resolve) -> PromptSocket:
    family = FAMILIES.get(settings.family, socket.AF_UNSPEC)
    trouble: OSError = OSError(errno.EADDRNOTAVAIL, "it has no address of the wanted family")
    for kind, _, _, _, address in resolve(settings.host, settings.port, family, socket.SOCK_STREAM):
        line = socket.socket(kind, socket.SOCK_STREAM)
        try:
            line.settimeout(timeout)
            if settings.source:
                line.bind((settings.source, 0))
            line.connect(address)
            return PromptSocket(line)
        except OSError as error:
            line.close()
            trouble = error
    raise trouble


def through(bastion: Transport, settings: Settings, timeout: float) -> Channel:
    """Have a bastion connect to a host. Raises SSHException."""
    target = (settings.host, settings.port)
    return bastion.open_channel("direct-tcpip", dest_addr=target, src_addr=("", 0), timeout=timeout)


class Program(socket.socket):
    """A line to the program that ProxyCommand names, which ends with it.

    Not paramiko's ProxyCommand: that runs no shell, and never notices that the program has ended.
    """

    def __init__(self, command: str) -> None:
        """Start the program in the user's shell, as ssh does."""
        ours, theirs = socket.socketpair()
        super().__init__(ours.family, ours.type, ours.proto, ours.detach())
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the line)
        shell = os.environ.get("SHELL") or "/bin/sh"
        with theirs:
            self._process = subprocess.Popen(
                [shell, "-c", f"exec {command}"],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=self._words,
                start_new_session=True,
            )

    def last_words(self) -> str:
        """Give the last line that the program wrote to standard error."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(0.2)  # what it complains of comes just before its end
        self._words.seek(0)
        lines = self._words.read().decode(errors="backslashreplace").split("\n")
        return next((printable(line.strip()) for line in reversed(lines) if line.strip()), "")

    def close(self) -> None:
        """End the line and the program."""
        super().close()
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
