"""Settings written into the text of an INI inventory: its comments, its order and everything else stay."""

import re
from collections.abc import Iterable
from shlex import quote

from .edits import PLAIN, Set
from .settings import VARIABLES

SECTION = re.compile(r"\s*\[([^:\]\s]+)(?::(\w+))?\]")
WORD = r"""(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])*"""
"""A value on a host's line, as a shell takes it for one word."""

BEFORE_COMMENT = re.compile(r"""(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^'"\\#]|(?<=\S)#)*""")
"""All of a host's line but the comment at its end."""


def written(text: str, edits: Iterable[Set]) -> str:
    """Give the text with these settings; whoever asks sees whether it means what was wanted."""
    lines = text.removesuffix("\n").split("\n")
    for edit in edits:
        lines = _for_host(lines, edit) if edit.host else _for_all(lines, edit)
    return "\n".join(lines) + "\n"


def _for_host(lines: list[str], edit: Set) -> list[str]:
    """Put it on the host's line: one that has it, else that in the section of its role, else the first."""
    own = [
        (number, section)
        for number, section, kind in _placed(lines)
        if kind == "hosts" and re.match(rf"\s*{re.escape(edit.host)}(?::\d+)?(\s|$)", lines[number])
    ]
    given = re.compile(rf"(?<=\s){edit.setting}={WORD}")
    new = f"{edit.setting}={edit.value if PLAIN.fullmatch(edit.value) else quote(edit.value)}"
    for number, _ in own:
        if given.search(lines[number]):
            return _replaced(lines, number, given.sub(lambda _: new, lines[number]))
    role = VARIABLES[edit.setting].role
    own.sort(key=lambda each: each[1] != role)
    if not own:  # only a range names it
        at = _end(lines, role or "ungrouped", "hosts")
        return [*lines[:at], f"{edit.host} {new}", *lines[at:]]
    number = own[0][0]
    match = BEFORE_COMMENT.match(lines[number])
    words = (match[0] if match else lines[number]).rstrip()
    return _replaced(lines, number, f"{words} {new}{lines[number][len(words) :]}")


def _for_all(lines: list[str], edit: Set) -> list[str]:
    """Put it where groups have it, else behind its own comment in [all:vars], else at the end of that."""
    new = f"{edit.setting}={_value(edit.value)}"
    there = [
        number
        for number, _, kind in _placed(lines)
        if kind == "vars" and re.match(rf"\s*{edit.setting}\s*=", lines[number])
    ]
    if there:
        return [new if number in there else line for number, line in enumerate(lines)]
    for number, section, kind in _placed(lines, comments=True):
        if (section, kind) == ("all", "vars") and lines[number].startswith(f"#{edit.setting}="):
            return [*lines[: number + 1], new, *lines[number + 1 :]]
    at = _end(lines, "all", "vars")
    return [*lines[:at], new, *lines[at:]]


def _value(value: str) -> str:
    if PLAIN.fullmatch(value):
        return value
    return f'"{value}"' if not {'"', "\\"} & {*value} else repr(value)


def _placed(lines: list[str], comments: bool = False) -> list[tuple[int, str, str]]:
    """Give the number of every line that says something, with its section and that one's kind."""
    found, section, kind = [], "ungrouped", "hosts"
    for number, line in enumerate(lines):
        if (head := SECTION.match(line)) and head[2] in (None, "vars", "hosts", "children"):
            section, kind = head[1], head[2] or "hosts"
        elif line.strip() and (comments or line.lstrip()[0] not in "#;"):
            found.append((number, section, kind))
    return found


def _end(lines: list[str], section: str, kind: str) -> int:
    """Give where a section ends; it is added if it is not there."""
    own = [number for number, its, of in _placed(lines) if (its, of) == (section, kind)]
    heads = [
        number
        for number, line in enumerate(lines)
        if (head := SECTION.match(line)) and (head[1], head[2] or "hosts") == (section, kind)
    ]
    if not heads:
        lines += ["", f"[{section}{'' if kind == 'hosts' else ':' + kind}]"]
        return len(lines)
    return max([*own, *heads]) + 1


def _replaced(lines: list[str], number: int, line: str) -> list[str]:
    return [*lines[:number], line, *lines[number + 1 :]]
