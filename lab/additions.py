"""What a person has added to a file that the lab writes: found, and put into the next version. No effects.

The file is in Ansible's INI form. A line is known in its section by its first word: the variable or the
host it is about. A comment is known by all of its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

Sections = dict[str, dict[str, str]]


def merged(now: str, last: str, new: str) -> str:
    """Return `new` with what a person added to the file or changed in it, since `last` was written.

    `now` is the file as it is. Lines that a person removed come back.
    """
    before, sections = _read(last), _read(new)
    for name, lines in _read(now).items():
        written = before.get(name, {}).values()
        if own := {key: line for key, line in lines.items() if line not in written}:
            sections[name] = sections.get(name, {}) | own
    return "\n".join(_written(name, lines.values()) for name, lines in sections.items())


def _read(text: str) -> Sections:
    sections: Sections = {"": {}}
    lines = sections[""]
    for line in filter(None, map(str.rstrip, text.splitlines())):
        if header := re.match(r"\s*\[(.+?)\]", line):
            lines = sections.setdefault(header[1], {})
        else:
            is_comment = line.lstrip().startswith(("#", ";"))
            lines[line if is_comment else re.split(r"[=\s]", line.strip())[0]] = line
    return sections


def _written(name: str, lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in ([f"[{name}]"] * bool(name) + [*lines]))
