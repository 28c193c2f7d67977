"""testinfra's own ssh, with what it lacks: an end to every wait, one login, no questions, sudo's password."""

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from testinfra.backend.base import CommandResult
from testinfra.backend.ssh import SshBackend

from tasks.inventory import beside, load
from tasks.inventory.cluster import Node

from .evidence import asked

COMMAND_TIMEOUT = 60
"""Seconds after which a command on a host is given up."""

OPTIONS = (
    "-T -o BatchMode=yes -o ServerAliveInterval=10 -o ServerAliveCountMax=2 "
    "-o StrictHostKeyChecking=yes -o RemoteCommand=none -o ClearAllForwardings=yes"
)
"""No question is ever put to the operator, and half a minute of silence is a lost host.

Host keys are always checked, as fab does it. What ssh_config may want for sessions of people is left out.
"""

HANGS = "it has not answered within 20 s"
"""What is told of a docker engine that hangs."""

OWN_ENGINE = f"""\
unset DOCKER_TLS_VERIFY DOCKER_API_VERSION; export DOCKER_HOST=unix:///var/run/docker.sock
docker() {{
  timeout -s KILL 20 docker "$@"
  case $? in 0) ;; 124 | 137 | 143) echo '{HANGS}' >&2; return 1 ;;
  127) command docker "$@" ;; *) return 1 ;; esac
}}
"""
"""Goes before docker, which then asks a host's own engine, whatever its environment or a context says.

If that hangs, it says so, and leaves none behind that waits for it.
"""


def address(node: Node) -> str:
    """Return testinfra's name for a node, with all that hosts.ini says of reaching it."""
    user = f"{quote(node.ssh.user, safe='')}@" if node.ssh.user else ""
    port = f":{node.ssh.port}" if node.ssh.port else ""
    key = node.ssh.key and quote(str(beside(node.ssh.key)))
    options = [f"ssh_identity_file={key}"] if key else []
    options += ["sudo=true"] if node.ssh.become else []
    return f"ssh://{user}{node.ssh.host or node.name}{port}{'?' if options else ''}{'&'.join(options)}"


@cache
def _sockets() -> Path:
    """Make the directory of the sockets by which commands share one login to a host; it ends with us.

    testinfra alone shares it only where ssh_config has a ControlPath.
    """
    sockets = Path(tempfile.mkdtemp(prefix="mesofab-", dir="/tmp"))  # a socket's path is short, or refused
    atexit.register(_hang_up, sockets)
    return sockets


def _hang_up(sockets: Path) -> None:
    for socket in sockets.iterdir():
        end = ["ssh", "-o", f"ControlPath={socket}", "-O", "exit", "whoever"]
        subprocess.run(end, capture_output=True, check=False, timeout=10)
    shutil.rmtree(sockets, ignore_errors=True)


class Lost(RuntimeError):
    """A host could not be asked: which, and why."""

    def __init__(self, host: str, why: str) -> None:
        super().__init__(f"{host}: {why}")
        self.host, self.why = host, why


class Ssh(SshBackend):  # type: ignore[misc]
    """Takes the place of testinfra's backend `ssh`. A host is called as in the inventory, however reached."""

    def __init__(self, hostspec: str, *args: Any, patience: float = COMMAND_TIMEOUT, **options: Any) -> None:
        own = {"ssh_extra_args": OPTIONS, "controlpath": f"{_sockets()}/%%C"}  # it is formatted
        super().__init__(hostspec, *args, **{**options, **own})
        place = f"{self.host.name}:{self.host.port}" if self.host.port else self.host.name
        node = load().reached_at(place)
        self.hostname = node.name if node else self.host.name
        password = node.ssh.become_password if node else None
        self._patience = patience
        self._password = os.environ.get("FABRIC_SUDO_PASSWORD") or password

    def run(self, command: str, *args: str, **options: Any) -> CommandResult:
        """Run a command on the host."""
        said = super().run(command, *args, **options)
        code = "" if said.rc == 0 else f"exit code {said.rc}\n"
        asked(self.hostname, str(self.quote(command, *args)), f"{code}{said.stdout}{said.stderr}")
        return said

    def get_sudo_command(self, command: str, sudo_user: str | None) -> str:
        """Return the command that runs `command` as root; the password, if any, comes on standard input."""
        how = "-S -p ''" if self._password else "-n"
        # Where sudo does not ask, the password must not become the command's input.
        return str(self.quote(f"sudo {how} /bin/sh -c %s", f"exec </dev/null\n{command}"))

    def run_local(self, command: str, *args: str) -> CommandResult:
        """Run ssh here, and give up in the end. Raises Lost."""
        line = self.quote(command, *args)
        try:
            done = subprocess.run(
                f"exec {line}", shell=True, input=self._input(), capture_output=True, timeout=self._patience
            )
        except subprocess.TimeoutExpired:
            raise Lost(self.hostname, f"no answer within {self._patience} s") from None
        if done.returncode == 255:  # ssh's own
            raise Lost(self.hostname, done.stderr.decode(errors="replace").strip() or "no answer")
        return self.result(done.returncode, line.encode(), done.stdout, done.stderr)

    def _input(self) -> bytes:  # no variable of run_local, where pytest's -l would print it
        return f"{self._password}\n".encode() if self.sudo and self._password else b""
