"""What an inventory says before it is judged: groups, hosts and variables, each with its place."""

from dataclasses import dataclass, field
from functools import cached_property

LONGEST = 300
"""Characters of a message about a line, however long that is."""

MOST = 25
"""Problems that are told at once; a file with more of them is no inventory."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an inventory: where, what, and how to mend it."""

    line: int
    what: str
    mend: str


class InventoryError(Exception):
    """An inventory that cannot be used; `str()` gives one `FILE:LINE: what; mend` per problem.

    Where the source has no lines, `places` names what stands for each.
    """

    def __init__(self, source: str, problems: list[Problem], places: list[str] | None = None):
        self.source = source
        self.problems = sorted(dict.fromkeys(problems), key=lambda problem: problem.line)
        told = [f"{place(source, p.line, places or [])}: {p.what}; {p.mend}" for p in self.problems[:MOST]]
        more = len(self.problems) - len(told)
        super().__init__("\n".join([*told, *([f"{source}: and {more} more like these"] if more else [])]))


def place(source: str, line: int, places: list[str]) -> str:
    """Return how a place is told: FILE:LINE, or what stands for the line, as in `inventory/, host web1`."""
    return f"{source}, {places[line - 1]}" if places else f"{source}:{line}"


@dataclass(frozen=True)
class Assignment:
    """A variable's text and the line it stands on."""

    value: str
    line: int


Variables = dict[str, Assignment]


@dataclass
class Group:
    """One group: `hosts` and `children` by name, each with its line.

    `unread`: it has host lines that could not be read. `repeated`: hosts written out twice in it.
    """

    name: str
    line: int
    hosts: dict[str, int] = field(default_factory=dict)
    children: dict[str, int] = field(default_factory=dict)
    variables: Variables = field(default_factory=dict)
    repeated: dict[str, int] = field(default_factory=dict)
    has_members: bool = False
    unread: bool = False


@dataclass
class Raw:
    """A whole inventory, plus what could not be read.

    `places` is empty for INI; else a "line" is the number of a place in it. `ranges` has the lines
    that name several hosts at once, with what stands there.
    """

    groups: dict[str, Group] = field(default_factory=dict)
    hosts: dict[str, Variables] = field(default_factory=dict)
    host_lines: dict[str, int] = field(default_factory=dict)
    ranges: dict[int, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    merged: dict[tuple[str, ...], Variables] = field(default_factory=dict)

    def complain(self, line: int, what: str, mend: str) -> None:
        """Note a problem and go on: an operator wants all of them at once."""
        self.problems.append(Problem(line, _brief(what), mend))

    def at(self, line: int) -> str:
        """Return how a message points at another place: `on line 6`, `for host web1`."""
        return f"for {self.places[line - 1]}" if self.places else f"on line {line}"

    def variables_of(self, group: str) -> str:
        """Return how a message names the place of a group's variables."""
        return f"the variables of group {group}" if self.places else f"[{group}:vars]"

    @property
    def own(self) -> str:
        """How a message names the place of a host's own variables."""
        return "its variables" if self.places else "its line"

    @property
    def own_of_a_host(self) -> str:
        """The same, for any host."""
        return "the host's variables" if self.places else "the host's line"

    def below(self, *names: str) -> list[str]:
        """Return these groups, their children, and the children's children, as far as they are defined."""
        found = [name for name in names if name in self.groups]
        known = set(found)
        for name in found:  # grows while it is walked
            new = [c for c in self.groups[name].children if c in self.groups and c not in known]
            known.update(new)
            found += new
        return found

    @cached_property
    def groups_of(self) -> dict[str, list[str]]:
        """The groups that name a host themselves, `ungrouped` if none does; asked for when all is read."""
        found: dict[str, list[str]] = {name: [] for name in self.hosts}
        for group in self.groups.values():
            for host in group.hosts:
                found[host].append(group.name)
        for host, names in found.items():
            named = [name for name in names if name not in ("all", "ungrouped")]
            found[host] = named or [name for name in ("ungrouped",) if name in self.groups]
        return found

    @cached_property
    def parents(self) -> dict[str, list[str]]:
        """The groups that have a group as their child."""
        found: dict[str, list[str]] = {name: [] for name in self.groups}
        for group in self.groups.values():
            for child in group.children:
                found.setdefault(child, []).append(group.name)
        return found

    @cached_property
    def depths(self) -> dict[str, int]:
        """How far below `all` each group is, by its longest way."""
        found = {"all": 0}
        level = {name for name in self.groups if not set(self.parents[name]) - {"all"} and name != "all"}
        for depth in range(1, len(self.groups) + 1):
            found |= dict.fromkeys(level, depth)
            level = {child for name in level for child in self.groups[name].children if child in self.groups}
        return found

    def above(self, *names: str) -> list[str]:
        """Return these groups, their parents and all further up; `all` is above every one."""
        found = [name for name in names if name in self.groups]
        for name in found:  # grows while it is walked
            found += [parent for parent in self.parents[name] if parent not in found]
        return found + [name for name in ("all",) if name in self.groups and name not in found]

    def members(self, name: str) -> set[str]:
        """Return the hosts of a group and of all groups below it."""
        return {host for group in self.below(name) for host in self.groups[group].hosts}


def _brief(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 60]} ... {text[-55:]}"
