"""What `ansible-inventory --list --export` answers; a host or a group stands for a line of INI."""

from collections.abc import Iterator, Mapping
from itertools import chain
from shlex import join, quote
from typing import Any

from .names import is_ours
from .raw import Assignment, Group, Raw, Variables
from .settings import ROLES
from .templates import REFERENCE
from .values import as_text

VAULTED = "__ansible_vault"
"""The only key of what stands for a value that is encrypted by itself."""


def read(document: object, plain: Mapping[str, str]) -> Raw:
    """Read the answer; `plain` has the clear text of every value in `encrypted`."""
    tables = _table(document)
    own = _table(_table(tables.get("_meta")).get("hostvars"))
    raw = Raw(places=[""])
    for name in sorted({*tables} - {"_meta"}, key=_first_roles):
        group = raw.groups[name] = Group(name, _place(raw, f"group {name}"), has_members=True)
        table = _table(tables[name])
        group.children = {c: group.line for c in _names(table.get("children")) if c in tables}
        group.variables = _variables(table.get("vars"), group.line, plain)
        for host in _names(table.get("hosts")):
            if host not in raw.hosts:
                raw.host_lines[host] = _place(raw, f"host {host}")
                raw.hosts[host] = _variables(own.get(host), raw.host_lines[host], plain)
            group.hosts[host] = raw.host_lines[host]
    return raw


def encrypted(document: object) -> list[str]:
    """Return the encrypted texts of variables that may be needed: ours, and those that a template names."""
    found = list(_all_variables(document))
    named = {name for _, value in found for name in REFERENCE.findall(as_text(value))}
    needed = [_encrypted_in(value) for key, value in found if is_ours(key) or key in named]
    return list(dict.fromkeys(chain.from_iterable(needed)))


def _encrypted_in(value: object) -> Iterator[str]:
    if _is_vaulted(value):
        yield _table(value)[VAULTED]
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _encrypted_in(each)


def _clear(value: Any, plain: Mapping[str, str]) -> Any:
    """Return a value with the clear text for what is encrypted in it."""
    if _is_vaulted(value):
        return plain.get(value[VAULTED], "").rstrip("\n")
    if isinstance(value, dict):
        return {key: _clear(each, plain) for key, each in value.items()}
    return [_clear(each, plain) for each in value] if isinstance(value, list) else value


def _all_variables(document: object) -> Iterator[tuple[str, Any]]:
    tables = _table(document)
    for name, table in tables.items():
        if name != "_meta":
            yield from _table(_table(table).get("vars")).items()
    for variables in _table(_table(tables.get("_meta")).get("hostvars")).values():
        yield from _table(variables).items()


def _variables(given: object, line: int, plain: Mapping[str, str]) -> Variables:
    values = {key: _as_setting(key, _clear(value, plain)) for key, value in _table(given).items()}
    return {key: Assignment(text.rstrip("\n"), line) for key, text in values.items()}


def _as_setting(key: str, value: object) -> str:
    """Return a value as text, what has parts as its setting has them in INI."""
    match value:
        case dict() if key.endswith("_environment") and is_ours(key):
            return " ".join(quote(f"{name}={_in_words(each)}") for name, each in value.items())
        case dict() if key == "mesos_agent_attributes":
            return ";".join(f"{name}:{_in_words(each)}" for name, each in value.items())
        case list() if key == "marathon_arguments":
            return join(map(_in_words, value))
        case list() if key in ("extra_flags", "preflight_ignore", "firewall_allow"):
            return ",".join(map(_in_words, value))
        case _:
            return as_text(value)


def _in_words(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else as_text(value)


def _is_vaulted(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == {VAULTED} and isinstance(value[VAULTED], str)


def _first_roles(name: str) -> tuple[int, str]:
    return (ROLES.index(name) if name in ROLES else len(ROLES)), name


def _place(raw: Raw, text: str) -> int:
    raw.places.append(text)
    return len(raw.places)


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _names(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
