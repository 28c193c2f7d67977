"""Which form an inventory has, as Ansible tells it: by name, first bytes, and what is beside it."""

import os
import re
from pathlib import Path

from ..errors import BadInput

SUFFIXES = {".yml": "YAML", ".yaml": "YAML", ".json": "JSON", ".toml": "TOML"}
LOOKS_LIKE_YAML = re.compile(r"\A(?:\s*(?:#.*)?\n)*(?:---|\{|[\w.-]+:(?:\s|$))")
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
    if file.suffix in SUFFIXES:
        return f"is {SUFFIXES[file.suffix]}"
    if LOOKS_LIKE_YAML.match(begin.decode(errors="replace")):
        if file.suffix:
            raise BadInput(f"{name} looks like YAML; Ansible reads YAML only from .yml and .yaml: rename it")
        return "is YAML"
    return ""


def variables_beside(file: Path) -> str:
    """Return which directories beside an INI file Ansible would read with it, "" if there are none."""
    found = [name for name in ("group_vars", "host_vars") if any((file.parent / name).glob("*"))]
    return f"has {' and '.join(f'{name}/' for name in found)} beside it" if found else ""
