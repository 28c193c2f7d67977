"""What `ansible-inventory --list --export` answers; a host or a group stands for a line of INI."""

from collections.abc import Iterator, Mapping
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
    needed = [value[VAULTED] for key, value in found if (is_ours(key) or key in named) and _is_vaulted(value)]
    return list(dict.fromkeys(needed))


def _all_variables(document: object) -> Iterator[tuple[str, Any]]:
    tables = _table(document)
    for name, table in tables.items():
        if name != "_meta":
            yield from _table(_table(table).get("vars")).items()
    for variables in _table(_table(tables.get("_meta")).get("hostvars")).values():
        yield from _table(variables).items()


def _variables(given: object, line: int, plain: Mapping[str, str]) -> Variables:
    values = {
        key: plain.get(value[VAULTED], "") if _is_vaulted(value) else as_text(value)
        for key, value in _table(given).items()
    }
    return {key: Assignment(text.rstrip("\n"), line) for key, text in values.items()}


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
