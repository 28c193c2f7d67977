"""known_hosts as OpenSSH reads it: markers, patterns, hashed names, lines that are of no use. No effects."""

import base64
import binascii
import hmac
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

REVOKED, AUTHORITY = "@revoked", "@cert-authority"
KINDS = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}
"""The kinds of host key that can be checked here, each with the algorithms that prove one."""


class Entry(NamedTuple):
    """One line that holds a key: for whom, where it stands; a hashed name is a salt and a digest."""

    file: str
    number: int
    marker: str
    names: str
    kind: str
    key: bytes
    hashed: tuple[bytes, bytes] | None = None

    @property
    def place(self) -> str:
        """File and line, for people."""
        return f"{self.file}:{self.number}"


class Skipped(NamedTuple):
    """One line that is of no use, and why."""

    number: int
    why: str


@dataclass
class KnownHosts:
    """The entries of some files, found by name."""

    entries: list[Entry] = field(default_factory=list)
    _named: dict[str, list[Entry]] = field(default_factory=dict)
    _patterns: list[tuple[list[str], Entry]] = field(default_factory=list)
    _hashed: list[tuple[bytes, bytes, Entry]] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        """Add a line that `entries` has given."""
        self.entries.append(entry)
        if entry.hashed:
            self._hashed.append((*entry.hashed, entry))
            return
        patterns = entry.names.lower().split(",")
        if re.search(r"[*?!]", entry.names):
            self._patterns.append((patterns, entry))
        else:
            for name in set(patterns):
                self._named.setdefault(name, []).append(entry)

    def of(self, name: str) -> list[Entry]:
        """Give the entries that are for a name, as `host` or `[host]:port`, in the order of their lines."""
        name = name.lower()
        text = name.encode(errors="surrogateescape")
        found = [*self._named.get(name, ())]
        found += [entry for patterns, entry in self._patterns if _covers(patterns, name)]
        found += [entry for salt, digest, entry in self._hashed if hmac.digest(salt, text, "sha1") == digest]
        return found


def read(text: bytes, file: str) -> tuple[list[Entry], list[Skipped]]:
    """Read a file; what ssh would pass over is given with the reason. Comments are nothing."""
    entries, skipped = [], []
    for number, line in enumerate(text.decode("latin-1").split("\n"), start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            entries.append(_entry(words, file, number))
        except ValueError as error:
            skipped.append(Skipped(number, str(error)))
    return entries, skipped


def _entry(words: Sequence[str], file: str, number: int) -> Entry:
    marker = words[0] if words[0].startswith("@") else ""
    if marker not in ("", REVOKED, AUTHORITY):
        raise ValueError("an unknown marker")
    names, kind, key, *_ = [*words[bool(marker) :], "", "", ""]
    if kind.isdecimal() and key.isdecimal():
        raise ValueError("a key of SSH 1")
    if not key:
        raise ValueError("not of the form HOSTS TYPE KEY")
    if kind not in KINDS:
        raise ValueError("a type of key that is not known here")
    hashed = _hash(names) if names.startswith("|") else None
    return Entry(file, number, marker, names, kind, _blob(kind, key), hashed)


def _blob(kind: str, text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("a key that is damaged") from None
    name = kind.encode()
    if not key.startswith(len(name).to_bytes(4, "big") + name) or len(key) < len(name) + 12:
        raise ValueError("a key that is damaged")
    return key


def _hash(names: str) -> tuple[bytes, bytes]:
    """Take `|1|SALT|DIGEST` apart. Raises ValueError."""
    try:
        nothing, version, salt, digest = names.split("|")
        parts = base64.b64decode(salt, validate=True), base64.b64decode(digest, validate=True)
    except ValueError:  # of which binascii's error is one
        raise ValueError("a hashed name that is damaged") from None
    if nothing or version != "1" or len(parts[1]) != 20:
        raise ValueError("a hashed name that is damaged")
    return parts


def _covers(patterns: Iterable[str], name: str) -> bool:
    """Tell whether one of the patterns is for a name and none that begins with `!`."""
    matched = False
    for pattern in patterns:
        if _regex(pattern.removeprefix("!")).fullmatch(name):
            if pattern.startswith("!"):
                return False
            matched = True
    return matched


@lru_cache(maxsize=4096)
def _regex(pattern: str) -> re.Pattern[str]:
    """Give the pattern as ssh means it: `*` and `?` alone are special."""
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."))


class Trusted(NamedTuple):
    """A host shows a key that it is known by."""

    entry: Entry


class Revoked(NamedTuple):
    """A host shows a key that must not be trusted any more."""

    entry: Entry


class Changed(NamedTuple):
    """A host shows another key than the one of its kind that it is known by."""

    entry: Entry


class Unknown(NamedTuple):
    """A host shows a key that nobody knows; perhaps it is known by other kinds, or by an authority alone."""

    others: tuple[Entry, ...] = ()
    authorities: tuple[Entry, ...] = ()


Verdict = Trusted | Revoked | Changed | Unknown


def judge(named: Sequence[Entry], without_port: Sequence[Entry], kind: str, key: bytes) -> Verdict:
    """Judge a key by the entries for a host's name, and by those for the same host without its port.

    The latter only make a key known: ssh asks them where the port has no key of that kind.
    """
    everything = [*named, *without_port]
    if found := next((e for e in everything if e.marker == REVOKED and e.key == key), None):
        return Revoked(found)
    own = [entry for entry in named if not entry.marker]
    if found := next((entry for entry in own if entry.key == key), None):
        return Trusted(found)
    if found := next((entry for entry in own if entry.kind == kind), None):
        return Changed(found)
    if found := next((e for e in without_port if not e.marker and e.key == key), None):
        return Trusted(found)
    authorities = [entry for entry in everything if entry.marker == AUTHORITY]
    return Unknown(tuple(own), tuple(authorities))


def algorithms(entries: Iterable[Entry], offered: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Put the host key algorithms into the order to ask for: those that a known key can prove come first.

    `wanted` are those that ssh_config allows, if it says; of `offered` alone one can choose.
    """
    allowed = [each for each in wanted if each in offered] or list(offered)
    known = {each for entry in entries if not entry.marker for each in KINDS[entry.kind]}
    return sorted(allowed, key=lambda each: each not in known)


def complaints(file: str, skipped: Iterable[Skipped]) -> Iterator[str]:
    """Say once for every reason which lines of a file were passed over."""
    lines: dict[str, list[int]] = {}
    for each in skipped:
        lines.setdefault(each.why, []).append(each.number)
    for why, numbers in lines.items():
        shown = ", ".join(map(str, numbers[:5])) + (
            f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
        )
        yield f"{file}:{shown}: skipped, {why}"
