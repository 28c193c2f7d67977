"""Open a connection to a node over SSH, its host key checked, or say why that is not possible."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import RLock
from typing import Any

from fabric import Config, Connection
from paramiko import SSHConfig, Transport

from ... import inventory
from ...errors import BadInput, Unreachable
from ...inventory.cluster import Cluster, Node
from . import algorithms, client, dial
from .client import Source
from .keys import Keys
from .limits import LIMITS, LoginLimits
from .login import Login
from .routes import Route, Routes
from .settings import Question, Settings
from .trust import Check, Trust

logging.getLogger("paramiko").addHandler(logging.NullHandler())
"""Else Python itself prints paramiko's tracebacks, of errors that are told here in a sentence."""

OURS = frozenset(
    "allow_agent auth_strategy key_filename look_for_keys passphrase password pkey sock timeout".split()
)
"""Options of fab's configuration for paramiko that are acted on here."""


def source(chosen: str | None, config: Config, cluster: Cluster | None = None) -> Source:
    """Choose the ssh_config: of fab -S, else the inventory's, else ssh's own. Raises BadInput."""
    if chosen is not None:
        return Source(Path(chosen).expanduser().absolute())
    file = inventory.ssh_config(cluster) if cluster else None
    if file is None:
        return Source(is_read=bool(config.load_ssh_configs))
    return Source(file, f"{inventory.place('ssh_config')}: ssh_config names {file}")


class Bastions:
    """The hosts through which others are reached; any number of threads may ask for one.

    Each is logged in to once, however many are behind it: of many simultaneous logins an sshd
    drops some (MaxStartups).
    """

    def __init__(self, open_one: Callable[[Route], Connection], patience: float) -> None:
        self._open_one, self._patience = open_one, patience
        self._lock = RLock()
        self._open: dict[Route, Connection] = {}
        self._failed: dict[Route, tuple[float, Unreachable]] = {}

    def transport(self, route: Route) -> Transport:
        """Give the open connection to a bastion. Raises Unreachable, naming it."""
        with self._lock:
            known = self._open.get(route)
            if known is None or not known.is_connected:
                known = self._open[route] = self._connected(route)
            transport: Transport = known.transport
            return transport

    def _connected(self, route: Route) -> Connection:
        when, error = self._failed.get(route, (0.0, None))
        if error and time.monotonic() - when < self._patience:
            raise error  # for those who waited here meanwhile: they would try one by one, in vain
        try:
            return self._open_one(route)
        except Unreachable as why:
            error = Unreachable(f"bastion {route.settings.host}: {why.seen}", why.remedy)
            self._failed[route] = (time.monotonic(), error)
            raise error from why

    def close(self) -> None:
        """Close every connection, those behind others first."""
        for connection in reversed(self._open.values()):
            connection.close()


