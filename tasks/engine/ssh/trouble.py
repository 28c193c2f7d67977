"""Why a host cannot be reached or is not trusted: a sentence for each, with what to do."""

import base64
import errno
import hashlib
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from shlex import join, quote
from typing import Any

from paramiko import ChannelException, PKey, SSHException
from paramiko.ssh_exception import IncompatiblePeer

from .agent import AgentTrouble
from .client import Source
from .dial import Program
from .keys import LOCKED, Keys
from .known_hosts import Changed, Entry, Revoked, Unknown
from .login import NotAccepted, Silent
from .routes import Route
from .settings import Settings
from .trust import Distrusted, file_for_keys

MUTE = re.compile(
    "Error reading SSH protocol banner|No existing session|Timeout opening channel|EOF|Negotiation failed"
)
"""What paramiko says when a host takes the connection and then says nothing, or not SSH."""


Told = tuple[str, str]
"""What was seen, and what to do."""


def told(error: Exception, route: Route, keys: Keys, source: Source, line: Any) -> Told:
    """Say what an error of a connection that was tried means."""
    settings = route.settings
    match error:
        case Distrusted():
            return _distrusted(error, route, source)
        case NotAccepted():
            return _not_accepted(error, route, keys, source)
        case AgentTrouble():
            return str(error), _AGENT
        case ChannelException() | SSHException() if route.via and line is None:
            return _behind(error, route)
        case SSHException() | EOFError() | OSError() if isinstance(line, Program):
            return _program(settings, line)
        case OSError() if settings.command and line is None:
            shell = f"your shell {os.environ.get('SHELL')} cannot run the ProxyCommand ({error.strerror})"
            return shell, "Set SHELL to one that is there, such as /bin/sh."
        case IncompatiblePeer():
            return (
                f"{settings.where}: its sshd has no algorithm in common with us ({error})",
                "Is it very old? Upgrade it; until then, Ciphers and MACs in ssh_config can name weak ones.",
            )
        case Silent() | EOFError():
            return _mute(settings)
        case SSHException() if MUTE.search(str(error)):
            return _mute(settings)
        case _:
            return _unreached(error, route)


def _unreached(error: Exception, route: Route) -> Told:
    settings = route.settings
    match error:
        case socket.gaierror() if settings.family != "any":
            return (
                f"{settings.host} has no address of the kind that `AddressFamily {settings.family}` in "
                "ssh_config asks for",
                "Correct one of the two.",
            )
        case socket.gaierror():
            mend = "Correct it in ssh_config." if route.to_bastion else "Correct it or set ansible_host."
            return f"the name {settings.host} cannot be resolved", mend
        case OSError(errno=errno.EADDRNOTAVAIL) if settings.source:
            return (
                f"{settings.source}, which BindAddress in ssh_config names, is not an address of this "
                f"machine from which {settings.where} could be reached",
                "Correct or remove it.",
            )
        case TimeoutError():
            return f"{settings.where} does not answer within {settings.timeout} s", "Is the host up?"
        case OSError():
            return f"{settings.where}: {error.strerror or error}", "Is the host up, and sshd on it?"
        case _:
            return f"{settings.where}: {error or type(error).__name__}", "Is that an sshd?"


def _mute(settings: Settings) -> Told:
    seen = f"{settings.where} takes the connection, but does not talk SSH in time"
    return seen, "Is the host frozen or overloaded, or is it not an sshd?"


def _behind(error: SSHException, route: Route) -> Told:
    """Say why a bastion does not lead on."""
    assert route.via is not None
    bastion, where = f"bastion {route.via.settings.host}", route.settings.where
    if isinstance(error, ChannelException) and error.code == 1:
        return f"{bastion} forwards no connections", "Set AllowTcpForwarding in its sshd_config."
    if isinstance(error, ChannelException):
        return f"{bastion} cannot reach {where} ({error.text})", "Is the host up, and sshd on it?"
    if "Timeout" in str(error):
        return f"{bastion} has not reached {where} in time", "Is the host up?"
    return f"{bastion} was lost ({error}).", ""


def _program(settings: Settings, line: Program) -> Told:
    said = line.last_words()
    words = f"it says: {said.rstrip('.')}" if said else "it says nothing"
    return f"no sshd answers through ProxyCommand `{settings.command}`; {words}", "Try it by hand."


# Keys that are not accepted

_KEY_IN_HOSTS_INI = "ansible_ssh_private_key_file in hosts.ini, or "
_USER_AND_KEY = "ansible_user and ansible_ssh_private_key_file"
_AGENT = "Start another one, unset SSH_AUTH_SOCK, or set `IdentityAgent none` in ssh_config."


