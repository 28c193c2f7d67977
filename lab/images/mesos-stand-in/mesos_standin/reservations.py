"""Dynamic reservations: resources of an agent that are kept for a role, with what marks them.

They are lists of Resource messages in the older form, with `role` and `reservation`; endpoints show the
newer one beside it. Of one role, labels and principal, Mesos adds them up.
"""

from __future__ import annotations

import json
from typing import Any

from . import resources
from .resources import Json, Resources, dump

_MARKS = ("principal", "labels")


class Invalid(ValueError):
    """What is to be reserved or given back has no form that Mesos takes."""


def check(listed: Any) -> None:
    """Refuse what is no list of dynamically reserved resources."""
    for one in listed if isinstance(listed, list) else [None]:
        if not isinstance(one, dict) or not {"name", "type"} <= one.keys():
            raise Invalid("Failed to parse resources")
        if one.get("role", "*") == "*" or "reservation" not in one:
            raise Invalid(f"Resource {one['name']} is not dynamically reserved")


def amount(listed: list[Json]) -> Resources:
    """Return how much they are together."""
    return resources.load(listed)


def added(reserved: list[Json], more: list[Json]) -> list[Json]:
    """Return what is reserved after a reservation."""
    groups = _groups(reserved)
    for key, found in _groups(more).items():
        groups[key] = resources.total((groups.get(key, {}), found))
    return _listed(groups)


def taken(reserved: list[Json], less: list[Json]) -> list[Json] | None:
    """Return what is reserved after some is given back; None if that is not reserved so."""
    groups = _groups(reserved)
    for key, found in _groups(less).items():
        if not resources.contains(groups.get(key, {}), found):
            return None
        groups[key] = resources.without(groups[key], found)
    return _listed(groups)


def shown(reserved: list[Json]) -> dict[str, Json]:
    """Return how much is reserved, by role, as the endpoints do."""
    return {role: resources.show(amount(listed)) for role, listed in by_role(reserved).items()}


def by_role(reserved: list[Json]) -> dict[str, list[Json]]:
    """Return them as the endpoints do, by role."""
    shown: dict[str, list[Json]] = {}
    for one in reserved:
        stack = [{"type": "DYNAMIC", "role": one["role"], **one["reservation"]}]
        shown.setdefault(one["role"], []).append({**one, "reservations": stack})
    return shown


def _groups(listed: list[Json]) -> dict[tuple[str, str], Resources]:
    groups: dict[tuple[str, str], list[Json]] = {}
    for one in listed:
        mark = {name: value for name, value in one["reservation"].items() if name in _MARKS}
        groups.setdefault((one["role"], json.dumps(mark, sort_keys=True)), []).append(one)
    return {key: resources.load(found) for key, found in groups.items()}


def _listed(groups: dict[tuple[str, str], Resources]) -> list[Json]:
    return [
        {**one, "reservation": json.loads(mark)}
        for (role, mark), found in groups.items()
        for one in dump(found, role)
    ]
