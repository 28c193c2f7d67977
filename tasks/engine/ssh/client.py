"""Ask the machine's own ssh how a host is reached (`ssh -G`): the only full reader of ssh_config."""

import os
import pwd
import re
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...errors import BadInput
from ...inventory.printable import printable
from .settings import Local, NotAnAnswer, Question, Settings, read

PATIENCE = 10
"""Seconds that ssh may take to tell what it knows; a `Match exec` or a name server may keep it waiting."""

NO_CLIENT = re.compile(r"option:? (-- )?-?G\b|No user exists for uid")
"""What an ssh says that cannot be asked: OpenSSH before 6.8, another program, a user without an account."""

MOST_LINES = 5
"""Lines of ssh's that are told; of a file that is no ssh_config it refuses every one."""

NOISE = re.compile(r"Pseudo-terminal will not be allocated|: terminating, \d+ bad configuration")


@dataclass(frozen=True)
class Source:
    """The ssh_config file to read, None for ssh's own choice, and in which words it was named, if it was."""

    file: Path | None = None
    named: str = ""
    is_read: bool = True

    @property
    def options(self) -> list[str]:
        """What ssh is told of it on its command line."""
        if not self.is_read:
            return ["-F", "none"]
        return ["-F", str(self.file)] if self.file else []


def ask(question: Question, source: Source, patience: float = PATIENCE) -> Settings:
    """Give the settings for a host as ssh sees them. Raises BadInput with ssh's own words."""
    local = here()
    said = _run(question, source, patience)
    try:
        if said is None:
            from . import parser  # only where there is no client

            settings = parser.ask(question, local, source.file, source.named, source.is_read)
        else:
            settings = read(said, question, local, is_there)
    except NotAnAnswer:
        raise BadInput("`ssh -G` says nothing about a host: which program is called ssh here?") from None
    _refuse_other_encodings(settings)
    return settings


def here() -> Local:
    """Give the user and the machine that we are; ssh goes by the account, not by HOME."""
    try:
        account = pwd.getpwuid(os.getuid())
        home, user = account.pw_dir, account.pw_name
    except KeyError:
        home, user = os.path.expanduser("~"), str(os.getuid())
    return Local(home, user, os.getuid(), os.uname().nodename, os.environ)


def is_there(file: str) -> bool:
    """Tell whether a file, or something like it, exists."""
    return os.path.exists(os.path.expanduser(file))


def _command(question: Question, source: Source) -> list[str]:
    words = ["ssh", "-T", "-G", *source.options]
    words += ["-l", question.user] if question.user else []
    words += ["-p", str(question.port)] if question.port else []
    words += ["-J", question.jump] if question.jump else []
    return [*words, "--", question.name]


def _run(question: Question, source: Source, patience: float) -> str | None:
    """Give what ssh prints, or None where no ssh can be asked. Raises BadInput."""
    try:
        process = subprocess.Popen(
            _command(question, source),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError:
        return None
    with process:
        try:
            said, trouble = process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # what `Match exec` has started, too
            raise BadInput(
                f"`ssh -G {question.name}` does not end within {patience} s. Does a `Match exec` in "
                "ssh_config wait for something, or a name server that CanonicalizeHostname asks?"
            ) from None
    words = trouble.decode(errors="backslashreplace")
    if process.returncode == 0:
        return said.decode(errors="surrogateescape")
    if NO_CLIENT.search(words):
        return None
    raise BadInput(_refusal(words, source))


def _refusal(words: str, source: Source) -> str:
    lines = [
        printable(line.strip())[:200]
        for line in words.splitlines()
        if line.strip() and not NOISE.search(line)
    ]
    more = [f"and {len(lines) - MOST_LINES} more like these"] if len(lines) > MOST_LINES else []
    said = "; ".join(lines[:MOST_LINES] + more).rstrip(".") or "without a word"
    if loop := re.search(r"jumphost loop via (\S+)", said):
        return (
            f"ssh_config: ProxyJump goes in a circle: {loop[1]} would be reached through itself. Give it a "
            f"block of its own before the others: `Host {loop[1]}` with `ProxyJump none`."
        )
    if "Bad owner or permissions" in said:
        file = said.rpartition(" ")[2]
        return f"ssh refuses to read its configuration: {said}. Let nobody else write it: chmod go-w {file}"
    subject = f"{source.named}, which ssh cannot use" if source.named else "ssh cannot use its configuration"
    remedy = "Correct it, or name another file: ssh_config=FILE in hosts.ini, fab -S FILE."
    return f"{subject}: {said}. {remedy}"


def _refuse_other_encodings(settings: Settings) -> None:
    for what, value in (("user", settings.user), ("host", settings.host)):
        if not value.isprintable():  # which no byte is that was not UTF-8
            shown = value.encode(errors="surrogateescape").decode(errors="backslashreplace")
            raise BadInput(
                f"ssh_config: the {what} for {settings.name} is '{shown}', which is not UTF-8. "
                "Save the file as UTF-8, or set it in hosts.ini."
            )
