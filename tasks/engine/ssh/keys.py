"""The private keys to log in with: those in files, those in agents, and in which order they are offered."""

import base64
import binascii
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from paramiko import Message, PKey, SSHException
from paramiko.pkey import UnknownKeyType

from .agent import CERTIFICATE, Agent, AgentTrouble, HeldKey
from .limits import LIMITS, LoginLimits
from .settings import Settings

T = TypeVar("T")

LOCKED = "locked with a passphrase; add it to ssh-agent with ssh-add"
MAGIC = b"openssh-key-v1\0"


@dataclass(frozen=True)
class Identity:
    """A key file: the key, if it can be used, else why not; the public half may be known all the same."""

    path: str
    key: PKey | None = None
    public: bytes = b""
    trouble: str = ""


@dataclass(frozen=True)
class Offer:
    """A key that a host is asked to accept."""

    key: PKey

    @property
    def blob(self) -> bytes:
        """What the host is shown: a certificate, or the public key."""
        return self.key.public_blob.key_blob if self.key.public_blob else self.key.asbytes()


class Keys:
    """The keys of a run: each file is read once, each agent asked once for its list."""

    def __init__(self, passphrase: str | None = None, limits: LoginLimits = LIMITS) -> None:
        self._passphrase, self._limits = passphrase, limits
        self._identities: dict[str, Identity] = {}
        self._agents: dict[str, Agent | AgentTrouble] = {}
        self._lock = Lock()

    def identity(self, path: str) -> Identity:
        """Give the key of a file."""
        return self._once(self._identities, path, partial(load, path, self._passphrase))

    def agent(self, path: str) -> Agent | AgentTrouble:
        """Give the agent at a socket, or why it is of no use."""
        return self._once(self._agents, path, partial(_agent, path, self._limits))

    def trouble_of_agent(self, path: str) -> AgentTrouble | None:
        """Give why the agent at a socket was of no use, if it has been asked."""
        found = self._agents.get(path)
        return found if isinstance(found, AgentTrouble) else None

    def _once(self, known: dict[str, T], name: str, make: Callable[[], T]) -> T:
        with self._lock:
            if name not in known:
                known[name] = make()
            return known[name]

    def held(self, settings: Settings, public: bytes) -> bool:
        """Tell whether the agent has the key with this public half."""
        return any(True for _ in self._held(settings, [public]))

    def offers(self, settings: Settings) -> Iterator[Offer]:
        """Give the keys to offer to a host, in order.

        Those that were named come first, else a full agent would use up the tries that a host grants.
        The agent is asked only if it comes to that.
        """
        named = [self.identity(path) for path in settings.keys]
        others = [self.identity(path) for path in settings.default_keys]
        certificates = {each[1]: each[0] for each in map(_certificate, settings.certificates) if each}
        offered: set[bytes] = set()
        for offer in self._in_order(named, others, settings):
            for each in _with_certificate(offer, certificates):
                if each.blob not in offered:
                    offered.add(each.blob)
                    yield each

    def _in_order(
        self, named: Sequence[Identity], others: Sequence[Identity], settings: Settings
    ) -> Iterator[Offer]:
        for identity in named:
            if identity.key:
                yield Offer(identity.key)
            else:
                yield from self._held(settings, [identity.public])
        yield from self._held(settings, [identity.public for identity in others])
        if not settings.only_these_keys:
            yield from self._held(settings)
        yield from (Offer(each.key) for each in others if each.key)

    def _held(self, settings: Settings, publics: Iterable[bytes] | None = None) -> Iterator[Offer]:
        """Give the agent's keys, or only those of these public halves."""
        wanted = None if publics is None else {*publics} - {b""}
        if not settings.agent or wanted == set():
            return
        agent = self.agent(settings.agent)
        if isinstance(agent, Agent):
            held = map(Offer, agent.held)
            yield from (offer for offer in held if wanted is None or offer.blob in wanted)


def _agent(path: str, limits: LoginLimits) -> Agent | AgentTrouble:
    try:
        return Agent(path, limits)
    except AgentTrouble as trouble:
        return trouble


