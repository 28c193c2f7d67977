"""Flags in a node's settings that the published Mesos 1.5 and Marathon 1.5 do not have."""

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .cluster import Node
from .flags import AGENT, MARATHON, MASTER, Program
from .mesos_values import flags_of

FOREIGN = ("LIBPROCESS_", "GLOG_", "SASL_", "MARATHON_")
"""How variables begin that are surely no flags of Mesos, however near their names are."""


@dataclass(frozen=True)
class Unknown:
    """What a `setting` gives a `program` that does not have it.

    It is as it is `written` there; `name` is what extra_flags would call it, `mend` what to do instead.
    """

    setting: str
    program: Program
    written: str
    name: str
    mend: str


def found(node: Node) -> Iterator[Unknown]:
    """Give all of a node's, those that extra_flags names, too; of images of another version none is known."""
    s = node.settings
    if "mesos_master" in node.roles and MASTER.is_in(s.mesos_master_image):
        yield from _of_mesos(MASTER, "mesos_master_environment", dict(s.mesos_master_environment))
    if "mesos_agent" in node.roles and AGENT.is_in(s.mesos_agent_image):
        yield from _of_mesos(AGENT, "mesos_agent_environment", dict(s.mesos_agent_environment))
    if "marathon" in node.roles and MARATHON.is_in(s.marathon_image):
        yield from _of_marathon("marathon_environment", flags_of(s.marathon_environment, ()))
        yield from _of_marathon("marathon_arguments", flags_of((), s.marathon_arguments))


def _of_mesos(program: Program, setting: str, names: Iterable[str]) -> Iterator[Unknown]:
    """Give the variables that Mesos would silently ignore."""
    for name in names:
        if not name.startswith("MESOS_"):
            meant = _meant(program, name)
            if meant:
                yield Unknown(setting, program, name, name, f"did you mean {meant}?")
        elif (flag := name.removeprefix("MESOS_").lower()) not in program.flags:
            yield Unknown(setting, program, name, flag, _instead(program, flag))


def _meant(program: Program, name: str) -> str:
    """Give the variable of which one without MESOS_ is a misspelling, "" if it is of something else."""
    if name.upper().startswith(FOREIGN):
        return ""
    variables = [f"MESOS_{flag.upper()}" for flag in program.flags]
    return next(iter(difflib.get_close_matches(name.upper(), variables, n=1, cutoff=0.8)), "")


def _instead(program: Program, flag: str) -> str:
    positive = re.sub("^no_", "", flag)
    if positive != flag and program.kind(positive) == "boolean":
        return f"write MESOS_{positive.upper()}=false"
    other, setting = (AGENT, "mesos_agent_environment")
    if program is AGENT:
        other, setting = (MASTER, "mesos_master_environment")
    if flag in other.flags:
        return f"it is one of {other.name}: move it to {setting}"
    meant = program.nearest(flag)
    return f"did you mean MESOS_{meant.upper()}?" if meant else "it would be ignored: remove it"


def _of_marathon(setting: str, flags: Iterable[str]) -> Iterator[Unknown]:
    """Give the flags at the first of which Marathon exits."""
    for flag in flags:
        positive = flag.removeprefix("disable_")
        if flag in MARATHON.flags or (positive != flag and MARATHON.kind(positive) == "toggle"):
            continue
        meant = MARATHON.nearest(flag)
        mend = f"did you mean --{meant}?" if meant else "Marathon exits at it: remove it"
        yield Unknown(setting, MARATHON, f"--{flag}", flag, mend)
