"""Which form an inventory has, as Ansible tells it: by name, first bytes, and what is beside it."""

import os
import re
from pathlib import Path

from .errors import BadInput

SUFFIXES = {".yml": "YAML", ".yaml": "YAML", ".json": "JSON", ".toml": "TOML"}
LOOKS_LIKE_YAML = re.compile(r"\A(?:\s*(?:#.*)?\n)*(?:---(?:\s|$)|[\w.-]+:(?:\s|$))")
LOOKS_LIKE_JSON = re.compile(r"\A\s*\{")
FIRST = 4096
"""Bytes that tell the form."""


def beyond_ini(file: Path, name: str) -> str:
    """Return why only Ansible itself can read an inventory, "" if it is INI. Raises BadInput."""
    if os.path.isdir(file):
        return "is a directory"
    if os.path.exists(file) and not os.path.isfile(file):  # whoever reads it may wait for ever
        raise BadInput(f"{name} is a pipe or a device; write the inventory into a file of its own")
    try:
        with file.open("rb") as opened:
            begin = opened.read(FIRST)
    except OSError:
        return ""  # whoever reads it says so
    if begin.startswith(b"$ANSIBLE_VAULT;"):
        return "is encrypted with Ansible Vault"
    if begin.startswith((b"#!", b"\x7fELF")):
        if not os.access(file, os.X_OK):
            raise BadInput(f"{name} is a script, but not executable; chmod +x {name}")
        return "is a script"
    if b"PRIVATE KEY-----" in begin.split(b"\n")[0]:
        raise BadInput(f"{name} is a private key; an inventory names it as ansible_ssh_private_key_file")
    if file.suffix in SUFFIXES:
        return f"is {SUFFIXES[file.suffix]}"
    text = begin.decode(errors="replace")
    for form, pattern, suffixes in (
        ("YAML", LOOKS_LIKE_YAML, ".yml and .yaml"),
        ("JSON", LOOKS_LIKE_JSON, ".json"),
    ):
        if pattern.match(text) and file.suffix:
            raise BadInput(f"{name} looks like {form}; Ansible reads {form} only from {suffixes}: rename it")
        if pattern.match(text):
            return f"is {form}"
    return ""


def variables_beside(file: Path) -> str:
    """Return which directories beside an INI file Ansible would read with it, "" if there are none."""
    found = [name for name in ("group_vars", "host_vars") if any((file.parent / name).glob("*"))]
    return f"has {' and '.join(f'{name}/' for name in found)} beside it" if found else ""
