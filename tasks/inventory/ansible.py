"""Inventories of every form that Ansible reads, by asking its own `ansible-inventory`."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from shlex import quote

from . import answer
from .errors import BadInput
from .raw import Raw
from .secret import HIDDEN, is_secret

PATIENCE = 120
"""Seconds after which a script or a plugin of an inventory is given up."""

AT_ONCE = 4
"""Values that are decrypted at once; each takes a process that starts for half a second."""

STRICT = "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED"
"""Else Ansible leaves out what it cannot read, and says so only in a warning."""

MESSAGE = re.compile(r"^\[(?:ERROR|WARNING)\]:|^ERROR!", re.MULTILINE)
PLUGIN = re.compile(r"\*? ?Failed to parse (?:inventory|\S+) with '?(\w+)'? plugin: ")
ORIGIN = re.compile(r"Origin: ([^<]+?):(\d+)|in '([^']+)': line (\d+)")
"""Where Ansible has seen a mistake, as its versions tell it."""

BEHIND_REASON = re.compile(
    r"\n\s*\n|\s(?:The error appears to be|The offending line|Origin:)|(?<=, )got:", re.DOTALL
)
"""What follows a reason: lines of the inventory, which may hold secrets."""

PYTHONS_WORDS = re.compile(r".*\bansible\.errors\.\w+: ")
"""What stands before a reason that Ansible tells with a traceback, as one in its own configuration."""

SCRIPT_SAID = re.compile(r"Standard error from inventory script:\n(.+)")


def ask(file: Path, name: str, why: str, python: str = sys.executable, patience: float = PATIENCE) -> Raw:
    """Read an inventory through the Ansible of `python`; `why` says what it is. Raises BadInput."""
    program, run = _program(name, why, python), partial(_run, file, name, patience)
    said = run([program, "-i", str(file), "--list", "--export"])
    try:
        document = json.loads(said[said.index("{") :])
    except ValueError:
        raise BadInput(f"{name}: ansible-inventory's answer is not JSON; {_try(file)}") from None
    texts = answer.encrypted(document)
    decrypt = [str(Path(program).with_name("ansible-vault")), "decrypt", "--output", "-"]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        clear = pool.map(partial(run, decrypt), texts)
        raw = answer.read(document, dict(zip(texts, clear, strict=True)))
    if not raw.hosts:
        raise BadInput(f"{name}: {_no_hosts(file)}")
    return raw


def decrypt(file: Path, name: str, python: str = sys.executable, patience: float = PATIENCE) -> str:
    """Read a file that is encrypted with Ansible Vault. Raises BadInput."""
    program = Path(_program(name, "is encrypted with Ansible Vault", python)).with_name("ansible-vault")
    return _run(file, name, patience, [str(program), "decrypt", "--output", "-", str(file)])


def _program(name: str, why: str, python: str) -> str:
    """Find ansible-inventory: beside Python, else on PATH. Raises BadInput."""
    beside = Path(python).with_name("ansible-inventory")
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("ansible-inventory")
    if not found:
        raise BadInput(
            f"{name} {why}, so mesofab reads it through ansible-inventory, which is not installed; "
            f"{quote(python)} -m pip install ansible-core"
        )
    return found


def _no_hosts(file: Path) -> str:
    ignored = sorted(file.glob("*.ini")) if file.is_dir() else []
    if ignored:
        without = ignored[0].with_suffix("").name
        return (
            f"Ansible finds no host in it, and ignores {ignored[0].name}, as any .ini file in a directory; "
            f"rename it to {without}"
        )
    return "Ansible finds no host in it; put hosts below zookeeper, mesos_master, ..."


# Other programs


def _run(file: Path, name: str, patience: float, command: list[str], given: str | None = None) -> str:
    """Return what a program of Ansible's prints. Raises BadInput with its own reason if it fails."""
    alone = not sys.stdin or not sys.stdin.isatty()  # else it may ask for the password of a vault
    try:
        process = subprocess.Popen(
            command,
            stdin=_input(given, alone),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env={STRICT: "true", **os.environ},
            start_new_session=alone,
        )
        out, err = process.communicate(given, timeout=patience)
    except OSError as error:
        raise BadInput(f"{name}: {command[0]} cannot be started: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        _end(process, alone)
        tool = Path(command[0]).name
        raise BadInput(f"{name}: {tool} gave no answer within {patience} s; {_try(file)}") from None
    if process.returncode:
        raise BadInput(f"{name}: {_reason(err)}")
    return out


def _input(given: str | None, alone: bool) -> int | None:
    if given is not None:
        return subprocess.PIPE
    return subprocess.DEVNULL if alone else None


def _end(process: "subprocess.Popen[str]", alone: bool) -> None:
    with suppress(ProcessLookupError):
        if alone:  # with the script that it may wait for
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
    process.wait()


def _try(file: Path) -> str:
    return f"try: ansible-inventory -i {quote(str(file))} --list"


def _reason(told: str) -> str:
    """Return why Ansible failed, without the lines of the inventory that it shows: they may hold secrets."""
    messages = [text.strip() for text in MESSAGE.split(re.sub(r"\x1b\[[0-9;]*m", "", told))[1:]]
    of_plugins = {match[1]: text[match.end() :] for text in messages if (match := PLUGIN.match(text))}
    if len(of_plugins) > 1:
        of_plugins.pop("ini", None)  # it is tried last on everything, and says nothing of YAML or a script
    errors = [text for text in messages[-1:] if not text.startswith("Completely failed")]
    reason = next(iter(errors or of_plugins.values()), "")
    if not reason and any(text.startswith("Completely failed") for text in messages):
        return "it holds nothing that Ansible can read"
    said = _sentence(reason) if reason else _last_words(told)
    if "vault" in said.lower() or "decrypt" in said.lower():
        return f"{said}; name the file that has its password: export ANSIBLE_VAULT_PASSWORD_FILE=FILE"
    return f"Ansible cannot read it: {said}"


def _last_words(told: str) -> str:
    return _unless_secret(PYTHONS_WORDS.sub("", " ".join(told.split()))[-200:]) or "it gives no reason"


def _unless_secret(said: str) -> str:
    """Return words of another program; it may print what it was given."""
    return HIDDEN if is_secret("", said) else said


def _sentence(text: str) -> str:
    reason = " ".join(BEHIND_REASON.split(text)[0].split()).rstrip(".,: ")
    origin, script = ORIGIN.search(" ".join(text.split())), SCRIPT_SAID.search(text)
    where = f" ({origin[1] or origin[3]}, line {origin[2] or origin[4]})" if origin else ""
    return f"{reason[:300]}{where}{f', and says: {_unless_secret(script[1][:200])}' if script else ''}"