def load(path: str, passphrase: str | None) -> Identity:
    """Read a key file, as far as that is possible. What does not exist is no key, and no trouble."""
    file = Path(path)
    try:
        state = file.stat()
        if path.endswith(".pub") or not file.is_file():
            return Identity(path, public=_public(file))
        if state.st_uid == os.getuid() and state.st_mode & 0o077:
            return Identity(
                path, trouble=f"others than its owner can read it, so ssh ignores it: chmod 600 {path}"
            )
        return Identity(path, key := _unlocked(file, passphrase), key.asbytes())
    except FileNotFoundError:
        return Identity(path, public=_public(Path(f"{path}.pub")))
    except TypeError:
        return Identity(path, public=_public(file), trouble=LOCKED)
    except OSError as error:
        return Identity(path, trouble=f"it cannot be read ({error.strerror})")
    except (ValueError, SSHException, UnknownKeyType, UnsupportedAlgorithm) as error:
        why = str(error).split(". ")[0]  # what follows is for programmers
        wrong = (
            "its passphrase is a different one"
            if passphrase
            else f"it is not a key that can be used here ({why})"
        )
        return Identity(path, public=_public(file), trouble=wrong)


def _unlocked(file: Path, passphrase: str | None) -> PKey:
    """Read a private key. Raises TypeError, which is cryptography's word for a passphrase that is missing."""
    try:
        return PKey.from_path(file)
    except TypeError:
        if passphrase is None:
            raise
        return PKey.from_path(file, passphrase.encode())  # type: ignore[arg-type]  # cryptography wants bytes


def _public(file: Path) -> bytes:
    """Give the public half of a key that stands in the file or beside it, b"" if none does."""
    for each in (file, Path(f"{file}.pub")):
        try:
            text = each.read_text(errors="replace") if each.is_file() else ""  # a pipe may never end
        except OSError:
            continue
        if blob := _of_private(text) if "PRIVATE KEY" in text else _of_public(text):
            return blob
    return b""


def _of_public(text: str) -> bytes:
    try:
        return base64.b64decode(text.split()[1])
    except (IndexError, binascii.Error):
        return b""


def _of_private(text: str) -> bytes:
    """Give the public half that an OpenSSH key file tells without its passphrase."""
    try:
        body = base64.b64decode("".join(line for line in text.split("\n") if line and line[0] not in "-"))
    except binascii.Error:
        return b""
    if not body.startswith(MAGIC):
        return b""
    message = Message(body[len(MAGIC) :])
    for _ in ("cipher", "kdf", "its options"):
        message.get_binary()
    message.get_int()
    return message.get_binary()


def _certificate(path: str) -> tuple[str, bytes] | None:
    """Give a certificate's path with the public half that it is for."""
    blob = _public(Path(path))
    key = certified_key(blob)
    return (path, key) if key else None


def certified_key(certificate: bytes) -> bytes:
    """Give the public key inside a certificate, as it is without one; b"" if that is none."""
    message = Message(certificate)
    kind = message.get_text()
    if not kind.endswith(CERTIFICATE):
        return b""
    plain = kind.removesuffix(CERTIFICATE)
    parts = {"ssh-ed25519": 1, "ssh-rsa": 2}.get(plain, 2 if plain.startswith("ecdsa-") else 0)
    message.get_binary()  # the nonce
    key = Message()
    key.add_string(plain)
    for _ in range(parts):
        key.add_string(message.get_binary())
    return key.asbytes() if parts else b""


def _with_certificate(offer: Offer, certificates: dict[bytes, str]) -> Iterator[Offer]:
    """Give a key with its certificate, if it has one, and then alone: a certificate expires."""
    path = certificates.get(offer.key.asbytes())
    if path and offer.key.public_blob is None:
        offer.key.load_certificate(path)
    yield offer
    if offer.key.public_blob is not None:
        yield Offer(_alone(offer.key))


def _alone(key: PKey) -> PKey:
    if isinstance(key, HeldKey):  # which cannot be copied
        return HeldKey(key.agent, key.blob, key.comment)
    plain = copy(key)
    plain.public_blob = None
    return plain
