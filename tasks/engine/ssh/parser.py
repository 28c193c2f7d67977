"""Read ssh_config where no ssh client can be asked: with paramiko's parser, which knows the plain half of it.

What it would misread or overlook is refused with file and line.
"""

import glob
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from paramiko import SSHConfig, SSHException

from ...errors import BadInput
from ...inventory.printable import printable
from .settings import Local, NotAnAnswer, Question, Settings, understood

DEFAULTS = {
    "identityfile": ["~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519"],
    "userknownhostsfile": ["~/.ssh/known_hosts ~/.ssh/known_hosts2"],
    "globalknownhostsfile": ["/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2"],
}

SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
CRITERIA = {"host", "originalhost", "user", "localuser"}

MISREAD = re.compile(
    r"""
    tag\b .*                                            # criteria and keywords that it does not know
    | match\b .* [=] .*
    | (?!host\b|match\b|proxycommand\b) \w+ .* \s\# .*  # a comment behind a value
    | (?!host\b|match\b|proxycommand\b) \w+ [^"]* "[^"]*" (?!$) .*  # several values in quotes
    | port [\s=]+ (?!\d+$) .*
    | connecttimeout [\s=]+ (?!(none|(\d+[smhdw]?)+)$) .*
    | connectionattempts [\s=]+ (?!\d+$) .*
    | identityfile [\s="]+ [^~\s="] .* ~ .*           # a ~ that is no home
    """,
    re.VERBOSE | re.IGNORECASE,
)


class Lines:
    """The lines of a file for paramiko to iterate over, which remembers at which it is. Raises Unknown."""

    def __init__(self, text: str, home: str) -> None:
        self._text, self._home = text, home
        self.number, self.line = 0, ""

    def __iter__(self) -> Iterator[str]:
        for line in self._text.split("\n"):
            self.number, self.line = self.number + 1, line.strip()
            if self._is_misread():
                raise Unknown
            if not self.line.lower().startswith("include"):
                yield self.line

    def _is_misread(self) -> bool:
        keyword, *values = re.split(r"[\s=]+", self.line) or [""]
        if keyword.lower() == "include":
            names = [os.path.expanduser(value.strip('"')) for value in values]
            bases = (f"{self._home}/.ssh", "/etc/ssh")
            return any(glob.glob(os.path.join(base, name)) for base in bases for name in names)
        unknown = keyword.lower() == "match" and not _is_known_match(values)
        encoded = not self.line.startswith("#") and any("\udc80" <= each <= "\udcff" for each in self.line)
        return unknown or encoded or bool(MISREAD.fullmatch(self.line))


class Unknown(ValueError):
    """A line that paramiko does not understand as ssh does."""


def _is_known_match(words: list[str]) -> bool:
    """Tell whether paramiko knows these criteria, of which it takes a misspelt one for fulfilled."""
    words = [word for word in words if word.lstrip("!") not in ("all", "canonical", "final")]
    return len(words) % 2 == 0 and all(word.lstrip("!") in CRITERIA for word in words[::2])


def ask(question: Question, local: Local, file: Path | None, named: str, is_read: bool) -> Settings:
    """Give the settings for a host, as paramiko sees them. Raises BadInput with file and line."""
    chosen = [file] if file else [Path(local.home, ".ssh/config"), Path("/etc/ssh/ssh_config")]
    states = [(each, each.stat().st_mtime_ns) for each in chosen if is_read and each.is_file()]
    config = _config(_typed(question), tuple(states), local.home)
    try:
        looked_up = config.lookup(question.name)
        said = {
            key: [value] if isinstance(value, str) else value for key, value in looked_up.items() if value
        }
        return understood(_completed(said, local), question, local, os.path.exists)
    except (KeyError, SSHException, NotAnAnswer, OSError) as error:
        raise BadInput(
            f"{named or 'ssh_config'}: what it says of {question.name} cannot be used without OpenSSH's own "
            f"client ({error}). {INSTALL}"
        ) from None


INSTALL = (
    "Install that (on Debian: apt-get install openssh-client), or name another file: ssh_config=FILE, fab -S."
)


def _typed(question: Question) -> str:
    """Give what stands on ssh's command line, as the head of a file: the first value counts."""
    typed = {"User": question.user, "Port": question.port, "ProxyJump": question.jump}
    return "".join(["Host *\n", *(f"  {key} {value}\n" for key, value in typed.items() if value)])


@lru_cache(maxsize=64)
def _config(typed: str, files: tuple[tuple[Path, int], ...], home: str) -> SSHConfig:
    config = SSHConfig.from_text(typed)
    for file, _ in files:
        try:
            lines = Lines(file.read_bytes().decode(errors="surrogateescape"), home)
        except OSError as error:
            raise BadInput(f"{file} cannot be read: {error.strerror}") from None
        try:
            config.parse(lines)
        except (SSHException, ValueError):  # ValueError: of shlex, for a quote that is not closed
            place, line = f"{file}:{lines.number}", printable(lines.line.strip())[:200]
            raise BadInput(
                f"{place}: `{line}` cannot be read without OpenSSH's own client. {INSTALL}"
            ) from None
    return config


def _completed(said: dict[str, list[str]], local: Local) -> dict[str, list[str]]:
    """Add what holds where nothing is said, and give every value as ssh prints it."""
    said = {"user": [local.user], **DEFAULTS, **said}
    timeout = said.pop("connecttimeout", ["none"])[0]
    if timeout != "none":
        parts = re.findall(r"(\d+)([smhdw]?)", timeout.lower())
        said["connecttimeout"] = [str(sum(int(number) * SECONDS[unit] for number, unit in parts))]
    if said.get("hostkeyalgorithms", [""])[0][:1] in "+-^":
        said.pop("hostkeyalgorithms", None)
    return said
