"""An SSH server on the loopback that does what a test wants: answers, asks as sudo does, falls silent."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import paramiko
from fabric import Config, Connection
from paramiko import Channel, PKey, ServerInterface
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_FAILED_CONNECT_FAILED, OPEN_SUCCEEDED

from tasks.engine.ssh.access import Access, source
from tasks.engine.ssh.limits import LIMITS, LoginLimits
from tasks.inventory.cluster import Node
from tasks.inventory.parse import parse

Act = Callable[[Channel], None]

TYPED = "typed_ssh_config"
"""Where a configuration of tests carries what fab -S was given."""


def node_at(port: int, host: str = "127.0.0.1") -> Node:
    """Give a node that SSH reaches there."""
    node = parse("[zookeeper]\n10.0.0.1 myid=1\n").nodes[0]
    return replace(node, ssh=replace(node.ssh, host=host, port=port, user="ann"))


def access(config: Config, told: list[str] | None = None, limits: LoginLimits = LIMITS) -> Access:
    """Give the way to the hosts of a run with this configuration; what it warns of is added to `told`."""
    warn = (told if told is not None else []).append
    return Access(source(config.get(TYPED), config), config, warn, limits)


def configured(ssh_config: Path, **connect_kwargs: object) -> Config:
    """Give fab's configuration as it is with -S and no agent, unless something else is given."""
    options = {"allow_agent": False, **connect_kwargs}
    return Config(
        ssh_config=paramiko.SSHConfig(),
        overrides={"connect_kwargs": options, TYPED: str(ssh_config)},
    )


def connect(node: Node, config: Config, limits: LoginLimits = LIMITS) -> Connection:
    """Open one connection."""
    return access(config, limits=limits).connect(node)


def end(channel: Channel, code: int = 0) -> None:
    """End a command as a host does: output over, exit code, gone."""
    channel.shutdown_write()
    channel.send_exit_status(code)
    channel.close()


@dataclass
class Sshd(ServerInterface):
    """Answers any number of connections; `act` is what it does for a command.

    `freezes_at` names the point from which on it says nothing more: auth, session, forward, exec. It lets
    everybody in, or who has the key that it `accepts`, and hangs up after so many `tries`.
    """

    directory: Path
    act: Act = end
    freezes_at: str = ""
    commands: list[str] = field(default_factory=list)
    logins: int = 0
    key: PKey = field(default_factory=lambda: paramiko.ECDSAKey.generate())
    other_keys: tuple[PKey, ...] = ()
    accepts: PKey | None = None
    tries: int = 99
    offered: list[PKey] = field(default_factory=list)
    thawed: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.socket.getsockname()[1])
        self.transports: list[paramiko.Transport] = []
        client = paramiko.ECDSAKey.generate()
        client.write_private_key_file(str(self.directory / "key"))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            for key in (self.key, *self.other_keys):
                transport.add_server_key(key)
            self.transports.append(transport)
            transport.start_server(event=threading.Event(), server=self)

    def close(self) -> None:
        """Hang up on everybody."""
        self.thawed.set()
        with suppress(OSError):  # closed before
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for transport in self.transports:
            transport.close()

    def _freeze(self, where: str) -> None:
        if where == self.freezes_at:
            self.thawed.wait(60)

    def config(self, options: str = "", known_as: str = "") -> Config:
        """Give fab's configuration with an ssh_config by which this server is known."""
        known = self.directory / "known_hosts"
        known.write_text(self.line(known_as))
        text = f"UserKnownHostsFile {known}\n  IdentityFile {self.directory / 'key'}\n"
        (self.directory / "ssh_config").write_text(f"{options}\nHost *\n  {text}")
        return configured(self.directory / "ssh_config")

    def line(self, known_as: str = "", key: PKey | None = None, marker: str = "") -> str:
        """Give a line of known_hosts with this server's key, or another one."""
        key = key or self.key
        return f"{marker}{known_as or f'[127.0.0.1]:{self.port}'} {key.get_name()} {key.get_base64()}\n"

    # What paramiko calls

    def check_auth_publickey(self, username: str, key: PKey) -> int:
        self._freeze("auth")
        self.offered.append(key)
        if self.accepts and key.asbytes() != self.accepts.asbytes():
            if len(self.offered) >= self.tries:
                self.transports[-1].close()
            return AUTH_FAILED
        self.logins += 1
        return AUTH_SUCCESSFUL

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        self._freeze("session")
        return OPEN_SUCCEEDED

    def check_channel_direct_tcpip_request(
        self, chanid: int, origin: tuple[str, int], destination: tuple[str, int]
    ) -> int:
        self._freeze("forward")
        return OPEN_FAILED_CONNECT_FAILED

    def check_channel_exec_request(self, channel: Channel, command: bytes) -> bool:
        self._freeze("exec")
        self.commands.append(command.decode())
        threading.Thread(target=self._act, args=(channel,), daemon=True).start()
        return True

    def _act(self, channel: Channel) -> None:
        with suppress(OSError, EOFError):  # whoever asked has given up
            self.act(channel)
