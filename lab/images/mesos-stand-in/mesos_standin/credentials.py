"""Credentials: as Mesos reads them from files, and as a request shows one."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Credential = tuple[str, str]
"""A principal and its secret."""


class BadCredentials(Exception):
    """A file that the real program refuses to start with."""


def several(path: str) -> dict[str, str]:
    """Return the secrets in a master's file by their principals. A JSON of any other form has none."""
    text = _read("credentials", path)
    try:
        return {one["principal"]: one["secret"] for one in _object(text).get("credentials", [])}
    except (ValueError, TypeError, KeyError):
        return dict(_lines(text))


def single(path: str) -> Credential:
    """Return what is in an agent's file."""
    text = _read("credential", path)
    try:
        found = _object(text)
        return found["principal"], found["secret"]
    except (ValueError, KeyError):
        return _lines(text)[0]


def too_open(path: str) -> bool:
    """Tell whether a file may be read by others; the real one does not look where it is given as file://."""
    return not path.startswith("file://") and bool(Path(path).stat().st_mode & 0o007)


def shown(headers: Mapping[str, str]) -> Credential | None:
    """Return what a request shows by Basic, None if nothing of that kind."""
    kind, _, coded = headers.get("Authorization", "").partition(" ")
    try:
        principal, colon, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (principal, secret) if kind == "Basic" and colon else None


def header(credential: Credential | None) -> dict[str, str]:
    """Return the header that shows a credential, if there is one."""
    if not credential:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(":".join(credential).encode()).decode()}


def _read(flag: str, path: str) -> str:
    try:
        return Path(path.removeprefix("file://")).read_text()
    except OSError as error:
        why = f"Failed to open file: {error.strerror} (see --{flag} flag)"
        raise BadCredentials(f"Failed to read {flag} file '{path}': {why}") from None


def _object(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def _lines(text: str) -> list[Credential]:
    """Read the older form: a principal and a secret in each line."""
    found: list[Credential] = []
    for number, line in enumerate(text.splitlines() or [""], 1):
        words = line.split()
        if len(words) != 2:
            raise BadCredentials(f"Invalid credential format at line {number}")
        found.append((words[0], words[1]))
    return found
