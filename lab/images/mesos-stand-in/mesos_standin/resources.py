"""Resources: text, JSON, and sums. Scalars and port ranges; whose they are is no matter here."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Ranges = tuple[tuple[int, int], ...]
# {"cpus": 1.5, "ports": ((31000, 32000),)}; nothing of something is left out.
Resources = dict[str, Any]
Json = dict[str, Any]

_ALWAYS = ("disk", "mem", "gpus", "cpus")
_ORDER = ("cpus", "gpus", "mem", "disk", "ports")


def parse(text: str) -> Resources:
    """Read "cpus:2;ports:[31000-32000]", or JSON."""
    if text.lstrip().startswith("["):
        return load(json.loads(text))
    found: Resources = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, colon, value = part.partition(":")
        name = name.partition("(")[0].strip()
        if not colon or not value.strip():
            raise ValueError(f"Failed to parse resource {part}")
        found[name] = _ranges(value) if value.strip().startswith("[") else float(value)
    return found


def detect(given: Resources, work_dir: Path) -> Resources:
    """Add what was not given, as the machine has it."""
    mem = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    disk = shutil.disk_usage(work_dir).total // 2**20
    found: Resources = {
        "cpus": float(os.cpu_count() or 1),
        "mem": float(mem - 1024 if mem >= 2048 else mem // 2),
        "disk": float(disk - 5 * 1024 if disk >= 10 * 1024 else disk // 2),
        "ports": ((31000, 32000),),
    }
    return ordered({**found, **given})


def load(listed: Iterable[Json]) -> Resources:
    """Read a list of Resource messages."""
    return total({one["name"]: _read(one)} for one in listed)


def _read(message: Json) -> Any:
    return _pairs(message["ranges"]) if "ranges" in message else float(message["scalar"]["value"])


def dump(resources: Resources, role: str | None = "*", allocated: str | None = None) -> list[Json]:
    """Write a list of Resource messages."""
    extra: Json = {"role": role} if role else {}
    if allocated:
        extra["allocation_info"] = {"role": allocated}
    return [{"name": name, **_value(value), **extra} for name, value in ordered(resources).items()]


def show(resources: Resources) -> Json:
    """Write them as the operators' endpoints do."""
    shown: Json = {name: resources.get(name, 0.0) for name in _ALWAYS}
    if ports := resources.get("ports"):
        shown["ports"] = "[" + ", ".join(f"{begin}-{end}" for begin, end in ports) + "]"
    return shown


def total(parts: Iterable[Resources]) -> Resources:
    """Add up."""
    result: Resources = {}
    for part in parts:
        for name, value in part.items():
            if isinstance(value, tuple):
                result[name] = _merge([*result.get(name, ()), *value])
            else:
                result[name] = round(result.get(name, 0.0) + value, 3)
    return ordered(result)


def without(resources: Resources, gone: Resources) -> Resources:
    """Take away; what is more than there was leaves nothing."""
    result: Resources = {}
    for name, value in resources.items():
        if isinstance(value, tuple):
            result[name] = _cut(value, gone.get(name, ()))
        else:
            result[name] = max(0.0, round(value - gone.get(name, 0.0), 3))
    return ordered(result)


def contains(resources: Resources, part: Resources) -> bool:
    """Tell whether a part fits into them."""
    return not any(without(part, resources).values())


def ordered(resources: Resources) -> Resources:
    """Put them into the usual order and leave out what is nothing."""
    names = sorted(resources, key=lambda name: (_ORDER.index(name) if name in _ORDER else 9, name))
    return {name: resources[name] for name in names if resources[name]}


def attributes(text: str) -> list[Json]:
    """Read "rack:2;zone:a" as a list of Attribute messages."""
    result: list[Json] = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, colon, value = (piece.strip() for piece in part.partition(":"))
        if not colon:
            raise ValueError(f"Invalid attribute key:value pair '{part}'")
        if re.fullmatch(r"-?[0-9.]+", value):
            result.append({"name": name, "type": "SCALAR", "scalar": {"value": float(value)}})
        elif value.startswith("["):
            result.append({"name": name, **_value(_ranges(value))})
        else:
            result.append({"name": name, "type": "TEXT", "text": {"value": value}})
    return result


def show_attributes(listed: Iterable[Json]) -> Json:
    """Write attributes as the operators' endpoints do."""
    return {
        one["name"]: show({"ports": _pairs(one["ranges"])})["ports"]
        if "ranges" in one
        else (one.get("scalar") or one["text"])["value"]
        for one in listed
    }


def _value(value: Any) -> Json:
    if isinstance(value, tuple):
        return {"type": "RANGES", "ranges": {"range": [{"begin": begin, "end": end} for begin, end in value]}}
    return {"type": "SCALAR", "scalar": {"value": value}}


def _pairs(ranges: Json) -> Ranges:
    return tuple((int(one["begin"]), int(one["end"])) for one in ranges["range"])


def _ranges(text: str) -> Ranges:
    pairs = re.findall(r"([0-9]+)\s*-\s*([0-9]+)", text)
    if not pairs:
        raise ValueError(f"Expecting one or more \"ranges\" in '{text}'")
    return tuple((int(begin), int(end)) for begin, end in pairs)


def _merge(pairs: Iterable[tuple[int, int]]) -> Ranges:
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(pairs):
        if merged and begin <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return tuple(merged)


def _cut(pairs: Ranges, holes: Ranges) -> Ranges:
    for low, high in holes:
        below = [(begin, min(end, low - 1)) for begin, end in pairs]
        above = [(max(begin, high + 1), end) for begin, end in pairs]
        pairs = tuple(sorted(pair for pair in (*below, *above) if pair[0] <= pair[1]))
    return pairs
