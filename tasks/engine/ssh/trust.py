"""Check the host keys that hosts show against the known_hosts files of their settings."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from paramiko import MissingHostKeyPolicy, PKey, SSHClient, SSHException

from ...errors import BadInput
from . import known_hosts
from .known_hosts import Entry, KnownHosts, Trusted, Verdict
from .settings import Settings

Warn = Callable[[str], object]
State = tuple[str, int, int]
"""A file with the time of its last change and its size."""


class Distrusted(SSHException):
    """A host shows a key that is not trusted; `verdict` tells why."""

    def __init__(self, verdict: Verdict, key: PKey) -> None:
        super().__init__(type(verdict).__name__)
        self.verdict, self.key = verdict, key


class Trust:
    """The known_hosts files of a run, each read once for all hosts and again when it has changed."""

    def __init__(self, warn: Warn) -> None:
        self._warn = warn
        self._warned: set[str] = set()
        self._read: dict[State, tuple[Entry, ...]] = {}
        self._merged: dict[tuple[State, ...], KnownHosts] = {}
        self._lock = Lock()

    def check(self, settings: Settings) -> "Check":
        """Give what checks the key of one host. Raises BadInput."""
        known = self._known(settings)
        revoked = _revoked(settings.revoked_keys) if settings.revoked_keys else []
        bare = settings.host if settings.port != 22 and not settings.alias else ""
        return Check(
            [*revoked, *known.of(settings.known_as)], known.of(bare) if bare else [], settings.host_key_types
        )

    def _known(self, settings: Settings) -> KnownHosts:
        names = dict.fromkeys((*settings.user_known_hosts, *settings.global_known_hosts))
        with self._lock:
            states = tuple(state for name in names if (state := self._state(name)))
            if states not in self._merged:
                self._merged[states] = known = KnownHosts()
                for entry in (entry for state in states for entry in self._entries(state)):
                    known.add(entry)
            return self._merged[states]

    def _state(self, name: str) -> State | None:
        try:
            found = os.stat(name)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._tell(f"{name}: cannot be read: {error.strerror}")
            return None
        return (name, found.st_mtime_ns, found.st_size) if Path(name).is_file() else None

    def _entries(self, state: State) -> tuple[Entry, ...]:
        if state not in self._read:
            name = state[0]
            try:
                entries, skipped = known_hosts.read(Path(name).read_bytes(), name)
            except OSError as error:
                entries, skipped = [], []
                self._tell(f"{name}: cannot be read: {error.strerror}")
            for complaint in known_hosts.complaints(name, skipped):
                self._tell(complaint)
            self._read[state] = tuple(entries)
        return self._read[state]

    def _tell(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            self._warn(text)


def _revoked(name: str) -> list[Entry]:
    """Read the list of RevokedHostKeys, a public key a line. Raises BadInput if it is of no use."""
    try:
        if os.path.exists(name) and not os.path.isfile(name):
            raise OSError(errno.EINVAL, "it is no file")
        lines = Path(name).read_bytes().split(b"\n")
        text = b"\n".join(line if line.startswith(b"#") else b"@revoked * " + line for line in lines if line)
    except OSError as error:
        why = f"which cannot be read ({error.strerror})"
    else:
        entries, skipped = known_hosts.read(text, name)
        if entries or not skipped:
            return entries
        why = "which is not a list of public keys, a key a line; ssh alone can read others"
    raise BadInput(
        f"ssh_config: RevokedHostKeys names {name}, {why}. Correct that: no host is trusted without it."
    )


class Check(MissingHostKeyPolicy):
    """Judges every key of one host: paramiko itself is given no known keys, so it asks here each time."""

    def __init__(self, named: list[Entry], without_port: list[Entry], wanted: tuple[str, ...]) -> None:
        self._named, self._without_port, self._wanted = named, without_port, wanted

    def algorithms(self, offered: tuple[str, ...]) -> list[str]:
        """Give the host key algorithms to ask for, the known ones first."""
        return known_hosts.algorithms([*self._named, *self._without_port], offered, self._wanted)

    def missing_host_key(self, client: SSHClient, hostname: str, key: PKey) -> None:
        """Raise Distrusted unless the host is known by this key."""
        verdict = known_hosts.judge(self._named, self._without_port, key.get_name(), key.asbytes())
        if not isinstance(verdict, Trusted):
            raise Distrusted(verdict, key)


def file_for_keys(settings: Settings) -> str:
    """Give the file that takes a key of a host and is read for it, "" if ssh_config names none such."""
    names = (*settings.user_known_hosts, *settings.global_known_hosts)
    return next((name for name in names if not os.path.exists(name) or Path(name).is_file()), "")
