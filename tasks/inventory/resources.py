"""What an agent offers and is known by: as text, or as JSON, as Mesos 1.5 reads them."""

import json
import re
from dataclasses import dataclass
from typing import Any

from .kinds import Wrong
from .words import parsed

NUMBER = r"[0-9]+(\.[0-9]+)?"
RANGES = r"\[[0-9]{1,20} *- *[0-9]{1,20}( *, *[0-9]{1,20} *- *[0-9]{1,20})*\]"
SET = r"\{[A-Za-z0-9_./-]+( *, *[A-Za-z0-9_./-]+)*\}"
TEXT = r"[A-Za-z0-9_./:@ -]+"
NAME = r"(?P<name>[A-Za-z0-9_.-]+)"
RESOURCE = rf"{NAME}(\((?P<role>[A-Za-z0-9_.*/-]+)\))?: *(?P<value>{NUMBER}|{RANGES}|{SET})"
ATTRIBUTE = rf"{NAME}: *(?P<value>{NUMBER}|{RANGES}|{TEXT})"

PARTS = "write name:value parts with ';' between them"
FORM = 'write a list such as [{"name": "cpus", "type": "SCALAR", "scalar": {"value": 4}}]'


@dataclass(frozen=True)
class Entry:
    """One resource: its value in the form of text, `role` "" for the default one.

    `more` is what only JSON can say of it (a disk's source ...), as JSON in one form.
    """

    name: str
    role: str
    value: str
    more: str = ""


def resources(text: str) -> str:
    """Read what an agent offers, such as `cpus:4;ports:[31000-32000]`; Mesos exits at any other form."""
    entries(text)
    return text


def attributes(text: str) -> str:
    """Read what an agent is known by, such as `rack:a;zone:1`; Mesos dies of a {set} (attributes.cpp)."""
    if listed(ATTRIBUTE, text) is None:
        raise Wrong(f"is {text!r}", PARTS)
    return text


def listed(form: str, text: str) -> list[re.Match[str]] | None:
    """Take a list with `;` apart, RESOURCE or ATTRIBUTE each; None if one is of another form."""
    found = [re.fullmatch(form, each.strip()) for each in text.split(";")]
    return None if None in found else [each for each in found if each]


def entries(text: str) -> list[Entry]:
    """Take resources apart, in either form. Raises Wrong."""
    if text.lstrip().startswith(("[", "{")):
        told = parsed(text)
        if not isinstance(told, list) or not told:
            raise Wrong("is JSON, but not a list of resources", FORM)
        return [_entry(one) for one in told]
    if text.startswith(("/", "file://")):
        raise Wrong(
            f"is {text!r}, which the agent's container does not hold", "write the resources themselves"
        )
    found = listed(RESOURCE, text)
    if found is None:
        raise Wrong(f"is {text!r}", f"{PARTS}: numbers, [1-9] or {{a,b}}")
    return [Entry(one["name"], one["role"] or "", one["value"]) for one in found]


def _entry(told: Any) -> Entry:
    try:
        more = dict(told)
        name, role = _text(more.pop("name")), _text(more.pop("role", "*" if "reservations" in more else ""))
        value = VALUES[more.pop("type")](more)
    except (KeyError, TypeError, ValueError):
        raise Wrong(f"holds {json.dumps(told)}, which Mesos would not take for a resource", FORM) from None
    if "revocable" in more:
        raise Wrong(f"makes {name} revocable, which Mesos refuses here", "remove `revocable`")
    return Entry(name, role, value, json.dumps(more, sort_keys=True) if more else "")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(value)
    return value


def _scalar(told: dict[str, Any]) -> str:
    value = told.pop("scalar")["value"]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(value)
    return str(value)


def _ranges(told: dict[str, Any]) -> str:
    pairs = [(_whole(one["begin"]), _whole(one["end"])) for one in told.pop("ranges")["range"]]
    return "[" + ",".join(f"{begin}-{end}" for begin, end in pairs) + "]"


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(value)
    return value


def _set(told: dict[str, Any]) -> str:
    return "{" + ",".join(map(_text, told.pop("set")["item"])) + "}"


VALUES = {"SCALAR": _scalar, "RANGES": _ranges, "SET": _set}
