"""What an agent may not change and keep its work_dir, compared as the agent itself compares it.

Sources: slave/compatibility.cpp of Mesos 1.5.0 for the two policies, common/values.cpp, resources.cpp
and attributes.cpp for what a text means.
"""

import re
from collections.abc import Mapping

from ...inventory.kinds import Wrong
from ...inventory.resources import ATTRIBUTE, Entry, entries, listed
from ...inventory.secret import HIDDEN, is_secret

Ranges = tuple[tuple[int, int], ...]
Value = float | str | frozenset[str] | Ranges | None
"""A number, a text, a set or ranges; None is what the agent detects by itself."""

Parts = dict[str, Value]
"""All that counts, by name: `hostname`, `resource cpus`, `resource mem(web)`, `attribute rack` ..."""

DETECTED = ("cpus", "mem", "disk", "ports")
"""What the agent detects if MESOS_RESOURCES does not name it (Containerizer::resources)."""

NUMERAL = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")


def refused(old: Mapping[str, str], new: Mapping[str, str], offered: Mapping[str, str]) -> list[str]:
    """Say which changes from the environment `old` to `new` the agent would refuse, as `what old -> new`.

    `offered` are the resources that the leading master lists of it, by Mesos's own names of them
    (`cpus`, `cpus(web)`): what it had detected.
    """
    before, after = _parts(old), _parts(new)
    for name, value in before.items():
        if value is None and after.get(name) is not None:
            before[name] = _value(offered.get(name.removeprefix("resource "), "")) or None
    fits = _grown if new.get("MESOS_RECONFIGURATION_POLICY") == "additive" else _same
    wrong = [name for name in before | after if not fits(before, after, name)]
    roles = [_role(old), _role(new)]
    if roles[0] != roles[1] and any(name.startswith("resource ") for name in wrong):
        wrong = [name for name in wrong if not name.startswith("resource ")]
        return [*(_change(before, after, name) for name in wrong), f"default_role {roles[0]} -> {roles[1]}"]
    return [_change(before, after, name) for name in wrong]


def _same(before: Parts, after: Parts, name: str) -> bool:
    return name in before and name in after and before[name] == after[name]


def _grown(before: Parts, after: Parts, name: str) -> bool:
    if name not in before or _same(before, after, name):
        return True
    old, new = before[name], after.get(name)
    match old, new:
        case (float(), float()):
            return name.startswith("resource ") and old <= new
        case (frozenset(), frozenset()):
            return old <= new
        case (tuple(), tuple()):
            return all(any(low <= a and b <= high for low, high in new) for a, b in old)
    return False


def _parts(environment: Mapping[str, str]) -> Parts:
    return {
        "hostname": environment.get("MESOS_HOSTNAME"),
        "port": environment.get("MESOS_PORT", "5051"),
        **({"domain": "".join(domain.split())} if (domain := environment.get("MESOS_DOMAIN")) else {}),
        **_resources(environment.get("MESOS_RESOURCES", ""), _role(environment)),
        **_attributes(environment.get("MESOS_ATTRIBUTES", "")),
    }


def _role(environment: Mapping[str, str]) -> str:
    return environment.get("MESOS_DEFAULT_ROLE", "*")


def _resources(text: str, default: str) -> Parts:
    """Read resources; those of one name and role add up."""
    try:
        told = entries(text.strip("; ")) if text.strip("; ") else []
    except Wrong:
        return {"resources": text}
    found: Parts = {}
    for entry in told:
        name = _named(entry, default)
        found[name] = _sum(found.get(name), _value(entry.value))
    named = {entry.name for entry in told}
    return found | {_named(Entry(name, "", ""), default): None for name in DETECTED if name not in named}


def _named(entry: Entry, default: str) -> str:
    role = entry.role or default
    return f"resource {entry.name}" + (f"({role})" if role != "*" else "") + entry.more


def _sum(one: Value, other: Value) -> Value:
    match one, other:
        case (float(), float()):
            return round(one + other, 3)
        case (frozenset(), frozenset()):
            return one | other
        case (tuple(), tuple()):
            return _merged(one + other)
    return other


def _attributes(text: str) -> Parts:
    entries = listed(ATTRIBUTE, text.strip("; ")) if text.strip("; ") else []
    found = {f"attribute {entry['name']}": _value(entry["value"]) for entry in entries or ()}
    return found if entries is not None and len(found) == len(entries) else {"attributes": text}


def _value(text: str) -> Value:
    text = "".join(text.split())
    if NUMERAL.fullmatch(text):
        return round(float(text), 3)
    if text.startswith("{"):
        return frozenset(text.strip("{}").split(","))
    if text.startswith("["):
        pairs = (pair.partition("-") for pair in text.strip("[]").split(","))
        return _merged(tuple((int(low), int(high)) for low, _, high in pairs))
    return text


def _merged(pairs: Ranges) -> Ranges:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(pairs):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def _change(before: Parts, after: Parts, name: str) -> str:
    old, new = (_shown(parts[name]) if name in parts else "none" for parts in (before, after))
    if is_secret(name, old) or is_secret(name, new):
        return f"{name} changed {HIDDEN}"
    return f"{name} {old} -> {new}"


def _shown(value: Value) -> str:
    match value:
        case None:
            return "detected"
        case float():
            return f"{value:.3f}".rstrip("0").rstrip(".")
        case frozenset():
            return "{" + ",".join(sorted(value)) + "}"
        case tuple():
            return "[" + ",".join(f"{low}-{high}" for low, high in value) + "]"
    return value
