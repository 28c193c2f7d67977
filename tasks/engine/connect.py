"""Open a connection to a node over SSH, its host key checked, or say why that is not possible."""

import base64
import hashlib
import logging
import re
import socket
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from shlex import quote
from threading import RLock

from fabric import Config, Connection
from paramiko import (
    AuthenticationException,
    BadHostKeyException,
    ChannelException,
    HostKeys,
    MissingHostKeyPolicy,
    PKey,
    SSHClient,
    SSHException,
)
from paramiko.ssh_exception import ConfigParseError, NoValidConnectionsError, PasswordRequiredException

from .. import inventory
from ..errors import BadInput, Unreachable
from ..inventory.cluster import Cluster, Node
from .line import transport

logging.getLogger("paramiko").addHandler(logging.NullHandler())
"""Else Python itself prints paramiko's tracebacks, of errors that are told here in a sentence."""

TIMEOUT = 10
"""Seconds to wait for a host to answer, unless ssh_config or fab's -t says otherwise."""

NO_KEY = re.compile(r"encountered \w+ key, expected|not a valid .* private key|No authentication methods")
"""What paramiko says when it has no key, or has tried a refused one as every kind of key in turn."""

MUTE = re.compile("Error reading SSH protocol banner|No existing session")
"""What paramiko says when a host takes the connection and then says nothing, or not SSH."""

UNREACHED = re.compile("Timeout opening channel")
"""What paramiko says when a bastion does not tell in time whether it reaches the host behind it."""

KNOWN_HOSTS = ("~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts")

_CLONING = RLock()
_READING = RLock()

Address = tuple[str, str, int]
"""User, host and port."""


class UnknownHostKey(SSHException):
    """The host shows a key that no known_hosts file has."""

    def __init__(self, host: str, key: PKey):
        super().__init__(host)
        self.host, self.key = host, key


class RefuseUnknownKeys(MissingHostKeyPolicy):
    """Refuse: Fabric itself would accept any key and remember nothing."""

    def missing_host_key(self, client: SSHClient, hostname: str, key: PKey) -> None:
        """Raise UnknownHostKey."""
        raise UnknownHostKey(hostname, key)


