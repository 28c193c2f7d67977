"""Read Ansible's INI inventory form into groups, hosts and variables, each with its line."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from .secret import part, quoted

SECTION = re.compile(r"^\[([A-Za-z_][A-Za-z0-9_]*)(?::(vars|children))?\]\s*(?:#.*)?$")
QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|" r'"(?:[^"\\]|\\.)*"')
"""One quoted text; `'A=1' B='2'` is none, although it begins and ends with a quote."""

QUOTING = re.compile(r"""['"\\#]""")
"""What makes words of a line more than what stands between blanks."""

VARIABLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
LONGEST = 300
"""Characters of a message about a line, however long that is."""

LONGEST_LINE = 60_000
"""Characters of a line. Docker reads no longer variables; and Python splits long lines slowly."""

MOST = 25
"""Problems that are told at once; a file with more of them is no inventory."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an inventory: where, what, and how to mend it."""

    line: int
    what: str
    mend: str


class InventoryError(Exception):
    """An inventory that cannot be used; `str()` gives one `FILE:LINE: what; mend` per problem."""

    def __init__(self, source: str, problems: list[Problem]):
        self.source = source
        self.problems = sorted(dict.fromkeys(problems), key=lambda problem: problem.line)
        told = [f"{source}:{p.line}: {p.what}; {p.mend}" for p in self.problems[:MOST]]
        more = len(self.problems) - len(told)
        super().__init__("\n".join([*told, *([f"{source}: and {more} more like these"] if more else [])]))


@dataclass(frozen=True)
class Assignment:
    """A variable's text and the line it stands on."""

    value: str
    line: int


Variables = dict[str, Assignment]


@dataclass
class Group:
    """One group of the file: `hosts` and `children` by name, each with its line.

    `unread`: it has host lines that could not be read.
    """

    name: str
    line: int
    hosts: dict[str, int] = field(default_factory=dict)
    children: dict[str, int] = field(default_factory=dict)
    variables: Variables = field(default_factory=dict)
    has_members: bool = False
    unread: bool = False


@dataclass
class Ini:
    """A whole file: groups and host variables, plus what could not be read."""

    groups: dict[str, Group] = field(default_factory=dict)
    hosts: dict[str, Variables] = field(default_factory=dict)
    host_lines: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def complain(self, line: int, what: str, mend: str) -> None:
        """Note a problem and go on: an operator wants all of them at once."""
        self.problems.append(Problem(line, _brief(what), mend))


def _brief(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 60]} ... {text[-55:]}"


def read(text: str) -> Ini:
    """Read `text`; never raises, what is wrong ends up in `problems`."""
    ini = Ini()
    group, kind = None, "hosts"
    for number, line in _lines(ini, text):
        if len(line) > LONGEST_LINE:
            ini.complain(number, f"the line has {len(line)} characters", f"write at most {LONGEST_LINE}")
            if group:
                group.unread = True
        elif line.startswith("["):
            group, kind = _section(ini, number, line)
        elif kind == "unknown":
            continue  # the section's own problem is told; what stands below it cannot be judged
        elif group is None:
            ini.complain(number, f"{line.split()[0]!r} stands before any [group]", "put it below one")
        elif kind == "vars":
            _variable_line(ini, group, number, line)
        elif kind == "children":
            group.children.setdefault(re.sub(r"\s*#.*", "", line), number)
        else:
            _host_line(ini, group, number, line)
    return ini


def _lines(ini: Ini, text: str) -> Iterator[tuple[int, str]]:
    """Give the lines that say something; odd characters are told once and then left out."""
    windows = False
    for number, raw in enumerate(text.split("\n"), start=1):
        if number == 1 and raw.startswith("\ufeff"):
            ini.complain(1, "the file begins with a byte order mark", "save it as UTF-8 without one")
            raw = raw[1:]
        if raw.endswith("\r"):
            raw = raw.rstrip("\r")
            if not windows:
                ini.complain(
                    number,
                    "the line ends in CRLF (a Windows line end)",
                    "save the file with Unix line ends, e.g. sed -i 's/\\r$//' FILE",
                )
            windows = True
        if not raw.replace("\t", " ").isprintable():
            odd = next(c for c in raw if not c.isprintable() and c != "\t")
            ini.complain(number, f"it holds the character U+{ord(odd):04X}", "retype the line")
            raw = "".join(c if c.isprintable() else " " if c.isspace() else "" for c in raw)
        line = raw.strip()
        if line and line[0] not in "#;":
            yield number, line


def _section(ini: Ini, number: int, line: str) -> tuple[Group | None, str]:
    match = SECTION.match(line)
    if not match:
        ini.complain(number, f"{line!r} is no section", "write [group], [group:vars] or [group:children]")
        return None, "unknown"
    name, kind = match[1], match[2] or "hosts"
    group = ini.groups.setdefault(name, Group(name, number))
    if kind != "vars":
        if not group.has_members:
            group.line = number
        group.has_members = True
    return group, kind


def _host_line(ini: Ini, group: Group, number: int, line: str) -> None:
    if "#" in re.split(r"\s#", line)[0]:  # Ansible would cut the word there and say nothing
        ini.complain(number, "a word holds '#'", "put a space before a comment, or remove the '#'")
        group.unread = True
        return
    try:
        name, *words = _words(line)
    except ValueError as error:
        ini.complain(number, f"it cannot be split into words ({error})", "close the quote")
        group.unread = True
        return
    if name in group.hosts:
        ini.complain(
            number,
            f"host {name} stands twice in [{group.name}] (first on line {group.hosts[name]})",
            "remove one of the two lines",
        )
        return
    group.hosts[name] = number
    variables = ini.hosts.setdefault(name, {})
    ini.host_lines.setdefault(name, number)
    for word in words:
        if not _assign(ini, variables, number, word, f"for host {name}", line):
            return  # what follows may belong to this word


def _words(line: str) -> list[str]:
    """Split a line into words as a shell does; most need nothing of it, and shlex goes by the letter."""
    return shlex.split(line, comments=True) if QUOTING.search(line) else line.split()


def _variable_line(ini: Ini, group: Group, number: int, line: str) -> None:
    # Ansible does not strip comments here, so an inline one would become part of the value.
    key, separator, value = (part.strip() for part in line.partition("="))
    if re.search(r"(^|\s)[#;]", value):
        ini.complain(number, f"{key} has a comment behind its value", "give the comment a line of its own")
        return
    if QUOTED.fullmatch(value):
        value = value[1:-1]
    _assign(ini, group.variables, number, f"{key}{separator}{value}", f"in [{group.name}:vars]", line)


def _assign(ini: Ini, variables: Variables, number: int, word: str, where: str, line: str) -> bool:
    """Note a variable; False if `word` is none."""
    key, separator, value = word.partition("=")
    if not separator or not VARIABLE.match(key):
        ini.complain(
            number, f"{part(word, line)} is no name=value", "write name=value without spaces around '='"
        )
        return False
    if not value:
        ini.complain(number, f"{key} has no value", "give it one or remove it")
    elif key in variables and variables[key].value != value:
        ini.complain(
            number,
            f"{key} is {quoted(key, value)} here and {quoted(key, variables[key].value)} "
            f"on line {variables[key].line} {where}",
            "keep one of the two",
        )
    else:
        variables.setdefault(key, Assignment(value, number))
    return True
