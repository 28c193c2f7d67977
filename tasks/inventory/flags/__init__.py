"""The flags that Mesos 1.5.0 and Marathon 1.5.8 know: the data files beside this one, read.

The only file of the inventory's pure half that reads from a disk: its own data, nothing of the user's.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from ..kinds import IMAGE


@dataclass(frozen=True)
class Flag:
    """One flag; its `kind` is as the data file says.

    `least` and `most` limit a duration, "" for no limit. `old` is a name that still works, `instead` the
    flag that has taken the place of a removed one.
    """

    name: str
    kind: str
    least: str = ""
    most: str = ""
    old: str = ""
    instead: str = ""


@dataclass(frozen=True)
class Program:
    """A program of one version."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @cached_property
    def lines(self) -> tuple[Flag, ...]:
        """The flags of its data file, removed ones included."""
        from importlib.resources import files  # few inventories set a flag

        text = files(__package__).joinpath(f"{self.name}-{self.version}.txt").read_text(encoding="utf-8")
        words = (line.split() for line in text.splitlines() if not line.startswith("#"))
        return tuple(
            Flag(name, kind, **dict(word.split("=", 1) for word in more)) for name, kind, *more in words
        )

    @cached_property
    def flags(self) -> Mapping[str, Flag]:
        """What it takes, by name and by old name."""
        taken = [flag for flag in self.lines if flag.kind != "removed"]
        return {name: flag for flag in taken for name in (flag.old, flag.name) if name}

    def kind(self, name: str) -> str:
        """Give the kind of a flag's value, "" if there is no such flag."""
        flag = self.flags.get(name)
        return flag.kind if flag else ""

    def nearest(self, name: str) -> str:
        """Give the flag that was meant by `name`, "" if none is near."""
        removed = {flag.name: flag.instead for flag in self.lines if flag.kind == "removed"}
        if name in removed:
            return removed[name]
        return next(iter(difflib.get_close_matches(name, self.flags, n=1, cutoff=0.8)), "")

    def is_in(self, image: str) -> bool:
        """Tell whether an image's tag names this version, or another of the same minor one."""
        tag = (match := IMAGE.match(image)) and match["tag"] or ""
        minor = re.escape(self.version.rpartition(".")[0])
        return bool(re.match(rf"v?{minor}(?![0-9])", tag))


MASTER = Program("mesos-master", "1.5.0")
AGENT = Program("mesos-agent", "1.5.0")
MARATHON = Program("marathon", "1.5.8")
