"""Read Ansible's INI inventory form as its own ini plugin does, with the line of everything."""

import re
import shlex
from collections.abc import Iterator

from . import ranges, values
from .kinds import Wrong
from .names import is_ours
from .raw import Assignment, Group, Raw, Variables
from .secret import piece, quoted

SECTION = re.compile(r"^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$")
CHILD = re.compile(r"^([^:\]\s]+)\s*(?:#.*)?$")
KINDS = ("hosts", "vars", "children")
RANGE_FIRST = re.compile(r"^\[(?:(?:[a-zA-Z]|[0-9]*):[^\]]*\][\w.\[-]|[^\]]*\]:[0-9])")
"""A host's name that begins with a range, as `[1:3].example.net`; not a section that is misspelt."""

QUOTED = r"""'[^']*'|"(?:[^"\\]|\\.)*\""""
TAKEN_AS_IT_IS = re.compile(rf"{QUOTED}|\\.")
"""To a shell: text in quotes, a character behind a backslash."""

QUOTING = re.compile(r"""['"\\#]""")
"""What makes words of a line more than what stands between blanks."""

VANISHING = re.compile(r"(?<!\\)(?:\\\\)*\\\w")
MOST_HOSTS = 50_000
MOST_PROBLEMS = 1000
"""A file with more of them is no inventory, and is not read to its end."""

LONGEST_LINE = 60_000
"""Characters of a line. Docker reads no longer variables; and Python splits long lines slowly."""


def read(text: str) -> Raw:
    """Read `text`; never raises, what is wrong ends up in `problems`."""
    raw = Raw()
    raw.groups["ungrouped"] = Group("ungrouped", 1, has_members=True)
    group, kind = raw.groups["ungrouped"], "hosts"
    for number, line in _lines(raw, text):
        if len(raw.hosts) > MOST_HOSTS:
            raw.complain(1, f"it names more than {MOST_HOSTS} hosts", "is it another file that you mean?")
        if len(raw.hosts) > MOST_HOSTS or len(raw.problems) > MOST_PROBLEMS:
            break
        if len(line) > LONGEST_LINE:
            raw.complain(number, f"the line has {len(line)} characters", f"write at most {LONGEST_LINE}")
            group.unread = True
        elif line.startswith("[") and not RANGE_FIRST.match(line):
            group, kind = _section(raw, group, number, line)
        elif kind == "vars":
            kind = _variable_line(raw, group, number, line)
        elif kind == "vault":
            kind = _variable_line(raw, group, number, line) if "=" in line else kind
        elif kind == "children":
            _child_line(raw, group, number, line)
        elif kind == "hosts":
            _host_line(raw, group, number, line)
    return raw


def _lines(raw: Raw, text: str) -> Iterator[tuple[int, str]]:
    """Give the lines that say something; odd characters are told once and then left out."""
    windows = False
    for number, line in enumerate(text.split("\n"), start=1):
        if number == 1 and line.startswith("\ufeff"):
            raw.complain(1, "the file begins with a byte order mark", "save it as UTF-8 without one")
            line = line[1:]
        if line.endswith("\r"):
            line = line.rstrip("\r")
            if not windows:
                raw.complain(
                    number,
                    "the line ends in CRLF (a Windows line end)",
                    "save the file with Unix line ends, e.g. sed -i 's/\\r$//' FILE",
                )
            windows = True
        if not line.replace("\t", " ").isprintable():
            odd = next(c for c in line if not c.isprintable() and c != "\t")
            raw.complain(number, f"it holds the character U+{ord(odd):04X}", "retype the line")
            line = "".join(c if c.isprintable() else " " if c.isspace() else "" for c in line)
        line = line.strip()
        if line and line[0] not in "#;":
            yield number, line


def _section(raw: Raw, before: Group, number: int, line: str) -> tuple[Group, str]:
    match = SECTION.match(line)
    kind = (match[2] or "hosts") if match else ""
    if not match or kind not in KINDS:
        raw.complain(number, f"{line!r} is not a section", "write [group], [group:vars] or [group:children]")
        return before, "unknown"  # what stands below it cannot be judged
    group = raw.groups.setdefault(match[1], Group(match[1], number))
    if kind != "vars":
        if not group.has_members:
            group.line = number
        group.has_members = True
    return group, kind


def _child_line(raw: Raw, group: Group, number: int, line: str) -> None:
    if match := CHILD.match(line):
        group.children.setdefault(match[1], number)
    else:
        raw.complain(number, f"{line!r} is not a group name", "write one group on each line")


# Hosts