class Access:
    """The way to every host of a run: settings, keys, known hosts and bastions, each found out once."""

    def __init__(
        self, source: Source, config: Config, warn: Callable[[str], object], limits: LoginLimits = LIMITS
    ) -> None:
        self._source, self._options, self._limit = source, dict(config.connect_kwargs), limits.host
        self._user, self._port, self._timeout = config.user, config.port, _seconds(config.timeouts.connect)
        self._bare = _bare(config)
        self._routes = Routes(self._ask)
        self._trust = Trust(warn)
        self._keys = Keys(self._options.get("passphrase") or self._options.get("password"), limits)
        self._bastions = Bastions(self._open, limits.host)

    def route(self, node: Node) -> Route:
        """Find out how a node is reached; nobody is dialled. Raises BadInput."""
        key = node.ssh.key
        return self._routes.to(
            Question(
                node.ssh.host or node.name,
                node.ssh.user,
                node.ssh.port,
                keys=(str(inventory.beside(key)),) if key else (),
                shared_keys=self._given_keys(),
            )
        )

    def connect(self, node: Node) -> Connection:
        """Open a connection to `node`. Raises Unreachable or BadInput with a remedy."""
        try:
            return self._open(self.route(node))
        except Unreachable as error:
            raise Unreachable(error.seen, error.remedy, node.name, "connect") from error

    def close(self) -> None:
        """Close the connections to the bastions."""
        self._bastions.close()

    def _given_keys(self) -> tuple[str, ...]:
        given = self._options.get("key_filename") or ()
        names = [given] if isinstance(given, str) else given
        return tuple(str(Path(name).expanduser()) for name in names)

    def _ask(self, question: Question) -> Settings:
        """Ask ssh, and put what fab's own configuration says where ssh_config says nothing."""
        found = client.ask(question, self._source)
        options = self._options
        return replace(
            found,
            user=found.user if question.user or found.user != client.here().user else self._user,
            port=found.port if question.port or found.port != 22 else self._port,
            timeout=options.get("timeout") or found.timeout or self._timeout or self._limit,
            agent=found.agent if options.get("allow_agent", True) else "",
            default_keys=found.default_keys if options.get("look_for_keys", True) else (),
        )

    def _open(self, route: Route) -> Connection:
        settings, check = route.settings, self._trust.check(route.settings)
        line, connection = None, None
        try:
            line = self._dial(route)
            connection = self._connection(settings, check, line)
            connection.open()
        except Unreachable:
            raise
        except Exception as error:
            from . import trouble  # only where there is any

            told = trouble.told(error, route, self._keys, self._source, line)
            if connection:
                connection.client.close()
            if line is not None:
                line.close()  # which paramiko leaves open if it has given up before
            raise Unreachable(*told) from error
        assert connection.transport is not None
        connection.transport.set_keepalive(15)
        return connection

    def _dial(self, route: Route) -> Any:
        settings = route.settings
        if route.via:
            return dial.through(self._bastions.transport(route.via), settings, self._limit)
        if settings.command:
            return dial.Program(settings.command)
        return dial.over_tcp(settings, settings.timeout or self._limit)

    def _connection(self, settings: Settings, check: Check, line: Any) -> Connection:
        """Give Fabric's connection over a line. Nothing waits without an end: paramiko's own limits do."""
        limits = dict.fromkeys(("banner_timeout", "auth_timeout", "channel_timeout"), self._limit)
        others = {name: value for name, value in self._options.items() if name not in OURS}
        connection = Connection(
            settings.host,
            user=settings.user,
            port=settings.port,
            config=self._bare.clone(),  # Fabric writes into it, which another thread must not see half done
            gateway=False,
            forward_agent=False,
            connect_timeout=settings.timeout,
            connect_kwargs={
                **limits,
                **others,
                "sock": line,
                "transport_factory": partial(_transport, settings, check),
                "auth_strategy": Login(settings, self._keys, self._options.get("password")),
            },
        )
        connection.client.set_missing_host_key_policy(check)
        return connection


def _seconds(given: int | str | None) -> int | None:
    """Read a time of fab's configuration, which is text where a variable sets it. Raises BadInput."""
    if given is None or str(given).isdecimal() and int(given) > 0:
        return given if given is None else int(given)
    raise BadInput(
        f"timeouts.connect of fab's configuration (FABRIC_TIMEOUTS_CONNECT, fabric.yaml) is {given!r}; "
        "give a whole number of seconds, 1 or more"
    )


def _bare(config: Config) -> Config:
    """Give fab's configuration without what would be looked up or added behind our back."""
    bare = config.clone()
    bare.base_ssh_config = SSHConfig()
    bare.connect_kwargs = {}
    return bare


def _transport(settings: Settings, check: Check, line: Any, **options: Any) -> Transport:
    """Make paramiko's transport, which asks for a host key of a known kind and for nothing weak."""
    transport = Transport(line, **options)
    security = transport.get_security_options()
    security.ciphers = algorithms.offered(tuple(security.ciphers), settings.ciphers)
    security.digests = algorithms.offered(tuple(security.digests), settings.macs)
    security.key_types = check.algorithms(tuple(security.key_types))
    return transport
