"""Flags from the command line and from MESOS_* variables, as strictly as the real programs read them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import VERSION, acls

UNITS = {
    "ns": 1,
    "us": 10**3,
    "ms": 10**6,
    "secs": 10**9,
    "mins": 60 * 10**9,
    "hrs": 3600 * 10**9,
    "days": 86400 * 10**9,
    "weeks": 7 * 86400 * 10**9,
}
# Values that name a file whose content nobody else shall see.
_KEEPS_PATH = ("secret", "path")
_REQUIRED = "!"


class FlagError(Exception):
    """A command line or an environment that the real program refuses to start with."""


@dataclass(frozen=True)
class Flag:
    """A flag of flags.txt."""

    name: str
    kind: str
    default: str | None
    aliases: tuple[str, ...] = ()


@dataclass
class Flags:
    """What was loaded: flag by flag, as text. Unset flags without a default are absent."""

    known: dict[str, Flag]
    values: dict[str, str] = field(default_factory=dict)
    # What flags mean that are shown in another form.
    _meant: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """Return a flag's value as it is shown."""
        return self.values.get(name)

    def content(self, name: str) -> str | None:
        """Return what a flag means: the content, where it names a file."""
        value = self.values.get(name)
        return _content(value).strip() if value is not None else None

    def meaning(self, name: str) -> str | None:
        """Return what was given, or the content of the file that was named, as it was written."""
        return self._meant.get(name)

    def take(self, flag: Flag, spelling: str, text: str) -> None:
        """Take a value."""
        self._meant[flag.name], self.values[flag.name] = _value(flag, spelling, text)

    def number(self, name: str) -> int:
        """Return a flag that is a number."""
        return int(self.values[name])

    def true(self, name: str) -> bool:
        """Tell whether a flag is set to true."""
        return self.values.get(name) == "true"

    def seconds(self, name: str) -> float:
        """Return a flag that is a duration."""
        return nanoseconds(self.values[name]) / 10**9


def load(program: str, table: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> Flags:
    """Load the flags, or end the process as the real program does: usage and 1, or help or version and 0."""
    known = {flag.name: flag for flag in _table(table)}
    try:
        flags = parse(known, arguments, environment)
    except FlagError as error:
        sys.exit(f"{error}\n\n{_usage(program, known)}")
    if flags.true("help"):
        print(_usage(program, known))
        sys.exit(0)
    if flags.true("version"):
        print(f"mesos {VERSION} (stand-in)")
        sys.exit(0)
    return flags


def parse(known: dict[str, Flag], arguments: Sequence[str], environment: Mapping[str, str]) -> Flags:
    """Read variables, then arguments over them."""
    spelled = {name: flag for flag in known.values() for name in (flag.name, *flag.aliases)}
    given = dict(_from_environment(spelled, environment))
    given.update(_from_arguments(spelled, arguments))
    flags = Flags(known, {flag.name: flag.default for flag in known.values() if flag.default is not None})
    seen: dict[str, str] = {}
    for spelling, value in given.items():
        flag = spelled[spelling]
        if flag.name in seen:
            raise FlagError(f"Flag '{spelling}' is already loaded via name '{seen[flag.name]}'")
        seen[flag.name] = spelling
        flags.take(flag, spelling, value)
    if missing := [name for name, value in flags.values.items() if value == _REQUIRED]:
        raise FlagError(f"Flag '{missing[0]}' is required, but it was not provided")
    return flags


def nanoseconds(text: str) -> int:
    """Read a duration: a number and a unit."""
    match = re.fullmatch(r"(-?[0-9]*\.?[0-9]+)([A-Za-z]+)", text)
    if not match:
        raise FlagError(f"Invalid duration '{text}'")
    if match[2] not in UNITS:
        raise FlagError(f"Unknown duration unit '{match[2]}'")
    return round(float(match[1]) * UNITS[match[2]])


def _from_environment(
    spelled: Mapping[str, Flag], environment: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    for variable, value in environment.items():
        name = variable.removeprefix("MESOS_").lower()
        # What is no flag of this program is dropped without a word.
        if variable.startswith("MESOS_") and name in spelled:
            yield name, value


def _from_arguments(spelled: Mapping[str, Flag], arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    for argument in arguments:
        if argument == "--":
            return
        if not argument.startswith("--"):
            continue
        name, equals, value = argument[2:].partition("=")
        flag, negated = spelled.get(name), False
        if not flag and name.startswith("no-"):
            flag, negated = spelled.get(name[3:]), True
        if not flag:
            raise FlagError(f"Failed to load unknown flag '{name}'")
        if flag.kind != "bool" and (negated or not equals):
            raise FlagError(f"Failed to load non-boolean flag '{name}': Missing value")
        yield (name[3:], "false") if negated else (name, value)


def _value(flag: Flag, spelling: str, text: str) -> tuple[str, str]:
    """Return what a text means, and how it is shown."""
    try:
        plain = text if flag.kind == "path" else _content(text, bare=flag.kind == "acls")
        shown = _CHECKS[flag.kind](plain) if flag.kind in _CHECKS else plain
    except (FlagError, ValueError) as error:
        raise FlagError(f"Failed to load flag '{spelling}': Failed to load value '{text}': {error}") from None
    return plain, text if flag.kind in _KEEPS_PATH else shown


def _content(text: str, bare: bool = False) -> str:
    """Return the content of the file that a text names, or the text; `bare`: also as a path alone."""
    path = text.removeprefix("file://")
    if path == text and not (bare and text.startswith("/")):
        return text
    try:
        return Path(path).read_text()
    except OSError as error:
        raise FlagError(f"Error reading file '{path}': Failed to open file: {error.strerror}") from None


def _boolean(text: str) -> str:
    if text in ("true", "1", ""):
        return "true"
    if text in ("false", "0"):
        return "false"
    raise FlagError("Expecting a boolean (e.g., true or false)")


def duration(seconds: float) -> str:
    """Write a duration in the largest unit that divides it."""
    value = round(seconds * UNITS["secs"])
    unit = next(unit for unit in reversed(UNITS) if value % UNITS[unit] == 0) if value else "ns"
    return f"{value // UNITS[unit]}{unit}"


def _duration(text: str) -> str:
    return duration(nanoseconds(text) / UNITS["secs"])


def _like(pattern: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise FlagError(f"Failed to convert '{text}'")
        return text

    return check


_CHECKS: dict[str, Callable[[str], str]] = {
    "bool": _boolean,
    "duration": _duration,
    "int": _like(r"-?[0-9]+"),
    "percent": _like(r"[0-9]+(\.[0-9]+)?%"),
    "bytes": _like(r"[0-9]+(B|KB|MB|GB|TB)"),
    "float": _like(r"[0-9]+(\.[0-9]+)?"),
    "acls": acls.as_text,
}


def _table(path: Path) -> Iterator[Flag]:
    for line in path.read_text().splitlines():
        if not line.startswith("#"):
            kind, default, *spelled = line.split()
            for name, *aliases in (each.split("/") for each in spelled):
                yield Flag(name, kind, {"-": None, '""': ""}.get(default, default), tuple(aliases))


def _usage(program: str, known: Mapping[str, Flag]) -> str:
    boolean = {flag.name: flag.kind == "bool" for flag in known.values()}
    lines = (f"  --[no-]{name}" if boolean[name] else f"  --{name}=VALUE" for name in boolean)
    return f"Usage: {program} [options]\n\n" + "\n".join(lines)