def _host_line(raw: Raw, group: Group, number: int, line: str) -> None:
    bare = re.split(r"(?<!\S)#", TAKEN_AS_IT_IS.sub("x", line))[0]
    if "#" in bare:  # Ansible would cut the word there and say nothing
        raw.complain(number, "a word holds '#'", "put a space before a comment, or quotes around the value")
        group.unread = True
        return
    try:
        pattern, *words = _words(line)
        if "=" in pattern:
            raise Wrong(f"{piece(pattern, line)} is no host", "put variables below [group:vars]")
        if pattern.endswith(":"):
            raise Wrong(f"{pattern!r} ends in a colon", "write the port behind it, or remove it")
        names = ranges.expand(ranges.split_port(pattern)[0])
    except Wrong as wrong:
        raw.complain(number, wrong.what, wrong.mend)
        group.unread = True
        return
    except ValueError as error:
        raw.complain(number, f"it cannot be split into words ({error})", "close the quote")
        group.unread = True
        return
    _name_hosts(raw, group, number, pattern, names)
    given = _given(raw, number, line, words)
    for name in names:
        for key, value in given:
            _assign(raw, raw.hosts[name], Assignment(value, number), key, f"for host {name}")


def _words(line: str) -> list[str]:
    """Split a line into words as a shell does; most need nothing of it, and shlex goes by the letter."""
    return shlex.split(line, comments=True) if QUOTING.search(line) else line.split()


def _name_hosts(raw: Raw, group: Group, number: int, pattern: str, names: list[str]) -> None:
    port = ranges.split_port(pattern)[1]
    if "[" in pattern:
        raw.ranges[number] = pattern
    for name in names:
        if name not in raw.hosts:
            raw.hosts[name] = {"ansible_port": Assignment(port, number)} if port else {}
            raw.host_lines[name] = number
        elif port and raw.hosts[name].get("ansible_port", Assignment("", 0)).value != port:
            raw.complain(
                number,
                f"Ansible ignores the port {port} here",
                f"write it on line {raw.host_lines[name]}, where {name} is named first",
            )
        line = group.hosts.setdefault(name, number)
        if line != number and not {line, number} & raw.ranges.keys():
            group.repeated.setdefault(name, number)


def _given(raw: Raw, number: int, line: str, words: list[str]) -> list[tuple[str, str]]:
    """Return the variables of a host's line, up to a word that is none: what follows may belong to it."""
    given = []
    for word in words:
        key, separator, value = word.partition("=")
        if not separator or not key:
            raw.complain(
                number, f"{piece(word, line)} is not name=value", "write name=value without spaces around '='"
            )
            break
        given.append((key, values.literal(value)))
        if "\\" in line and is_ours(key) and VANISHING.search(_unquoted(key, line)):
            raw.complain(number, f"the backslash in {key} would get lost", f"quote the value: {key}='...'")
    return given


def _unquoted(key: str, line: str) -> str:
    """Return what of a variable on a host's line stands outside of quotes."""
    match = re.search(rf"(?<!\S){re.escape(key)}=(?:{QUOTED}|\\.|\S)*", line)
    return re.sub(QUOTED, "", match[0]) if match else ""


# Variables


def _variable_line(raw: Raw, group: Group, number: int, line: str) -> str:
    """Note a variable; what follows is more of them, or the lines of an encrypted text."""
    key, separator, text = (part.strip() for part in line.partition("="))
    value = values.literal(text)
    if not separator or not key:
        raw.complain(number, f"{piece(line, line)} is not name=value", "write name=value on one line")
    elif is_ours(key) and value == text and re.search(r"(^|\s)[#;]", text):
        # Ansible takes it as a part of the value.
        raw.complain(number, f"{key} has a comment behind its value", "give the comment a line of its own")
    elif is_ours(key) and value == text and (other := _second(text)):
        raw.complain(number, f"{key} is followed by {other}", "write each variable on a line of its own")
    else:
        _assign(raw, group.variables, Assignment(value, number), key, f"in [{group.name}:vars]")
    return "vault" if text.startswith("!vault") else "vars"


def _second(text: str) -> str:
    """Return the variable of ours that follows a value on its line, as it may on a host's line only."""
    return next((name for name in re.findall(r"\s(\w+)=", text) if is_ours(name)), "")


def _assign(raw: Raw, variables: Variables, given: Assignment, key: str, where: str) -> None:
    """Note a variable. Of two Ansible takes the last one; of ours that is a slip of the pen."""
    before = variables.get(key, given)
    refined = before.line in raw.ranges and given.line not in raw.ranges
    if is_ours(key) and before.value != given.value and not refined:
        raw.complain(
            given.line,
            f"{key} is {quoted(key, given.value)} here and {quoted(key, before.value)} "
            f"on line {before.line} {where}",
            "keep one of the two",
        )
    else:
        variables[key] = before if before.value == given.value else given