def ssh_settings(cluster: Cluster, config: Config) -> Config:
    """Give fab's configuration, with the inventory's own ssh_config if it names one and -S does not."""
    if cluster.settings.ssh_config is None or config._runtime_ssh_path is not None:
        return config
    file = inventory.beside(cluster.settings.ssh_config)
    named = f"{inventory.place('ssh_config')}: ssh_config names {file}, which"
    if not file.is_file():
        raise BadInput(f"{named} does not exist")
    own = config.clone()
    own.base_ssh_config._config.clear()
    try:
        own._load_ssh_file(str(file))
    except (ConfigParseError, OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{named} cannot be read: {error}") from None
    return own


class Bastions:
    """The hosts through which others are reached; any number of threads may ask for one.

    Each is logged in to once, however many are behind it: of many simultaneous logins an sshd
    drops some (MaxStartups).
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._open: dict[Address, Connection] = {}
        self._failed: dict[Address, tuple[float, Unreachable]] = {}

    def share(self, hop: Connection) -> Connection:
        """Give the open connection to the bastion that `hop` means. Raises Unreachable, naming it."""
        address = (hop.user, hop.host, hop.port)
        with self._lock:
            known = self._open.get(address)
            if known and known.is_connected:
                return known
            when, error = self._failed.get(address, (0.0, None))
            if error and time.monotonic() - when < TIMEOUT:
                raise error  # for those who waited here meanwhile: they would try one by one, in vain
            try:
                _open(hop, self)
            except Unreachable as trouble:
                error = Unreachable(f"bastion {hop.host}: {trouble}")
                self._failed[address] = (time.monotonic(), error)
                raise error from trouble
            self._open[address] = hop
            return hop

    def close(self) -> None:
        """Close every connection."""
        for connection in self._open.values():
            connection.close()


def connect(node: Node, config: Config, bastions: Bastions) -> Connection:
    """Open a connection to `node`. Raises Unreachable or BadInput with a remedy."""
    connection = _connection(node, config)
    try:
        _open(connection, bastions)
    except Unreachable as error:
        raise Unreachable(f"{node.name}  connect: {error}") from error
    return connection


def _open(connection: Connection, bastions: Bastions) -> None:
    if isinstance(connection.gateway, Connection):
        connection.gateway = bastions.share(connection.gateway)
    began = time.monotonic()
    try:
        connection.open()
    except Exception as error:
        connection.close()
        raise Unreachable(_trouble(connection, error, time.monotonic() - began)) from error
    assert connection.transport is not None
    connection.transport.set_keepalive(15)


def _connection(node: Node, shared: Config) -> Connection:
    with _CLONING:  # a Config that many threads use is empty for moments
        config = shared.clone()
    options = dict(config.connect_kwargs)
    if node.ssh.key:
        options["key_filename"] = str(inventory.beside(node.ssh.key))
    connection = Connection(
        node.ssh.host or node.name,
        user=node.ssh.user,
        port=node.ssh.port,
        config=config,
        connect_kwargs=options,
    )
    for hop in _hops(connection):
        _set_limits(hop)
        hop.connect_kwargs["transport_factory"] = transport
        _forget_missing_keys(hop)
        _check_host_key(hop)
    return connection


def _hops(connection: Connection) -> Iterator[Connection]:
    """Give a connection and the bastions it goes through, the last one first."""
    hop: Connection | str | None = connection
    while isinstance(hop, Connection):
        yield hop
        hop = hop.gateway


def _set_limits(hop: Connection) -> None:
    """Let nothing wait without an end: paramiko's own limits reach from none at all to an hour."""
    typed = hop.connect_kwargs.pop("timeout", None)  # fab -t
    hop.connect_timeout = typed or hop.connect_timeout or TIMEOUT
    limits = dict.fromkeys(("banner_timeout", "auth_timeout", "channel_timeout"), TIMEOUT)
    hop.connect_kwargs = {**limits, **hop.connect_kwargs}


def _forget_missing_keys(hop: Connection) -> None:
    """Leave out keys of ssh_config that do not exist, as ssh does; paramiko would give up."""
    named = hop.ssh_config.get("identityfile", [])
    keys = [
        key
        for key in hop.connect_kwargs.get("key_filename", [])
        if key not in named or Path(key).expanduser().is_file()
    ]
    hop.connect_kwargs["key_filename"] = keys


def _check_host_key(connection: Connection) -> None:
    client = connection.client
    client.set_missing_host_key_policy(RefuseUnknownKeys())
    files = [(file, file.stat().st_mtime_ns) for file in _known_hosts(connection) if file.is_file()]
    with _READING:
        client._system_host_keys = _host_keys(*files)


@lru_cache(maxsize=8)
def _host_keys(*files: tuple[Path, int]) -> HostKeys:
    """Read files as they were changed last, once for all hosts: they hold the keys of every host."""
    keys = HostKeys()
    for file, _ in files:
        keys.load(str(file))
    return keys


def _known_hosts(connection: Connection) -> list[Path]:
    own = connection.ssh_config.get("userknownhostsfile")
    names = [*own.split(), KNOWN_HOSTS[1]] if own else KNOWN_HOSTS
    return [Path(name).expanduser() for name in names]


def _trouble(connection: Connection, error: Exception, seconds: float) -> str:
    where = f"{connection.host}:{connection.port}"
    match error:
        case UnknownHostKey():
            return _unknown_key(connection, error)
        case BadHostKeyException():
            return (
                f"its host key is {_fingerprint(error.key)}, but known_hosts has another one. If the host "
                f"was reinstalled, remove the old key: ssh-keygen -R {_known_as(connection)}. If not, "
                "somebody may be in between."
            )
        case PasswordRequiredException():
            return "the private key is locked with a passphrase. Add it to ssh-agent: ssh-add KEY."
        case SSHException() if MUTE.search(str(error)):
            return _mute(where)
        case SSHException() if isinstance(error, AuthenticationException) or NO_KEY.search(str(error)):
            # A key that got no answer looks like one that was refused; the time tells them apart.
            return _mute(where) if seconds > TIMEOUT else _no_key(connection)
        case ChannelException(code=1):
            return (
                f"{_bastion(connection)} forwards no connections. Set AllowTcpForwarding in its sshd_config."
            )
        case ChannelException():
            return (
                f"{_bastion(connection)} cannot reach {where} ({error.text}). Is the host up, and sshd on it?"
            )
        case SSHException() if UNREACHED.search(str(error)):
            return f"{_bastion(connection)} has not reached {where} in time. Is the host up?"
        case socket.gaierror():
            return f"the name {connection.host} cannot be resolved. Correct it or set ansible_host."
        case TimeoutError():
            return f"{where} does not answer within {connection.connect_timeout} s. Is the host up?"
        case NoValidConnectionsError():
            inner = next(iter(error.errors.values()))
            return f"{where}: {getattr(inner, 'strerror', None) or inner}. Is the host up, and sshd on it?"
        case _:
            return f"{where}: {error or type(error).__name__}. Is that an sshd?"


def _mute(where: str) -> str:
    return (
        f"{where} takes the connection, but does not talk SSH in time. "
        "Is the host frozen or overloaded, or is that no sshd?"
    )


def _bastion(connection: Connection) -> str:
    return f"bastion {getattr(connection.gateway, 'host', connection.gateway)}"


def _no_key(connection: Connection) -> str:
    return (
        f"{connection.host}:{connection.port} accepts no key we have for user {connection.user}. "
        "Check ansible_user and ansible_ssh_private_key_file; try: "
        f"ssh -p {connection.port} {connection.user}@{connection.host}"
    )


def _unknown_key(connection: Connection, error: UnknownHostKey) -> str:
    target = (_known_hosts(connection) or [Path(KNOWN_HOSTS[0])])[0]
    port = f"-p {connection.port} " if connection.port != 22 else ""
    kind = error.key.get_name().removeprefix("ssh-").split("-")[0]
    hop = connection.gateway
    through = f"ssh {hop.user}@{hop.host} " if isinstance(hop, Connection) else ""
    make = "" if target.parent.is_dir() else f"mkdir -p -m 700 {quote(str(target.parent))} && "
    return (
        f"its host key {_fingerprint(error.key)} is not known. Compare it with what the host's console "
        "shows (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub); if it is the same, add it: "
        f"{make}{through}ssh-keyscan {port}-t {kind} {connection.host} >> {quote(str(target))}"
    )


def _known_as(connection: Connection) -> str:
    return connection.host if connection.port == 22 else f"'[{connection.host}]:{connection.port}'"


def _fingerprint(key: PKey) -> str:
    digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
    return f"{key.get_name()} SHA256:{digest}"