def _not_accepted(error: NotAccepted, route: Route, keys: Keys, source: Source) -> Told:
    settings = route.settings
    if error.hung_up and error.offered == 1:
        seen = f"{settings.where} hung up at the first key for user {settings.user}"
        return seen, "Its sshd's log tells why."
    if error.hung_up:
        return (
            f"{settings.where} hung up after {error.offered} keys for user {settings.user}: too many for its "
            "MaxAuthTries",
            f"Offer it the right one alone: {_KEY_IN_HOSTS_INI if not route.to_bastion else ''}"
            "IdentityFile with `IdentitiesOnly yes` in ssh_config.",
        )
    if error.partly or (error.accepts and "publickey" not in error.accepts):
        what = "accepts a key, but wants more besides" if error.partly else "takes no keys at all"
        return f"{settings.where} {what}: {', '.join(error.accepts)}. mesofab logs in with keys alone.", ""
    useless = [each for each in map(keys.identity, (*settings.keys, *settings.default_keys)) if each.trouble]
    if len(useless) == 1 and useless[0].trouble == LOCKED and not error.offered:
        add = f"ssh-add {quote(useless[0].path)}"
        return "the private key is locked with a passphrase", f"Add it to ssh-agent: {add}."
    left_out = [f"{each.path} was left out: {each.trouble}." for each in useless]
    left_out += _not_there(settings, keys)
    named = "its User and IdentityFile in ssh_config" if route.to_bastion else _USER_AND_KEY
    refused = f"{settings.where} accepts no key we have for user {settings.user}"
    remedy = f"Check {named}; try: {join(_ssh(settings, source))}"
    if not settings.offers_keys:
        return f"No key was offered: ssh_config has `PubkeyAuthentication no`. {refused}", remedy
    if silent := keys.trouble_of_agent(settings.agent):
        return " ".join([*left_out, str(silent)]), f"{_AGENT} {refused}. {remedy}"
    return " ".join([*left_out, refused]), remedy


def _not_there(settings: Settings, keys: Keys) -> list[str]:
    """Tell of the keys that somebody named and that there are not, or only their public halves."""
    told = []
    for each in map(keys.identity, settings.keys):
        if each.key or each.trouble or keys.held(settings, each.public):
            continue
        if not os.path.exists(each.path):
            told.append(f"{each.path} does not exist.")
        elif each.public:
            told.append(f"{each.path} is a public key, to whose private key no agent was found.")
    return told


def _ssh(settings: Settings, source: Source) -> list[str]:
    """Give the command that logs in as we do."""
    jump = ["-J", settings.jump] if settings.jump else []
    target = f"{settings.user}@{settings.name}"
    return ["ssh", *source.options, *jump, "-p", str(settings.port), target]


# Host keys that are not trusted


def _distrusted(error: Distrusted, route: Route, source: Source) -> Told:
    shown = _fingerprint(error.key)
    match error.verdict:
        case Revoked(entry):
            return (
                f"its host key {shown} is revoked ({entry.place}): somebody may have it who should not",
                "Give the host new keys, and make these known.",
            )
        case Changed(entry):
            return (
                f"its host key is {shown}, but known_hosts has another one ({entry.place})",
                f"If the host was reinstalled, {_removal(entry, route.settings)}. If not, somebody may be in "
                "between.",
            )
        case Unknown(others, authorities):
            return _unknown(shown, error.key, others, authorities, route, source)
        case _:
            raise AssertionError(error.verdict)


def _removal(entry: Entry, settings: Settings) -> str:
    """Say how an entry is removed; ssh-keygen finds it by the host's whole name alone."""
    if re.search(r"[*?!]", entry.names):
        return f"correct that line, which is for {entry.names}"
    return f"remove the old key: ssh-keygen -R {quote(settings.known_as)} -f {quote(entry.file)}"


def _unknown(
    shown: str,
    key: PKey,
    others: tuple[Entry, ...],
    authorities: tuple[Entry, ...],
    route: Route,
    source: Source,
) -> Told:
    if authorities:
        known = (
            f"its host key {shown} is not known: {authorities[0].place} trusts an authority for this host "
            "(@cert-authority), whose certificates cannot be checked here"
        )
    elif others:
        kinds = ", ".join(dict.fromkeys(entry.kind for entry in others))
        known = f"its host key {shown} is not known; {others[0].place} has {kinds}, which it does not show"
    else:
        known = f"its host key {shown} is not known"
    compare = (
        "Compare it with what the host's console shows (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub); "
        "if it is the same, "
    )
    return known, compare + addition(key, route, source)


def _is_writable(target: str) -> bool:
    file = Path(target)
    return os.access(next(each for each in (file, *file.parents) if each.exists()), os.W_OK)


def addition(
    key: PKey, route: Route, source: Source, is_writable: Callable[[str], bool] = _is_writable
) -> str:
    """Say how a host's key is made known; with sudo where the file is not ours to write."""
    settings, target = route.settings, file_for_keys(route.settings)
    if not target:
        return (
            "add it to a file, and name that as UserKnownHostsFile in ssh_config, which now names none that "
            "could keep it."
        )
    if settings.command:
        return f"log in once by hand and say yes: {join(_ssh(settings, source))}"
    into = ">>" if is_writable(target) else "| sudo tee -a"
    return f"add it: {_making(target)}{_scan(key, route, source)} {into} {quote(target)}"


def _making(target: str) -> str:
    folder = Path(target).parent
    return "" if folder.is_dir() else f"mkdir -p -m 700 {quote(str(folder))} && "


def _scan(key: PKey, route: Route, source: Source) -> str:
    settings = route.settings
    kind = key.get_name().removeprefix("ssh-").split("-")[0]
    port = ["-p", str(settings.port)] if settings.port != 22 else []
    through = _ssh(route.via.settings, source) if route.via else []
    rename = f" | sed 's/^[^ ]*/{settings.alias}/'" if settings.alias not in ("", settings.host) else ""
    return join([*through, "ssh-keyscan", *port, "-t", kind, settings.host]) + rename


def _fingerprint(key: PKey) -> str:
    digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
    return f"{key.get_name()} SHA256:{digest}"
